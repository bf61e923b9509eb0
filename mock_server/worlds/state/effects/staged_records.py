"""Records as they will be: the changes of one request over those of its world, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.storage import KEYS, Absence, OwnRow, PendingRecords, RecordChange, RecordReader


class StagedRecords(PendingRecords):
    """Reads through staged changes; each row below is read once, so that all that is decided is of one state."""

    def __init__(self, below: RecordReader) -> None:
        super().__init__(below, ())
        self._read: dict[tuple[str, str], OwnRow] = {}
        self._staged: dict[tuple[str, str], RecordChange] = {}

    @property
    def changes(self) -> tuple[RecordChange, ...]:
        """Return all that is staged, each row once, from what it is below to what it shall be."""
        return tuple(self._staged.values())

    def stage(self, changes: Iterable[RecordChange]) -> None:
        """Add changes to those that are staged."""
        for change in changes:
            place = (change.resource, change.handle)
            earlier = self._staged.get(place)
            before = change.before if earlier is None else earlier.before
            after = change.after
            if earlier is not None and before is Absence.UNTOUCHED and after is Absence.DELETED and KEYS in place[0]:
                after = before  # a key that was taken and let go again
            self._staged[place] = RecordChange(*place, before, after)
            self.add(self._staged[place])

    def own_row(self, resource: str, handle: str) -> OwnRow:
        """Return what the world itself will have of a handle."""
        place = (resource, handle)
        if place in self._staged:
            return self._staged[place].after
        row = self._read.get(place)
        if row is None:
            row = self._read[place] = super().own_row(resource, handle)
        return row
