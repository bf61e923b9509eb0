"""A store of records in the memory of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from mock_server.storage.interfaces import Record, Store
from mock_server.storage.overlay import CopyOnWriteRecords
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.revision import next_revision


class MemoryStore:
    """A store whose records are gone when the process ends."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[tuple[str, str], Record] = {}
        self._revision = 0
        self._replace(records)

    @property
    def is_shared(self) -> Literal[False]:
        """Whether others change it: never, it belongs to this process."""
        return False

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._revision

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record of a handle, None where there is none."""
        return self._records.get((resource, handle))

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records of a resource that a search matches, in the order in which they came."""
        return search.of(self._all(resource))

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches."""
        return sum(1 for _ in search.meant(self._all(resource)))

    def layer(self, world: str) -> CopyOnWriteRecords:
        """Return a new layer over these records."""
        return CopyOnWriteRecords(self)

    def load(self, records: Callable[[], Iterable[Record]], *, only_into_empty: bool) -> bool:
        """Replace all records by these; return whether they were loaded."""
        if only_into_empty and self._records:
            return False
        self._replace(records())
        return True

    def _all(self, resource: str) -> Iterable[Record]:
        return (record for record in self._records.values() if record.resource == resource)

    def _replace(self, records: Iterable[Record]) -> None:
        held = {(record.resource, record.handle): record for record in records}
        self._records, self._revision = held, next_revision()


class MemoryStores:
    """A new store for each contract."""

    def store(self, contract: str) -> Store:
        """Return an empty store."""
        return MemoryStore()

    def close(self) -> None:
        """Do nothing: there is nothing to close."""
