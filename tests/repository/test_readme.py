"""The examples of the README do what they say they do: each runs, against a server of its own port."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

ADDRESS = "http://localhost:4010"
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
CURLS = [text for language, text in BLOCKS if language == "bash" and text.startswith("curl ")]
PYTHONS = [text for language, text in BLOCKS if language == "python"]
SDK_PYTHON = ROOT / ".venv-clients" / "python-0.32" / "bin" / "python"


def shown(text: str) -> str:
    return text.strip().splitlines()[0]


def needed_marks(text: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.clients] if "polar_sdk" in text else []


def test_readme_shows_how_to_ask_with_curl_and_with_python() -> None:
    assert CURLS
    assert PYTHONS


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("text", CURLS, ids=shown)
def test_curl_example_gets_an_answer(text: str, server_url: str, tmp_path: Path) -> None:
    assert ADDRESS in text
    run(["bash", "-euo", "pipefail", "-c", text], server_url, tmp_path)


@pytest.mark.parametrize("text", [pytest.param(text, id=shown(text), marks=needed_marks(text)) for text in PYTHONS])
def test_python_example_runs(text: str, server_url: str, tmp_path: Path) -> None:
    if "polar_sdk" in text:
        assert SDK_PYTHON.exists(), "make test-clients installs the SDKs"
        run([str(SDK_PYTHON), "-c", text], server_url, tmp_path)
    else:
        run([sys.executable, "-W", "error", "-c", text], server_url, tmp_path)


def run(command: list[str], server_url: str, directory: Path) -> None:
    """Run an example in an empty directory, with the address of the server of the tests."""
    command = [part.replace(ADDRESS, server_url) for part in command]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout, "an example shows something"
