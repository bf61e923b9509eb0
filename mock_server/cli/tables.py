"""Rows of texts: a table as wide as the terminal for people, columns in plain text for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import click

from mock_server.core.terminal import columns, escaped, has_colour, is_terminal, width_of

STYLES = {
    "ok": "green",
    "no": "red",
    "GET": "cyan",
    "POST": "green",
    "PUT": "yellow",
    "PATCH": "yellow",
    "DELETE": "red",
}
"""Colours of first cells."""
_BETWEEN = "  "
_NARROWEST = 8
"""Columns below which no column of a table shrinks."""


def show_rows(rows: Sequence[tuple[str, ...]], plain: Iterable[str]) -> None:
    """Show rows, of which the first has the names of the columns; in a pipe the lines of ``plain`` instead."""
    if not is_terminal(sys.stdout):
        for line in plain:
            click.echo(line)
        return
    is_coloured = has_colour(sys.stdout)
    for line in table_lines(rows, columns(), is_coloured=is_coloured):
        click.echo(line, color=is_coloured)


def table_lines(rows: Sequence[tuple[str, ...]], width: int, *, is_coloured: bool) -> Iterator[str]:
    """Yield the lines of a table that is no wider than ``width`` where its columns allow it: cells are wrapped."""
    head, *body = [tuple(escaped(cell) for cell in row) for row in rows]
    widths = _widths([head, *body], width)
    yield _line(head, widths, head=True, is_coloured=is_coloured)
    yield click.style(_rule(widths), dim=True) if is_coloured else _rule(widths)
    for row in body:
        wrapped = [_wrapped(cell, room) for cell, room in zip(row, widths, strict=True)]
        for index, cells in enumerate(zip_longest(*wrapped, fillvalue="")):
            colour = STYLES.get(row[0], "") if index == 0 else ""
            yield _line(cells, widths, colour=colour, is_coloured=is_coloured)


def plain_lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as lines whose columns are as wide as the longest text in them, the last one excepted."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return ["  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in rows]


def show_text(text: str, colour: str = "", *, is_bold: bool = False, is_dim: bool = False) -> None:
    """Show a line of text, in a colour where colours are welcome."""
    is_coloured = has_colour(sys.stdout)
    styled = click.style(escaped(text), fg=colour or None, bold=is_bold or None, dim=is_dim or None)
    click.echo(styled if is_coloured else escaped(text), color=is_coloured)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the widths of columns: those of their texts, the widest taken from as long as all do not fit."""
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    room = width - len(_BETWEEN) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        ordered = sorted({*widths, _NARROWEST}, reverse=True)
        widest = [index for index, taken in enumerate(widths) if taken == ordered[0]]
        excess = -(-(sum(widths) - room) // len(widest))
        lowered = max(ordered[1], ordered[0] - excess, _NARROWEST)
        for index in widest:
            widths[index] = lowered
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most ``width`` columns, broken after blanks where there are some."""
    lines, line = [], ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if width_of(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = ""
        for character in word:
            if width_of(line + character) > width and line:
                lines.append(line)
                line = ""
            line += character
    return [*lines, line]


def _line(
    cells: Sequence[str], widths: Sequence[int], *, colour: str = "", head: bool = False, is_coloured: bool
) -> str:
    padded = [cell + " " * (room - width_of(cell)) for cell, room in zip(cells, widths, strict=True)]
    padded[-1] = padded[-1].rstrip()
    if is_coloured and head:
        return click.style(_BETWEEN.join(padded), bold=True)
    if is_coloured and colour:
        padded[0] = click.style(padded[0], fg=colour)
    return _BETWEEN.join(padded).rstrip()


def _rule(widths: Sequence[int]) -> str:
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    return _BETWEEN.join(("─" if "utf" in encoding else "-") * width for width in widths)
