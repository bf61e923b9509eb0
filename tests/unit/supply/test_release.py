"""Releases: notes out of the changelog, Pythons of the machine, the commands that a trial runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supply.interpreters import interpreters
from supply.release_notes import release_notes
from supply.trial import checkout_command, extras_command, install_commands
from tests.support.paths import ROOT

CHANGELOG = """# Changelog

## 0.3.0 (unreleased)

- New.

## 0.2.0 (2026-12-01)

- Old.

## 0.1.0 (2026-11-01)
"""


@pytest.mark.parametrize(
    ("version", "date", "text"), [("0.3.0", None, "- New.\n"), ("0.2.0", "2026-12-01", "- Old.\n")]
)
def test_notes_are_the_section(version: str, date: str | None, text: str) -> None:
    notes = release_notes(version, CHANGELOG)
    assert (notes.date, notes.text) == (date, text)


@pytest.mark.parametrize(
    ("version", "error"), [("0.4.0", r"found no '## 0\.4\.0 \(DATE\)'"), ("0.1.0", "found nothing below")]
)
def test_version_without_notes_is_refused(version: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        release_notes(version, CHANGELOG)


def test_pythons_are_those_of_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The third is a shim that runs nothing, as pyenv leaves them for versions that are not chosen."""
    minor = f"3.{sys.version_info.minor}"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / f"python{minor}").symlink_to(sys.executable)
    shim = tmp_path / "bin" / ("python3.12" if minor != "3.12" else "python3.13")
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert interpreters() == {minor: tmp_path / "bin" / f"python{minor}"}


def test_trial_runs_what_the_page_says() -> None:
    commands = install_commands("x.whl", (ROOT / "docs/install.md").read_text(encoding="utf-8"))
    assert commands == [
        "python3 -m venv mock",
        "mock/bin/pip install dist/x.whl",
        "mock/bin/mock-server --version",
    ]


def test_trial_installs_extras_that_page_names() -> None:
    command = extras_command("x.whl", (ROOT / "docs/install.md").read_text(encoding="utf-8"))
    assert command == "pip install 'dist/x.whl[otel,postgresql]'"


def test_trial_installs_checkout_as_readme_says() -> None:
    assert checkout_command((ROOT / "README.md").read_text(encoding="utf-8")) == "pip install ."
