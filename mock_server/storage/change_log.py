"""The change sets of a world in memory: the last of them, in so many bytes."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.storage import change_set
from mock_server.storage.change_set import Cause, ChangeSet
from mock_server.storage.record import RecordChange

LIMIT = 8 * 1024 * 1024
"""Bytes that the change sets of a world may take: the oldest are forgotten for new ones."""
_SET = 300
"""Bytes of a change set beside its changes."""
_CHANGE = 100
"""Bytes of a change beside the rows: what comes after it is what the world has, or what the next change replaces."""


class ChangeLog:
    """Change sets, the oldest first, and the bytes that they hold."""

    __slots__ = ("_sizes", "held", "sets")

    def __init__(self) -> None:
        self.sets: list[ChangeSet] = []
        self._sizes: list[int] = []
        self.held = 0

    @staticmethod
    def size(changes: Sequence[RecordChange], replaced: int) -> int:
        """Return the bytes that changes take here which replace rows of so many bytes."""
        return _SET + _CHANGE * len(changes) + replaced

    def add(self, changes: Sequence[RecordChange], cause: Cause, size: int) -> None:
        """Add a change set of that size; forget the oldest where there are too many."""
        number = self.sets[-1].number + 1 if self.sets else 1
        self.sets.append(ChangeSet(number, cause.at_once(), tuple(changes)))
        self._sizes.append(size)
        self.held += size
        while len(self.sets) > change_set.MOST_CHANGE_SETS or (self.held > LIMIT and self.sets):
            self.forget_oldest()

    def forget_oldest(self) -> None:
        """Forget the oldest change set."""
        del self.sets[0]
        self.held -= self._sizes.pop(0)

    def drop_last(self, number: int) -> None:
        """Drop the last so many change sets."""
        kept = len(self.sets) - number
        self.held -= sum(self._sizes[kept:])
        del self.sets[kept:], self._sizes[kept:]

    def clear(self) -> None:
        """Drop all of them."""
        self.drop_last(len(self.sets))
