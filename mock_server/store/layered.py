"""Records of one's own over those that everybody shares."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.store.protocol import Record, Records


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
        return self._base.revision + self._revision

    def get(self, resource: str, handle: str) -> Record | None:
        """The record of a handle, None where there is none."""
        key = (resource, handle)
        return self._changed[key] if key in self._changed else self._base.get(resource, handle)

    def records(self, resource: str) -> Sequence[Record]:
        """The records of a resource: those of below in their order, then those that came here."""
        below = {record.handle: record for record in self._base.records(resource)}
        for (name, handle), record in self._changed.items():
            if name == resource and record is not None:
                below[handle] = record
            elif name == resource:
                below.pop(handle, None)
        return [*below.values()]

    def put(self, record: Record) -> None:
        """Hold a record, in place of one of the same handle where there is one."""
        self._changed[record.resource, record.handle] = record
        self._revision += 1

    def delete(self, resource: str, handle: str) -> bool:
        """Hold that record no more; whether there was one."""
        if self.get(resource, handle) is None:
            return False
        self._changed[resource, handle] = None
        self._revision += 1
        return True
