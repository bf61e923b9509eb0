"""First scripts with released SDKs: what they create is read, listed page by page, changed and deleted."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.sdk_suites import OPENAI, PYTHON, STRIPE, needs
from tests.support.server_process import RunningServer

pytestmark = pytest.mark.sdks

HERE = Path(__file__).parent


def printed(script: str, server: RunningServer) -> dict[str, Any]:
    """Run a script against a server; what it prints."""
    if not PYTHON.is_file():
        pytest.fail("the SDKs are not installed: run `make test-sdks`, which installs them", pytrace=False)
    environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*"}
    command = [str(PYTHON), str(HERE / script), server.url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@needs(STRIPE)
@pytest.mark.parametrize("state", ["auto", "strict"])
def test_stripe_script_finds_what_it_made(state: str) -> None:
    with RunningServer(str(STRIPE), "--state", state) as server:
        steps = printed("stripe_script.py", server)
    assert steps == {
        "keys": 25,
        "created": {"email": "customer-0@example.com", "name": "Customer 0", "metadata": {"n": "0"}},
        "modified": {"name": "Ada", "metadata": {"n": "0", "plan": "pro"}},
        "read": {"email": "customer-0@example.com", "name": "Ada", "metadata": {"n": "0", "plan": "pro"}},
        "listed_once": True,
        "listed_all": True,
        "page": [10, True],
        "by_email": ["Customer 7"],
        "by_email_of_nobody": 0,
        "price": [1250, "eur", True, True],
        "product": ["Tea", True],
        "intent": [1250, True, {"order": "7"}, True],
        "charge": [900, 900, True],
        "deleted": [True, True],
        "after": "InvalidRequestError 404",
        "after_in_list": False,
    }


@needs(OPENAI)
@pytest.mark.parametrize("state", ["auto", "strict"])
def test_openai_script_finds_what_it_made(state: str) -> None:
    with RunningServer(str(OPENAI), "--state", state) as server:
        steps = printed("openai_script.py", server)
    assert steps == {
        "created": ["notes-0.txt", "assistants", 23, "file"],
        "read": ["notes-0.txt", "assistants", True],
        "listed_once": True,
        "listed_all": True,
        "pages": [10, True, 10],
        "pages_overlap": False,
        "orders": True,
        "other_purpose": 0,
        "store": ["Notes", "Bears", "Bears", {"team": "red"}],
        "store_files": [True, True, True],
        "assistant": ["Ada", "Be brief.", "gpt-5.1"],
        "assistants_once": True,
        "assistants_all": True,
        "deleted": [True, True],
        "deleted_store": [True, True],
        "deleted_assistant": [True, True],
        "after": "NotFoundError 404",
        "after_store": "NotFoundError 404",
        "after_assistant": "NotFoundError 404",
        "after_in_list": False,
    }
