"""Polar's SDK with the host that is written into it, led to a world in its own process."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.support.paths import ROOT
from tests.support.polar_clients import CLIENTS, require_installed

pytestmark = pytest.mark.clients


def test_sdk_with_its_own_host_reaches_world(server_url: str) -> None:
    client = next(client for client in CLIENTS if client.name == "python-1.0")
    require_installed(client)
    program = "tests/system/clients/python-1.0/routed_1_0.py"
    # A proxy that nobody answers at: nothing of what is routed may go by it, and nothing may leave this machine.
    proxy = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    environment = {**os.environ, **proxy, "PYTHONPATH": str(ROOT), "MOCK_SERVER_URL": server_url}
    done = subprocess.run(
        [client.command[0], program, "polar_cst_individual"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    email = "harriet.winslade@example.com"
    assert json.loads(done.stdout) == {"answers": [email, email, "PolarRateLimitError"], "statuses": [200, 200, 429]}
