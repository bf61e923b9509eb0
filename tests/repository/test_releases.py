"""What the checkout says of releases agrees: one version, notes of it, and commands that need the index marked."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from supply.interpreters import SUPPORTED
from supply.release import version
from supply.release_notes import CHANGELOG, release_notes
from tests.support.paths import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
GETS = re.compile(
    r"((?:[\w./-]*\bpipx?|uv(?: tool| pip)?|npm|pnpm|yarn|brew|conda|poetry|docker|podman)"
    r" (?:install|add|pull|ci|create|dlx|sync)\b[^`#\n]*?|(?:uvx|npx|pipx run) [^`#\n]+?) *(?=[`#\n]|$)",
)
"""A command by which something comes from elsewhere."""
RUN = {
    "pip install .": "supply.trial, of the source distribution; tests/system/test_plugins.py, of the example",
    "pip install pytest httpx": "supply.trial",
    "mock/bin/pip install dist/contract_mock_server-*.whl": "supply.trial",
    "pip install 'dist/contract_mock_server-VERSION-py3-none-any.whl[otel,postgresql]'": "supply.trial",
    "pip install my-plugin": "a name that stands for a reader's own; tests/system/test_plugins.py installs the example",
    "npx vitest run": "tests/system/test_how_tos.py",
    "npm install --ignore-scripts --omit-lockfile-registry-resolved": "writes a lock of the benchmarks anew, by hand",
}
"""The commands that need no release, and what runs each."""


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


def commands(page: Path) -> list[tuple[str, str]]:
    """The commands of a page that install or get something, each with its line; not what the program itself says."""
    lines = page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    lines = [line for line in lines if not line.startswith("mock-server: ")]
    return [(" ".join(match[1].split()), line) for line in lines for match in GETS.finditer(line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_that_get_something_run_or_are_marked(page: Path) -> None:
    assert [line for command, line in commands(page) if command not in RUN and "once released" not in line] == []


def test_commands_that_run_are_in_pages() -> None:
    assert {command for page in PAGES for command, _ in commands(page)} >= RUN.keys()


@pytest.mark.parametrize("name", ["docs/container.md", "docs/ci.md", "docs/use.md"])
def test_images_that_pages_run_are_built_there(name: str) -> None:
    """No image is published."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    built = set(re.findall(r"(?:docker|podman) build .*-t (\S+)", text))
    runs = re.findall(r"^ *(?:docker|podman) run (.+)$", text, re.MULTILINE)
    assert built
    assert [run for run in runs if built.isdisjoint(shlex.split(run, comments=True))] == []


def test_page_of_extras_lists_them() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    page = (ROOT / "docs/extras.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == re.findall(r"^([\w-]+) = \[", extras, re.MULTILINE)
