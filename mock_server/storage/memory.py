"""A store of records in the memory of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from mock_server.storage.interfaces import Store
from mock_server.storage.overlay import CopyOnWriteRecords
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.record import Absence, OwnRow, Record
from mock_server.storage.resource_records import NO_RECORDS, ResourceRecords
from mock_server.storage.revision import next_revision
from mock_server.storage.state_budget import StateBudget

_NO_ROWS: Mapping[str, OwnRow] = MappingProxyType({})


class MemoryStore:
    """A store whose records are gone when the process ends. ``budget`` bounds what its worlds have of their own."""

    def __init__(self, records: Iterable[Record] = (), budget: StateBudget | None = None) -> None:
        self._budget = StateBudget() if budget is None else budget
        self._resources: dict[str, ResourceRecords] = {}
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

    def of(self, resource: str) -> ResourceRecords:
        """Return the records of a resource."""
        return self._resources.get(resource, NO_RECORDS)

    def version(self, resource: str) -> int:
        """Return a number that grows with every change of a resource."""
        return self.of(resource).version

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record of a handle, None where there is none."""
        return self.of(resource).by_handle.get(handle)

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records of a resource that a search matches, in the order in which they came."""
        return self.of(resource).records(search)

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches."""
        return self.of(resource).count(search)

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that have records, in alphabetical order."""
        return sorted(name for name, held in self._resources.items() if held.in_order)

    def own(self, resource: str) -> Mapping[str, OwnRow]:
        """Return no rows: what every world starts with is nobody's own."""
        return _NO_ROWS

    def own_row(self, resource: str, handle: str) -> OwnRow:
        """Return that nobody changed a handle."""
        return Absence.UNTOUCHED

    def layer(self, world: str) -> CopyOnWriteRecords:
        """Return a new layer over these records."""
        return CopyOnWriteRecords(self, world, self._budget)

    def load(self, records: Callable[[], Iterable[Record]], *, only_into_empty: bool) -> bool:
        """Replace all records by these; return whether they were loaded."""
        if only_into_empty and any(held.in_order for held in self._resources.values()):
            return False
        self._replace(records())
        return True

    def _replace(self, records: Iterable[Record]) -> None:
        """Hold these records. A resource whose records are the same as before keeps its version."""
        new: dict[str, dict[str, Record]] = {}
        for record in records:
            new.setdefault(record.resource, {})[record.handle] = record
        self._revision = next_revision()
        held: dict[str, ResourceRecords] = {}
        for resource in {**self._resources, **new}:
            before, after = self.of(resource), ResourceRecords(new.get(resource, {}), self._revision)
            held[resource] = before if before.in_order == after.in_order else after
        self._resources = held


class MemoryStores:
    """A new store for each contract, with one budget for the worlds of all."""

    def __init__(self, budget: StateBudget | None = None) -> None:
        self._budget = StateBudget() if budget is None else budget

    def store(self, contract: str) -> Store:
        """Return an empty store."""
        return MemoryStore(budget=self._budget)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""
