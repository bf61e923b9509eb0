"""The README is short, and its examples and those of docs/use.md do what they say: each runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supply.trial import FIRST_ANSWERS
from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

ADDRESS = "http://localhost:4010"
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
README = (ROOT / "README.md").read_text(encoding="utf-8")
USE = (ROOT / "docs/use.md").read_text(encoding="utf-8")
SDK_PYTHON = ROOT / ".venv-clients" / "python-0.32" / "bin" / "python"
VITEST = ROOT / "tests/system/clients/vitest/node_modules"
REMEDY = "make test-clients installs what it takes"


def blocks(page: str, language: str) -> list[str]:
    return [text for name, text in FENCE.findall(page) if name == language]


def first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def needed_marks(text: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.clients] if "polar_sdk" in text else []


PYTHONS = [pytest.param(text, id=first_line(text), marks=needed_marks(text)) for text in blocks(USE, "python")]


@pytest.fixture(scope="module")
def polar_url() -> Iterator[str]:
    """The server that the README starts."""
    with RunningServer("polar") as server:
        yield server.url


def test_readme_is_short() -> None:
    assert len(README.split()) <= 600


def test_pages_show_how_to_ask() -> None:
    assert [len(blocks(README, language)) for language in ("bash", "python", "ts")] == [1, 1, 1]
    assert len(blocks(USE, "bash")) == 3
    assert len(PYTHONS) == 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_of_readme_shows_state(polar_url: str, tmp_path: Path) -> None:
    (text,) = blocks(README, "bash")
    output = run(["bash", "-euo", "pipefail", "-c", text], polar_url, tmp_path)
    assert output.count('"email":"ada@example.com"') == 2
    assert '"type": "customer.created"' in output


def test_pytest_of_readme_passes(tmp_path: Path) -> None:
    (text,) = blocks(README, "python")
    (tmp_path / "test_readme_example.py").write_text(text, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(FIRST_ANSWERS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--mock-contract", "polar", str(tmp_path)]
    assert "1 passed" in run(command, ADDRESS, tmp_path)


@pytest.mark.clients
def test_typescript_of_readme_passes(polar_url: str, tmp_path: Path) -> None:
    assert (VITEST / ".bin/vitest").exists(), REMEDY
    (text,) = blocks(README, "ts")
    (tmp_path / "node_modules").symlink_to(VITEST)
    (tmp_path / "customers.test.ts").write_text(text.replace(ADDRESS, polar_url), encoding="utf-8")
    assert "1 passed" in run([str(VITEST / ".bin/vitest"), "run", "--no-color"], ADDRESS, tmp_path)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("text", blocks(USE, "bash"), ids=first_line)
def test_curl_example_gets_an_answer(text: str, server_url: str, tmp_path: Path) -> None:
    assert ADDRESS in text
    run(["bash", "-euo", "pipefail", "-c", text], server_url, tmp_path)


@pytest.mark.parametrize("text", PYTHONS)
def test_python_example_runs(text: str, server_url: str, tmp_path: Path) -> None:
    if "polar_sdk" in text:
        assert SDK_PYTHON.exists(), REMEDY
        run([str(SDK_PYTHON), "-c", text], server_url, tmp_path)
    else:
        run([sys.executable, "-W", "error", "-c", text], server_url, tmp_path)


def run(command: list[str], server_url: str, directory: Path) -> str:
    """Run an example in an empty directory, with the address of a server of the tests, and return what it shows."""
    command = [part.replace(ADDRESS, server_url) for part in command]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout, "an example shows something"
    return done.stdout
