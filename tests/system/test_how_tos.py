"""The tutorial and the how-tos do what they say: their files are written as they stand, and their commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

FENCE = re.compile(r"^```([\w-]+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VITEST = ROOT / "tests/system/clients/vitest/node_modules"
GO = ROOT / ".venv-clients/go.path"
REMEDY = "make test-clients installs what it takes"


ADDRESS = "http://localhost:4010"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RANDOM = "00000000-0000-0000-0000-000000000000"
PAGES = sorted(page.name for page in (ROOT / "docs").glob("how-to-*.md"))


def work_through(page: str, directory: Path, *places: Path) -> list[str]:
    """Write the files of a page and run its commands, with programs of ``places``; return what each command showed.

    A block ``serve`` starts a server for the commands after it, and a block ``output`` is what the last one shows, but
    for UUIDs.
    """
    programs = [Path(sys.executable).parent, *places]
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    outputs: list[str] = []
    url = ADDRESS
    with ExitStack() as servers:
        for _, name, text in FENCE.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
            if name == "run":
                outputs.append(run(text.replace(ADDRESS, url), directory, path))
            elif name == "serve":
                _, contract = shlex.split(text)
                url = servers.enter_context(RunningServer(str(directory / contract))).url
            elif name == "output":
                assert UUID.sub(RANDOM, outputs[-1]).strip() == UUID.sub(RANDOM, text).strip()
            else:
                (directory / name).write_text(text, encoding="utf-8")
    return outputs


def run(text: str, directory: Path, path: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MOCK_SERVER_", "PYTEST_"))
    }
    done = subprocess.run(
        ["bash", "-euc", text],
        cwd=directory,
        env={**environment, "PATH": path, "NO_PROXY": "*", "no_proxy": "*", "GOWORK": "off", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_tutorial_runs(own_cache: None, tmp_path: Path) -> None:
    outputs = work_through("tutorial.md", tmp_path)
    passed = [match[1] for output in outputs for match in re.finditer(r"(\d+) passed", output)]
    assert passed == ["2", "2", "1"]


def test_page_about_pytest_runs(own_cache: None, tmp_path: Path) -> None:
    tests, routed, program = work_through("how-to-pytest.md", tmp_path)
    assert "4 passed" in tests
    assert "2 passed" in routed
    assert program == "200\n"


def test_page_about_webhooks_runs(own_cache: None, tmp_path: Path) -> None:
    (tests,) = work_through("how-to-webhooks.md", tmp_path)
    assert "4 passed" in tests


@pytest.mark.clients
def test_page_about_vitest_runs(own_cache: None, tmp_path: Path) -> None:
    assert (VITEST / ".bin/vitest").exists(), REMEDY
    (tmp_path / "node_modules").symlink_to(VITEST)
    (tests,) = work_through("how-to-vitest.md", tmp_path)
    assert re.search(r"Tests\s+3 passed", tests)


@pytest.mark.clients
def test_page_about_go_runs(own_cache: None, tmp_path: Path) -> None:
    assert GO.exists(), REMEDY
    (tests,) = work_through("how-to-go.md", tmp_path, Path(GO.read_text(encoding="utf-8").strip()).parent)
    assert tests.startswith("ok ")


@pytest.mark.clients
def test_page_about_webhooks_with_vitest_runs(own_cache: None, tmp_path: Path) -> None:
    assert (VITEST / ".bin/vitest").exists(), REMEDY
    (tmp_path / "node_modules").symlink_to(VITEST)
    (tests,) = work_through("how-to-webhooks-vitest.md", tmp_path)
    assert re.search(r"Tests\s+3 passed", tests)


@pytest.mark.clients
def test_page_about_webhooks_with_go_runs(own_cache: None, tmp_path: Path) -> None:
    assert GO.exists(), REMEDY
    (tests,) = work_through("how-to-webhooks-go.md", tmp_path, Path(GO.read_text(encoding="utf-8").strip()).parent)
    assert tests.startswith("ok ")


@pytest.mark.parametrize("page", ["tutorial.md", *PAGES])
def test_blocks_are_files_or_commands(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert 2 * len(FENCE.findall(text)) == len(re.findall(r"^```", text, re.MULTILINE)) > 4
