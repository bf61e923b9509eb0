"""Copy on write: the changed records of a world over records that all worlds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import RLock
from types import MappingProxyType

from mock_server.core.value_class import value_class
from mock_server.storage.change_log import ChangeLog
from mock_server.storage.change_set import NO_CAUSE, Cause, ChangeSet, Snapshot
from mock_server.storage.interfaces import RecordReader, RecordWriter
from mock_server.storage.lasting import EVENTS, LASTING, MOST_EVENTS
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.record import Absence, OwnRow, Record, RecordChange
from mock_server.storage.resource_records import FrozenRows, OwnRows, SharedRecords
from mock_server.storage.revision import next_revision
from mock_server.storage.state_budget import (
    StateBudget,
    is_counted,
    refuse_more_records,
    refuse_more_snapshots,
    row_bytes,
)

_NO_ROWS: Mapping[str, OwnRow] = MappingProxyType({})


class CopyOnWriteRecords:
    """Changed records over a store that stays as it is. It takes memory for the changed records only.

    Changes raise :class:`StoreFullError` where the budget of all worlds has no room for them, or where the world has
    as many records of its own as it may have.
    """

    __slots__ = (
        "_base",
        "_base_revision",
        "_budget",
        "_happened",
        "_held",
        "_lock",
        "_log",
        "_own",
        "_records",
        "_revision",
        "_snapshots",
        "_world",
    )

    def __init__(self, base: SharedRecords, world: str = "", budget: StateBudget | None = None) -> None:
        self._base = base
        self._world = world
        self._budget = StateBudget() if budget is None else budget
        self._lock = RLock()
        """Who changes rows or takes all of them has it: long work is done in a thread beside the event loop."""
        self._own: dict[str, OwnRows] = {}
        """The rows of each resource that has any."""
        self._held = 0
        """Bytes that they take, without those that say what has happened."""
        self._happened = 0
        """Bytes of rows that say what has happened."""
        self._records = 0
        """How many of them count as records."""
        self._log = ChangeLog()
        self._snapshots: dict[str, FrozenState] = {}
        self._revision = 0
        self._base_revision = 0
        """The revision of the base for which ``_revision`` stands."""

    def __del__(self) -> None:
        self._budget.adjust(
            -self._held - self._happened - self._log.held - sum(state.held for state in self._snapshots.values())
        )

    @property
    def revision(self) -> int:
        """A number that is new after every change, here or below."""
        base = self._base.revision
        if not self._own:
            return base
        if self._base_revision != base:
            self._base_revision, self._revision = base, next_revision()
        return self._revision

    def version(self, resource: str) -> int:
        """Return a number that is new after every change of a resource, here or below."""
        own, base = self._own.get(resource), self._base.of(resource)
        return base.version if own is None else own.version_over(base)

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record of a handle, None where there is none."""
        row = self.own_row(resource, handle)
        if row is Absence.UNTOUCHED:
            return self._base.of(resource).by_handle.get(handle)
        return row if isinstance(row, Record) else None

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records that a search matches: those of the store below in their order, then the new ones."""
        own, base = self._own.get(resource), self._base.of(resource)
        if own is None:
            return base.records(search)
        with self._lock:
            order = own.order_over(base)
        return order.records(search)

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches."""
        own, base = self._own.get(resource), self._base.of(resource)
        if own is None:
            return base.count(search)
        with self._lock:
            order = own.order_over(base)
        return order.count(search)

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that have rows, in alphabetical order."""
        return sorted({*self._base.resources(), *self._own})

    def own(self, resource: str) -> Mapping[str, OwnRow]:
        """Return the rows of a resource that were changed here, in the order in which they came."""
        with self._lock:
            own = self._own.get(resource)
            return _NO_ROWS if own is None else own.lend()

    def own_row(self, resource: str, handle: str) -> OwnRow:
        """Return what was changed here of a handle."""
        own = self._own.get(resource)
        return Absence.UNTOUCHED if own is None else own.rows.get(handle, Absence.UNTOUCHED)

    def put(self, record: Record, cause: Cause = NO_CAUSE) -> bool:
        """Put a record, in place of one of the same handle if there is one; return whether there was none."""
        with self._lock:
            is_new = self.get(record.resource, record.handle) is None
            self._make([self._changed(record.resource, record.handle, record)], cause)
        return is_new

    def add(self, record: Record, cause: Cause = NO_CAUSE) -> bool:
        """Add a record with a new handle; return whether the handle was free."""
        with self._lock:
            return self.get(record.resource, record.handle) is None and self.put(record, cause)

    def change(self, old: Record, new: Record, cause: Cause = NO_CAUSE) -> bool:
        """Replace a record by another; return whether it was still there unchanged."""
        with self._lock:
            if self.get(old.resource, old.handle) != old:
                return False
            self.put(new, cause)
        return True

    def delete(self, resource: str, handle: str, cause: Cause = NO_CAUSE) -> bool:
        """Delete a record; return whether there was one."""
        with self._lock:
            if self.get(resource, handle) is None:
                return False
            self._make([self._changed(resource, handle, Absence.DELETED)], cause)
        return True

    def apply(self, changes: Sequence[RecordChange], cause: Cause = NO_CAUSE) -> bool:
        """Make all changes, or none of them where any row is no longer what the change says."""
        rows: dict[tuple[str, str], OwnRow] = {}
        with self._lock:
            for change in changes:
                key = (change.resource, change.handle)
                if not change.is_of(rows[key] if key in rows else self.own_row(*key)):
                    return False
                rows[key] = change.after
            if changes:
                self._make(changes, cause)
        return True

    def history(self) -> Sequence[ChangeSet]:
        """Return the last change sets, the oldest first."""
        return [*self._log.sets]

    def undo(self, steps: int) -> Sequence[ChangeSet]:
        """Take back the last so many change sets; return them, the last first, or none where there are not as many."""
        with self._lock:
            if not 0 < steps <= len(self._log.sets):
                return ()
            undone = self._log.sets[: -steps - 1 : -1]
            self._make([change for change_set in undone for change in change_set.reversed()], None)
            held = self._log.held
            self._log.drop_last(steps)
            self._budget.adjust(self._log.held - held)
        return undone

    def freeze(self, name: str, at: float) -> None:
        """Keep what the world has now as a snapshot; it takes as much again of the budget."""
        with self._lock:
            refuse_more_snapshots(len({*self._snapshots, name}), self._world)
            former = self._snapshots.get(name)
            self._budget.take(self._held - (0 if former is None else former.held))
            info = Snapshot(name, at, self._records)
            self._snapshots[name] = FrozenState(self._frozen(), self._held, info)

    def snapshots(self) -> Mapping[str, Snapshot]:
        """Return the snapshots by name, in alphabetical order."""
        return {name: state.info for name, state in sorted(self._snapshots.items())}

    def restore(self, name: str) -> bool:
        """Have again what a snapshot has, and nothing else; return whether there is one of that name."""
        with self._lock:
            state = self._snapshots.get(name)
            if state is not None:
                self._begin_with(state.rows, state.held, state.info.records)
        return state is not None

    def drop_snapshot(self, name: str) -> bool:
        """Drop a snapshot; return whether there was one of that name."""
        with self._lock:
            state = self._snapshots.pop(name, None)
            if state is not None:
                self._budget.adjust(-state.held)
        return state is not None

    def snapshot_records(self, name: str) -> RecordReader | None:
        """Return the records as a snapshot shows them, None where there is none of that name."""
        state = self._snapshots.get(name)
        if state is None:
            return None
        records = CopyOnWriteRecords(self._base, self._world, self._budget)
        records._begin_with(state.rows, 0, 0)  # whose bytes are those of the snapshot
        return records

    def copy_from(self, other: RecordWriter) -> None:
        """Have what another world of the same store has now, and nothing else."""
        if not isinstance(other, CopyOnWriteRecords):
            raise TypeError(f"found records of another kind of store, {type(other).__name__}")
        with other._lock:
            rows, held, records = other._frozen(), other._held, other._records
        with self._lock:
            self._begin_with(rows, held, records)

    def clear(self) -> None:
        """Drop all changes, so that the store below is visible again, history and snapshots."""
        with self._lock:
            self._begin_with({}, 0, 0)
            self._budget.adjust(-self._happened)
            self._own, self._happened = {}, 0
            for name in [*self._snapshots]:
                self.drop_snapshot(name)

    def _frozen(self) -> dict[str, FrozenRows]:
        return {resource: own.freeze() for resource, own in self._own.items() if resource not in LASTING}

    def _begin_with(self, rows: Mapping[str, FrozenRows], held: int, records: int) -> None:
        """Have these rows instead of all that there are, but for what has happened, and no history."""
        self._budget.take(held - self._held - self._log.held)
        self._log.clear()
        happened = {resource: own for resource, own in self._own.items() if resource in LASTING}
        self._own = {**{resource: OwnRows(lent) for resource, lent in rows.items()}, **happened}
        self._held, self._records, self._revision = held, records, next_revision()

    def _changed(self, resource: str, handle: str, row: OwnRow) -> RecordChange:
        """Return the change of a row, whatever it is now."""
        return RecordChange(resource, handle, self.own_row(resource, handle), row)

    def _make(self, changes: Sequence[RecordChange], cause: Cause | None) -> None:
        """Make changes, if there is room for them, and remember them; without a cause they take others back."""
        size = replaced = records = happened = 0
        lasting = [change for change in changes if change.resource in LASTING]
        revocable = [change for change in changes if change.resource not in LASTING] if lasting else changes
        for change in revocable:
            before = _bytes_of(change.before)
            size += _bytes_of(change.after) - before
            replaced += before
            records += is_counted(change.resource, change.after) - is_counted(change.resource, change.before)
        for change in lasting:
            happened += _bytes_of(change.after) - _bytes_of(change.before)
        if cause is None:
            self._budget.adjust(size + happened)
        else:
            if records > 0:
                refuse_more_records(self._records + records, self._world)
            self._take_room(revocable, cause, size + happened, replaced)
        self._held += size
        self._happened += happened
        self._records += records
        for change in changes:
            self._put(change.resource, change.handle, change.after, restoring=cause is None)
        if lasting:
            self._forget_events()

    def _take_room(self, changes: Sequence[RecordChange], cause: Cause, size: int, replaced: int) -> None:
        """Take room for changes, and remember them where there is room: what is past goes before one is refused."""
        remembered = self._log.size(changes, replaced) if changes else 0
        held = self._log.held
        while self._log.sets and not self._budget.has_room(size + remembered + self._log.held - held):
            self._log.forget_oldest()
        self._budget.adjust(self._log.held - held)
        while not self._budget.has_room(size) and self._forget_event():
            pass
        if not changes or not self._budget.has_room(size + remembered):
            self._budget.take(size)
            return
        self._budget.adjust(size)
        held = self._log.held
        self._log.add(changes, cause, remembered)
        self._budget.adjust(self._log.held - held)

    def _forget_events(self) -> None:
        """Forget the oldest events where there are too many."""
        own = self._own.get(EVENTS)
        while own is not None and len(own.rows) > MOST_EVENTS:
            self._forget_event()

    def _forget_event(self) -> bool:
        """Forget the oldest event; return whether there was one."""
        own = self._own.get(EVENTS)
        if own is None:
            return False
        handle, row = next(iter(own.rows.items()))
        size = _bytes_of(row)
        self._happened -= size
        self._budget.adjust(-size)
        self._put(EVENTS, handle, Absence.UNTOUCHED, restoring=False)
        return True

    def _put(self, resource: str, handle: str, row: OwnRow, *, restoring: bool) -> None:
        own = self._own.get(resource)
        if own is None:
            own = self._own[resource] = OwnRows()
        own.put(handle, row, self._base.of(resource), restoring=restoring)
        if not own.rows:
            del self._own[resource]
        self._revision = next_revision()


@value_class
class FrozenState:
    """What a snapshot has: rows by resource, and the bytes that they take."""

    rows: Mapping[str, FrozenRows]
    held: int
    info: Snapshot


def _bytes_of(row: OwnRow) -> int:
    return 0 if row is Absence.UNTOUCHED else row_bytes(row)
