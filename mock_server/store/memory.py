"""Records in this process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mock_server.store.protocol import Record


class MemoryStore:
    """A store that forgets when the process ends."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[tuple[str, str], Record] = {}
        self._revision = 0
        self.replace(records)

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._revision

    def get(self, resource: str, handle: str) -> Record | None:
        """The record of a handle, None where there is none."""
        return self._records.get((resource, handle))

    def records(self, resource: str) -> Sequence[Record]:
        """The records of a resource, in the order they came."""
        return [record for record in self._records.values() if record.resource == resource]

    def replace(self, records: Iterable[Record]) -> None:
        """Hold these records and no others."""
        held = {(record.resource, record.handle): record for record in records}
        self._records, self._revision = held, self._revision + 1
