"""Cells of CSV that spreadsheets do not run.

Excel, LibreOffice and Google Sheets take a cell as a formula that begins with ``=``, ``+``, ``-`` or ``@``, also as a
full-width character, and some do so behind a tab or a line break: quotes around the cell do not help. What is done here
is what OWASP's page on CSV injection says: an apostrophe before it makes it a text.
"""

from __future__ import annotations

import re

_FIRST = "[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]"
_FORMULA = re.compile(_FIRST)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_GUARDED = re.compile(f"'+{_FIRST}")


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet might run a cell. A number is none, with a sign or without."""
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def guarded_cell(text: str) -> str:
    """Return a cell as a text that no spreadsheet runs: with an apostrophe before what might be a formula.

    So has one that looks as if it had been given one, so that :func:`plain_cell` has each text again.
    """
    return f"'{text}" if is_formula(text) or _GUARDED.match(text) else text


def plain_cell(cell: str) -> str:
    """Return the text of a cell of :func:`guarded_cell`."""
    return cell[1:] if _GUARDED.match(cell) else cell
