"""Markdown of reference pages: tables, and texts of docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

HEAD = "<!-- Written by `make reference` from the source: change that, and not this page. -->"
"""The line that each page begins with."""
_ROLE = re.compile(r":(?:class|meth|attr|func|mod|data):`~?([^`]+)`")
_LITERAL = re.compile(r"(?<!`)``([^`]+)``(?!`)")
_BLOCK = re.compile(r"::\n\n((?:    .*\n|\n)+)")


def page(title: str, *parts: str) -> str:
    """Return a page with a title; parts are separated by empty lines."""
    return "\n\n".join([f"# {title}", HEAD, *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what would end a cell is escaped."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def prose(docstring: str) -> str:
    """Return the text of a docstring (reStructuredText as this project writes it) as Markdown."""
    text = _LITERAL.sub(r"`\1`", _ROLE.sub(_named, docstring + "\n"))
    return _BLOCK.sub(_fenced, text).strip()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _named(match: re.Match[str]) -> str:
    """Return the last part of a dotted name: that is how readers know it."""
    return f"`{match[1].rpartition('.')[2]}`"


def _fenced(match: re.Match[str]) -> str:
    lines = match[1].strip("\n").splitlines()
    return "\n".join(["```py", *(line.removeprefix("    ") for line in lines), "```", "", ""])
