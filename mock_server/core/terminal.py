"""Write for a terminal: whether there is one, whether it shows colours, how wide it is; and nothing that it obeys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TextIO
from unicodedata import combining, east_asian_width

WIDTH = 80
"""Columns of a terminal that does not say how many it has."""
_OFF = frozenset({"", "0", "false"})


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream leads to a terminal; one that is closed or absent does not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def let_go(stream: TextIO) -> None:
    """Have a stream lead to nowhere from now on: Python would complain of what is left while it closes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def has_colour(stream: TextIO | None, environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether colours are welcome on a stream.

    ``NO_COLOR`` with any text forbids them (https://no-color.org), ``FORCE_COLOR`` asks for them in a pipe too
    (https://force-color.org), a terminal that calls itself ``dumb`` shows none.
    """
    variables = os.environ if environ is None else environ
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR", "").lower() not in _OFF:
        return True
    return is_terminal(stream) and variables.get("TERM") != "dumb"


def columns() -> int:
    """Return how many columns the terminal has, by ``COLUMNS`` or by what it says itself."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def escaped(text: str) -> str:
    r"""Return a text with all that is not printable as an escape: ``\x1b`` for the character that begins commands.

    Line ends and marks that turn the direction of writing are among it: a client that sends them could otherwise write
    lines of its own, or have a line read as another one.
    """
    if text.isprintable():
        return text
    return "".join(
        [
            character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
            for character in text
        ]
    )


def fitted(text: str, width: int) -> str:
    """Return a printable text, cut where it is wider than ``width`` columns; wide characters take two."""
    if text.isascii():
        return text if len(text) <= width else text[: max(0, width - 1)] + "…"
    if width_of(text[: 2 * width + 1]) <= width and len(text) <= 2 * width:
        return text
    taken = 0
    for index, character in enumerate(text):
        taken += _width(character)
        if taken > width - 1:
            return text[:index] + "…"
    return text


def width_of(text: str) -> int:
    """Return how many columns a printable text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
