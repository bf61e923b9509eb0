"""Revisions: numbers of states, never the same for two states of records that this process has seen."""

from __future__ import annotations

from itertools import count

_NUMBERS = count(1)


UNKNOWN = -(1 << 62)
"""The number that stands for a state that cannot be known without waiting."""


UNASKED = UNKNOWN + 1
"""The same where nobody has asked the database of late, which answers as far as is known."""


def next_revision() -> int:
    """Return a number higher than all before it."""
    return next(_NUMBERS)
