"""Revisions: numbers of states, never the same for two states of records that this process has seen."""

from __future__ import annotations

from itertools import count

_NUMBERS = count(1)


def next_revision() -> int:
    """Return a number higher than all before it."""
    return next(_NUMBERS)
