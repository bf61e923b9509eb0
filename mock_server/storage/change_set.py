"""What one request changed, as a whole: the unit of storing and of taking back. And states of a world under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import time

from mock_server.core.value_class import value_class
from mock_server.storage.record import KEYS, RecordChange

MOST_CHANGE_SETS = 1000
"""Change sets that a world remembers: older ones cannot be taken back."""
MOST_SNAPSHOTS = 100
"""Snapshots that a world may have, of one contract."""


@value_class
class Cause:
    """Why something was changed: the operation, the entry of the journal, and when, in seconds since 1970.

    A store puts the present for a time of 0.
    """

    operation: str = ""
    entry: str = ""
    at: float = 0.0

    def at_once(self) -> Cause:
        """Return the same with a time: the present where there is none."""
        return self if self.at else replace(self, at=time())


NO_CAUSE = Cause()
"""Nobody said why."""


@value_class
class ChangeSet:
    """Changes that were made together. Numbers grow within a world."""

    number: int
    cause: Cause
    changes: tuple[RecordChange, ...]

    def reversed(self) -> Sequence[RecordChange]:
        """Return the changes that take these back."""
        return [
            RecordChange(change.resource, change.handle, change.after, change.before) for change in self.changes[::-1]
        ]

    @property
    def records(self) -> Sequence[RecordChange]:
        """The changes of records, without those of rows that stand for something else."""
        return [change for change in self.changes if KEYS not in change.resource]


@value_class
class Snapshot:
    """A state of a world under a name: when it was taken, in seconds since 1970, and the number of its own records."""

    name: str
    at: float
    records: int
