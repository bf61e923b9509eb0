"""Records of one's own over those that everybody shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mock_server.store.protocol import Record, Records
from mock_server.store.revision import next_revision
from mock_server.store.search import ALL, Search


class LayeredStore:
    """What was changed, over a store that stays as it is. It costs what was changed and nothing else."""

    __slots__ = ("_base", "_changed", "_revision")

    def __init__(self, base: Records) -> None:
        self._base = base
        self._changed: dict[tuple[str, str], Record | None] = {}
        """None stands for a record that was deleted."""
        self._revision = 0

    @property
    def revision(self) -> int:
        """A number that grows with every change, here or below."""
        return max(self._base.revision, self._revision)

    def get(self, resource: str, handle: str) -> Record | None:
        """The record of a handle, None where there is none."""
        key = (resource, handle)
        return self._changed[key] if key in self._changed else self._base.get(resource, handle)

    def records(self, resource: str, search: Search = ALL) -> Sequence[Record]:
        """The records that a search means: those of below in their order, then those that came here."""
        return search.of(self._all(resource))

    def count(self, resource: str, search: Search = ALL) -> int:
        """How many records a search means."""
        return sum(1 for _ in search.meant(self._all(resource)))

    def put(self, record: Record) -> bool:
        """Hold a record, in place of one of the same handle where there is one; whether there was none."""
        is_new = self.get(record.resource, record.handle) is None
        self._changed[record.resource, record.handle] = record
        self._revision = next_revision()
        return is_new

    def add(self, record: Record) -> bool:
        """Hold a record of a new handle; whether the handle was free."""
        return self.get(record.resource, record.handle) is None and self.put(record)

    def change(self, old: Record, new: Record) -> bool:
        """Hold a record in place of another; whether that was still there as it was."""
        if self.get(old.resource, old.handle) != old:
            return False
        self.put(new)
        return True

    def delete(self, resource: str, handle: str) -> bool:
        """Hold that record no more; whether there was one."""
        if self.get(resource, handle) is None:
            return False
        self._changed[resource, handle] = None
        self._revision = next_revision()
        return True

    def clear(self) -> None:
        """Back to the store below."""
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
