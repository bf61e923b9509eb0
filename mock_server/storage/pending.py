"""Records as they will be once some changes are made: for what is decided, or told, before they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.storage.interfaces import RecordReader
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.record import Absence, OwnRow, Record, RecordChange


class PendingRecords:
    """Reads records through changes that are not made yet. What they do not touch is read as ever."""

    def __init__(self, reader: RecordReader, changes: Sequence[RecordChange]) -> None:
        self._reader = reader
        self._rows: dict[str, dict[str, OwnRow]] = {}
        for change in changes:
            self.add(change)

    def add(self, change: RecordChange) -> None:
        """Read through one change more."""
        self._rows.setdefault(change.resource, {})[change.handle] = change.after

    @property
    def revision(self) -> int:
        """The number of the state before the changes: what they lead to has none yet."""
        return self._reader.revision

    def version(self, resource: str) -> int:
        """Return the number of a resource before the changes."""
        return self._reader.version(resource)

    def own(self, resource: str) -> Mapping[str, OwnRow]:
        """Return the rows that the world will have itself, in the order in which they came."""
        rows = self._rows.get(resource)
        if rows is None:
            return self._reader.own(resource)
        merged = {**self._reader.own(resource), **rows}
        return {handle: row for handle, row in merged.items() if row is not Absence.UNTOUCHED}

    def own_row(self, resource: str, handle: str) -> OwnRow:
        """Return what the world itself will have of a handle."""
        row = self._rows.get(resource, {}).get(handle)
        return self._reader.own_row(resource, handle) if row is None else row

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record that a handle will have, None where there will be none."""
        row = self._rows.get(resource, {}).get(handle, Absence.UNTOUCHED)
        if row is Absence.UNTOUCHED:
            return self._reader.get(resource, handle)
        return row if isinstance(row, Record) else None

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records that a search will match: those of before in their order, then the new ones."""
        rows = self._rows.get(resource)
        if rows is None:
            return self._reader.records(resource, search)
        before = {record.handle: record for record in self._reader.records(resource)}
        after = {handle: row for handle, row in rows.items() if row is not Absence.UNTOUCHED}
        return search.of([row for row in {**before, **after}.values() if isinstance(row, Record)])

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search will match."""
        if resource not in self._rows:
            return self._reader.count(resource, search)
        return search.count_of(self.records(resource))

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that will have rows, in alphabetical order."""
        return sorted({*self._reader.resources(), *self._rows})
