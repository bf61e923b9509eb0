"""The records of a world in a database, to be changed: each change is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from mock_server.storage.change_set import NO_CAUSE, Cause, ChangeSet, Snapshot
from mock_server.storage.interfaces import RecordReader, RecordWriter
from mock_server.storage.record import HANDLE, Absence, Record, RecordChange
from mock_server.storage.sql.cache_state import Changed
from mock_server.storage.sql.change_history import drop_changes, last_changes
from mock_server.storage.sql.database import Database
from mock_server.storage.sql.records import SqlRecords
from mock_server.storage.sql.rows import touch_world
from mock_server.storage.sql.world_writer import WorldWriter, touched
from mock_server.storage.sql.worlds import (
    begin_with,
    drop_snapshot,
    drop_world,
    freeze,
    records_of,
    rows_of_snapshot,
    snapshots_of,
)


class SqlLayer(SqlRecords):
    """The records of a world, to be changed. Of more worlds than ``capacity`` the one changed longest ago goes."""

    def __init__(self, database: Database, contract: int, world: str, capacity: int) -> None:
        super().__init__(database, contract, world)
        self._kept = capacity

    def put(self, record: Record, cause: Cause = NO_CAUSE) -> bool:
        """Put a record, in place of one of the same handle if there is one; return whether there was none."""
        is_new = False

        def put(writer: WorldWriter) -> bool:
            nonlocal is_new
            is_new = writer.shown(record.resource, record.handle) is None
            writer.put(record.resource, record.handle, record)
            return True

        self._changed(record.resource, record.handle, put, cause)
        return is_new

    def add(self, record: Record, cause: Cause = NO_CAUSE) -> bool:
        """Add a record with a new handle; return whether the handle was free."""

        def add(writer: WorldWriter) -> bool:
            if writer.shown(record.resource, record.handle) is not None:
                return False
            writer.put(record.resource, record.handle, record)
            return True

        return self._changed(record.resource, record.handle, add, cause)

    def change(self, old: Record, new: Record, cause: Cause = NO_CAUSE) -> bool:
        """Replace a record by another of the same handle; return whether it was still there unchanged."""

        def change(writer: WorldWriter) -> bool:
            if writer.shown(old.resource, old.handle) != old:
                return False
            writer.read([(new.resource, new.handle)])
            writer.put(new.resource, new.handle, new)
            return True

        return self._changed(old.resource, old.handle, change, cause)

    def delete(self, resource: str, handle: str, cause: Cause = NO_CAUSE) -> bool:
        """Delete a record; return whether there was one."""

        def remove(writer: WorldWriter) -> bool:
            if writer.shown(resource, handle) is None:
                return False
            writer.put(resource, handle, Absence.DELETED)
            return True

        return HANDLE.fullmatch(handle) is not None and self._changed(resource, handle, remove, cause)

    def apply(self, changes: Sequence[RecordChange], cause: Cause = NO_CAUSE) -> bool:
        """Make all changes, or none of them where any row is no longer what the change says."""
        if not changes:
            return True

        def apply(connection: Connection, revision: int) -> Sequence[Changed]:
            writer = self._writer(connection, revision)
            return writer.finish(cause) if writer.apply(changes) else ()

        return self._database.change(apply)

    def history(self) -> Sequence[ChangeSet]:
        """Return the last change sets, the oldest first."""
        with self._database.reading() as connection:
            return last_changes(connection, self._contract, self._world)[::-1]

    def undo(self, steps: int) -> Sequence[ChangeSet]:
        """Take back the last so many change sets; return them, the last first, or none where there are not as many."""
        undone: Sequence[ChangeSet] = ()

        def undo(connection: Connection, revision: int) -> Sequence[Changed]:
            nonlocal undone
            undone = last_changes(connection, self._contract, self._world, steps)
            if len(undone) < steps:
                return ()
            writer = self._writer(connection, revision, restoring=True)
            if not writer.apply([change for change_set in undone for change in change_set.reversed()]):
                return ()  # a program that keeps no history has changed something since
            drop_changes(connection, self._contract, self._world, undone[-1].number)
            return writer.finish(None)

        return undone if steps > 0 and self._database.change(undo) else ()

    def freeze(self, name: str, at: float) -> None:
        """Keep what the world has now as a snapshot, in place of one of the same name if there is one."""

        def keep(connection: Connection, revision: int) -> Sequence[Changed]:
            dropped = touched(connection, self._contract, self._world, revision, self._kept, 0)
            return [*dropped, *freeze(connection, self._contract, self._world, name, at)]

        self._database.change(keep)

    def snapshots(self) -> Mapping[str, Snapshot]:
        """Return the snapshots by name, in alphabetical order."""
        with self._database.reading() as connection:
            return snapshots_of(connection, self._contract, self._world)

    def restore(self, name: str) -> bool:
        """Have again what a snapshot has, and nothing else; return whether there is one of that name."""

        def restore(connection: Connection, revision: int) -> Sequence[Changed]:
            snapshot = snapshots_of(connection, self._contract, self._world).get(name)
            rows = rows_of_snapshot(connection, self._contract, self._world, name)
            if snapshot is None or rows is None:
                return ()
            return begin_with(connection, self._contract, self._world, rows, revision, snapshot.records)

        return self._database.change(restore)

    def drop_snapshot(self, name: str) -> bool:
        """Drop a snapshot; return whether there was one of that name."""
        return self._database.change(lambda connection, _: drop_snapshot(connection, self._contract, self._world, name))

    def snapshot_records(self, name: str) -> RecordReader | None:
        """Return the records as a snapshot shows them, None where there is none of that name."""
        with self._database.reading() as connection:
            rows = rows_of_snapshot(connection, self._contract, self._world, name)
        return None if rows is None else SqlRecords(self._database, self._contract, rows)

    def copy_from(self, other: RecordWriter) -> None:
        """Have what another world of the same store has now, and nothing else."""
        if not isinstance(other, SqlLayer):
            raise TypeError(f"found records of another kind of store, {type(other).__name__}")
        source = other._world

        def copy(connection: Connection, revision: int) -> Sequence[Changed]:
            records = records_of(connection, self._contract, source)
            touch_world(connection, self._contract, source, revision, 0)  # so that it is not the one that goes
            dropped = touched(connection, self._contract, self._world, revision, self._kept, 0)
            return [*dropped, *begin_with(connection, self._contract, self._world, source, revision, records)]

        if source != self._world:
            self._database.change(copy)

    def clear(self) -> None:
        """Drop all changes, so that the fixtures are visible again, history and snapshots."""
        self._database.confirm()
        # A world without rows has nothing to drop, which needs no transaction.
        if self._has_rows:
            self._database.change(lambda connection, _: drop_world(connection, self._contract, self._world))

    def _writer(self, connection: Connection, revision: int, *, restoring: bool = False) -> WorldWriter:
        return WorldWriter(connection, self._contract, self._world, revision, self._kept, restoring=restoring)

    def _changed(self, resource: str, handle: str, step: Callable[[WorldWriter], bool], cause: Cause) -> bool:
        """Take a step that may change the row of a handle; return whether it did."""

        def change(connection: Connection, revision: int) -> Sequence[Changed]:
            writer = self._writer(connection, revision)
            writer.read([(resource, handle)])
            return writer.finish(cause) if step(writer) else ()

        return self._database.change(change)
