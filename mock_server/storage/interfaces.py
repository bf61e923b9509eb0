"""The protocol of stores, which all other modules use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mock_server.core.types import JSON
from mock_server.storage.query import ALL, RecordQuery

HANDLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""The form of every handle."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a resource. ``value`` is read-only; ``location`` is the file and line it came from."""

    resource: str
    handle: str
    value: dict[str, JSON]
    location: str = ""


class RecordReader(Protocol):
    """Read access to records by resource and handle. Records are validated before they get into a store.

    A store that others share raises :class:`StoreLostError` where it cannot be read for now.
    """

    @property
    def revision(self) -> int:
        """The number of the present state: any other state has another number, over all layers of a store.

        It never raises and never waits, and costs less than a microsecond. It is negative where nobody knows: while the
        store is lost, :data:`UNKNOWN` where to know it would be to wait for somebody, and :data:`UNASKED` where it
        would be to ask another machine.
        """

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record of a handle, None where there is none."""

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records of a resource that a search matches, in the order in which they came."""

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches, without regard to its offset and limit."""


class RecordWriter(RecordReader, Protocol):
    """The records of one world, for changes. When a call returns, its change is stored, and later reads see it.

    Each method raises :class:`StoreLostError` or :class:`StoreFullError` where nothing could be changed.
    """

    def put(self, record: Record) -> bool:
        """Put a record, in place of one of the same handle if there is one; return whether there was none."""

    def add(self, record: Record) -> bool:
        """Add a record with a new handle; return False, and change nothing, where the handle has a record."""

    def change(self, old: Record, new: Record) -> bool:
        """Replace ``old`` by ``new``; return False, and change nothing, where ``old`` is no longer there unchanged."""

    def delete(self, resource: str, handle: str) -> bool:
        """Delete a record; return whether there was one."""

    def clear(self) -> None:
        """Drop all changes of the world."""


class Store(RecordReader, Protocol):
    """The records that every world starts with."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes change it too, so that a world may have records from elsewhere."""

    def layer(self, world: str) -> RecordWriter:
        """Return the layer of a world over these records. Where the store is not shared, the caller has to keep it."""

    def load(self, records: Callable[[], Iterable[Record]], *, only_into_empty: bool) -> bool:
        """Replace all records by these; on an error all stay as they were. Return whether they were loaded.

        ``only_into_empty`` leaves a store alone that has any record, and does not read ``records`` then.
        """


class StoreFactory(Protocol):
    """The stores of all contracts."""

    def store(self, contract: str) -> Store:
        """Return the store of a contract, by a name that stays the same over restarts."""

    def close(self) -> None:
        """Close all files and connections; it may be called more than once."""
