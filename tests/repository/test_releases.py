"""What the checkout says of releases agrees: one version, notes of it, and commands that need the index marked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from supply.interpreters import SUPPORTED
from supply.release import version
from supply.release_notes import CHANGELOG, release_notes
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NEEDS_INDEX = re.compile(r"(?:pip|pipx|uv tool) install .*(?<![/.])contract-mock-server")


def test_changelog_has_notes_of_the_version() -> None:
    assert release_notes(version(), CHANGELOG.read_text(encoding="utf-8")).text.startswith("- ")


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("Containerfile", r"^ARG VERSION=(.+)$"),
        ("deploy/kubernetes/overlays/memory/kustomization.yaml", r"^ +newTag: (.+)$"),
        ("deploy/kubernetes/overlays/postgresql/kustomization.yaml", r"^ +newTag: (.+)$"),
    ],
)
def test_files_name_the_version(file: str, pattern: str) -> None:
    versions = re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert version() in versions


def test_classifiers_name_the_supported_pythons() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text) == [*SUPPORTED]
    assert f'requires-python = ">={SUPPORTED[0]}"' in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_need_the_index_are_marked(page: Path) -> None:
    """What the program itself says stands in pages as it is."""
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if not line.startswith("mock-server: ")]
    assert [line for line in lines if NEEDS_INDEX.search(line) and "once released" not in line] == []


def test_page_of_extras_lists_them() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    page = (ROOT / "docs/extras.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == re.findall(r"^([\w-]+) = \[", extras, re.MULTILINE)
