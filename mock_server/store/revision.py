"""The numbers of states: no two states of records that this process has seen have the same."""

from __future__ import annotations

from itertools import count

_NUMBERS = count(1)


UNKNOWN = -(1 << 62)
"""The number that stands for a state that cannot be known without waiting."""


UNASKED = UNKNOWN + 1
"""The same where nobody has asked the database of late, which answers as far as is known."""


def next_revision() -> int:
    """A number higher than all before it."""
    return next(_NUMBERS)
