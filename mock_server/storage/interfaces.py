"""The protocol of stores, which all other modules use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from mock_server.storage.change_set import NO_CAUSE, Cause, ChangeSet, Snapshot
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.record import OwnRow, Record, RecordChange


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

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that have rows, in alphabetical order."""

    def own(self, resource: str) -> Mapping[str, OwnRow]:
        """Return the rows of a resource that this world has itself by handle, in the order in which they came.

        Deleted ones are among them. What is returned stays as it is whatever is changed later. The records that every
        world starts with have no such rows.
        """

    def own_row(self, resource: str, handle: str) -> OwnRow:
        """Return what this world itself has of a handle."""

    def version(self, resource: str) -> int:
        """Return the number of the present state of one resource: any other state has another number.

        A store that cannot tell changes of one resource from those of others returns its revision. It is negative where
        nobody knows, as ``revision`` is, and never raises or waits.
        """


class RecordWriter(RecordReader, Protocol):
    """The records of one world, for changes. When a call returns, its change is stored, and later reads see it.

    Each change is remembered with its cause.
    Each method raises :class:`StoreLostError` or :class:`StoreFullError` where nothing could be changed.
    """

    def put(self, record: Record, cause: Cause = NO_CAUSE) -> bool:
        """Put a record, in place of one of the same handle if there is one; return whether there was none."""

    def add(self, record: Record, cause: Cause = NO_CAUSE) -> bool:
        """Add a record with a new handle; return False, and change nothing, where the handle has a record."""

    def change(self, old: Record, new: Record, cause: Cause = NO_CAUSE) -> bool:
        """Replace ``old`` by ``new``; return False, and change nothing, where ``old`` is no longer there unchanged."""

    def delete(self, resource: str, handle: str, cause: Cause = NO_CAUSE) -> bool:
        """Delete a record; return whether there was one."""

    def apply(self, changes: Sequence[RecordChange], cause: Cause = NO_CAUSE) -> bool:
        """Make all changes, or none of them: return False where any row is no longer what the change says.

        A record that comes again after it was deleted is the last of its resource.
        """

    def history(self) -> Sequence[ChangeSet]:
        """Return the last :data:`MOST_CHANGE_SETS` change sets at most, the oldest first.

        Each call that changes rows is one. There is none of before the world was cleared, restored or copied.
        """

    def undo(self, steps: int) -> Sequence[ChangeSet]:
        """Take back the last so many change sets; return them, the last first.

        Returns none, and changes nothing, where there are not as many. Records that were deleted have their places
        again.
        """

    def freeze(self, name: str, at: float) -> None:
        """Keep what the world has now as a snapshot of that name, in place of one of the same name if there is one.

        ``at`` is the time, in seconds since 1970.
        """

    def snapshots(self) -> Mapping[str, Snapshot]:
        """Return the snapshots by name, in alphabetical order."""

    def restore(self, name: str) -> bool:
        """Have again what a snapshot has, and nothing else; return whether there is one of that name."""

    def drop_snapshot(self, name: str) -> bool:
        """Drop a snapshot; return whether there was one of that name."""

    def snapshot_records(self, name: str) -> RecordReader | None:
        """Return the records as a snapshot shows them, None where there is none of that name."""

    def copy_from(self, other: RecordWriter) -> None:
        """Have what another world of the same store has now, and nothing else. Snapshots stay."""

    def clear(self) -> None:
        """Drop all changes of the world, its history and its snapshots."""


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
