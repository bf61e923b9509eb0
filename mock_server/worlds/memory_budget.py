"""What all journals hold together, in bytes, and how what they let go of is released: a few entries at a time.

A journal is a row of members, four to an entry. To drop a hundred thousand entries takes the processor longer than
anybody should wait; so who clears a journal hands them over, and they go as other entries come, or between two turns
of whoever has time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

SLIM = 115
"""Bytes of an entry beside what it shares with others, as measured."""
AT_ONCE = 256
"""Entries of those that were let go of that are released in one go: some 0.2 ms."""
MEMBERS = 4
"""Members of an entry."""
Member: TypeAlias = Any
"""A number (int), when (float), how long (float), or what was logged (:class:`Logged`), by turns."""


class Logged(Protocol):
    """What entries share: ``holders`` is how many have it, ``cost`` the bytes that go with the last of them."""

    holders: int

    @property
    def cost(self) -> int:
        """Bytes of memory that it holds."""


class MemoryBudget:
    """Bytes that all journals hold together, and what to do when that is too much."""

    __slots__ = ("_abandoned", "_relieve", "bounds", "held", "limit")

    def __init__(self, limit: int, relieve: Callable[[], None], bounds: Counter[str] | None = None) -> None:
        self.limit = limit
        self.held = 0
        self.bounds: Counter[str] = Counter() if bounds is None else bounds
        """How often journals came up against each bound, by the name of its setting."""
        self._relieve = relieve
        self._abandoned: deque[deque[Member]] = deque()
        """What journals have let go of in one go, by what still holds it: to release it all at once takes long."""

    def change(self, size: int) -> None:
        """Take ``size`` more bytes, or give some back."""
        self.held += size
        if self._abandoned:
            self.release()
        while self.held > self.limit and self.release():
            pass
        if size > 0 and self.held > self.limit:
            self.bounds["journal_memory"] += 1
            self._relieve()

    def abandon(self, members: deque[Member]) -> None:
        """Take over the members of entries that nobody finds any more; :meth:`release` lets them go bit by bit."""
        if members:
            self._abandoned.append(members)

    def release(self) -> bool:
        """Release some of what was abandoned; tell whether there is more."""
        if self._abandoned:
            members = self._abandoned[0]
            self.held -= release(members, AT_ONCE)
            if not members:
                self._abandoned.popleft()
        return bool(self._abandoned)


def release(members: deque[Member], count: int) -> int:
    """Take so many entries out of members, the oldest first; return the bytes that go with them."""
    size = 0
    for _ in range(min(count, len(members) // MEMBERS)):
        members.popleft()
        members.popleft()
        members.popleft()
        size += released(members.popleft())
    return size


def released(kept: Logged) -> int:
    """Return the bytes that go with an entry: what others have too stays."""
    kept.holders -= 1
    return SLIM if kept.holders else SLIM + kept.cost
