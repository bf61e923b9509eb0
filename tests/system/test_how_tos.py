"""The how-tos do what they say: their files are written as they stand, and their commands run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FENCE = re.compile(r"^```([\w-]+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VITEST = ROOT / "tests/system/clients/vitest/node_modules"
GO = ROOT / ".venv-clients/go.path"
REMEDY = "make test-clients installs what it takes"


def work_through(page: str, directory: Path, *places: Path) -> list[str]:
    """Write the files of a page and run its commands, with programs of ``places``; what each command showed."""
    programs = [Path(sys.executable).parent, *places]
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MOCK_SERVER_", "PYTEST_"))
    }
    outputs = []
    for _, name, text in FENCE.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
        if name != "run":
            (directory / name).write_text(text, encoding="utf-8")
            continue
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
        outputs.append(done.stdout)
    return outputs


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


@pytest.mark.parametrize("page", sorted(page.name for page in (ROOT / "docs").glob("how-to-*.md")))
def test_blocks_are_files_or_commands(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert 2 * len(FENCE.findall(text)) == len(re.findall(r"^```", text, re.MULTILINE)) > 4
