"""Ways of a search that lead nowhere: keywords that leave nothing, and those that ask for more than is made."""

from __future__ import annotations


class Unsatisfiable(Exception):  # noqa: N818  (no failure of the program: a way that leads nowhere)
    """Nothing can keep these keywords together. ``pointer`` is into the value, where it is known."""

    def __init__(self, *keywords: str, pointer: str | None = None) -> None:
        self.keywords = keywords
        self.pointer = pointer
        super().__init__(keywords)


TOO_LARGE = "too large"
"""The first keyword of what could be, and is larger than what is made; the second one says what."""


def refuse_large(keyword: str, least: int, most: int, pointer: str) -> None:
    """Raise :class:`Unsatisfiable` where a keyword asks for more than is made."""
    if least > most:
        raise Unsatisfiable(TOO_LARGE, f"{keyword}: {least}, more than the {most:,} that are made", pointer=pointer)
