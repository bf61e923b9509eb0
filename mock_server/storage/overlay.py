"""Copy on write: the changed records of a world over records that all worlds share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mock_server.storage.interfaces import Record, RecordReader
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.revision import next_revision


class CopyOnWriteRecords:
    """Changed records over a store that stays as it is. It takes memory for the changed records only."""

    __slots__ = ("_base", "_changed", "_revision")

    def __init__(self, base: RecordReader) -> None:
        self._base = base
        self._changed: dict[tuple[str, str], Record | None] = {}
        """The changed records by resource and handle; None stands for a deleted one."""
        self._revision = 0

    @property
    def revision(self) -> int:
        """A number that grows with every change, here or below."""
        return max(self._base.revision, self._revision)

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record of a handle, None where there is none."""
        key = (resource, handle)
        return self._changed[key] if key in self._changed else self._base.get(resource, handle)

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records that a search matches: those of the store below in their order, then the new ones."""
        return search.of(self._all(resource))

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches."""
        return sum(1 for _ in search.meant(self._all(resource)))

    def put(self, record: Record) -> bool:
        """Put a record, in place of one of the same handle if there is one; return whether there was none."""
        is_new = self.get(record.resource, record.handle) is None
        self._changed[record.resource, record.handle] = record
        self._revision = next_revision()
        return is_new

    def add(self, record: Record) -> bool:
        """Add a record with a new handle; return whether the handle was free."""
        return self.get(record.resource, record.handle) is None and self.put(record)

    def change(self, old: Record, new: Record) -> bool:
        """Replace a record by another; return whether it was still there unchanged."""
        if self.get(old.resource, old.handle) != old:
            return False
        self.put(new)
        return True

    def delete(self, resource: str, handle: str) -> bool:
        """Delete a record; return whether there was one."""
        if self.get(resource, handle) is None:
            return False
        self._changed[resource, handle] = None
        self._revision = next_revision()
        return True

    def clear(self) -> None:
        """Drop all changes, so that the store below is visible again."""
        self._changed.clear()
        self._revision = next_revision()

    def _all(self, resource: str) -> Iterable[Record]:
        below = {record.handle: record for record in self._base.records(resource)}
        for (name, handle), record in self._changed.items():
            if name == resource and record is not None:
                below[handle] = record
            elif name == resource:
                below.pop(handle, None)
        return below.values()
