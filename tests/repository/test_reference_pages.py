"""Reference pages are what the source says now, and lead to headings that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mock_server import plugins, testing
from mock_server.cli.program import commands
from mock_server.settings import ROWS
from tools.reference.pages import DOCS, pages

PAGES = pages()
LINK = re.compile(r"\]\(([\w.-]*)(?:#([\w-]+))?\)")
each_page = pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)


@each_page
def test_page_is_current(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == PAGES[file], "make reference"


@each_page
def test_every_link_leads_to_a_heading(file: Path) -> None:
    for name, anchor in LINK.findall(PAGES[file]):
        target = file if not name else DOCS / name
        assert target.exists(), name
        assert not anchor or anchor in headings(target), f"{name}#{anchor}"


def headings(file: Path) -> set[str]:
    """Return the anchors of a page, as code hosts make them of its headings."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_setting_has_a_row() -> None:
    text = PAGES[DOCS / "settings.md"]
    assert [text.count(f"| `{row.variable}` |") for row in ROWS] == [1] * len(ROWS)
    assert "| `--log-format FORMAT` | `MOCK_SERVER_LOG_FORMAT` | `text` |" in text


def test_every_command_has_a_heading() -> None:
    assert {*commands.commands} <= headings(DOCS / "cli.md")


def test_every_public_name_has_a_heading() -> None:
    assert {name.lower() for name in (*testing.__all__, *plugins.__all__)} <= headings(DOCS / "python-api.md")
