"""The changes of one world within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from mock_server.storage.change_set import Cause
from mock_server.storage.lasting import EVENTS, LASTING
from mock_server.storage.record import Absence, OwnRow, Record, RecordChange
from mock_server.storage.sql.cache_state import Changed
from mock_server.storage.sql.change_history import append_changes
from mock_server.storage.sql.rows import (
    StoredRow,
    drop_old_events,
    drop_rows,
    own_position,
    read_rows,
    record_of,
    row_of,
    touch_world,
    write_rows,
)
from mock_server.storage.sql.schema import EVERY_WORLD, WORLDS
from mock_server.storage.sql.worlds import drop_world
from mock_server.storage.state_budget import is_counted, refuse_more_records

_WORLD = text("SELECT 1 FROM mock_worlds WHERE contract = :contract AND world = :world")


@dataclass(slots=True)
class _StoredPlace:
    """What there is of a handle: the row of the world with its position, and that of the fixtures."""

    row: OwnRow = Absence.UNTOUCHED
    position: int = 0
    fixture: StoredRow | None = None
    is_stored: bool = False
    """Whether the table has a row of the world."""


class WorldWriter:
    """Reads rows, changes them, and writes them at the end; of ``capacity`` worlds the one changed longest ago goes.

    With ``restoring`` records that were deleted get their places again.
    """

    def __init__(
        self,
        connection: Connection,
        contract: int,
        world: str,
        revision: int,
        capacity: int,
        *,
        restoring: bool = False,
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._world = world
        self._revision = revision
        self._capacity = capacity
        self._restoring = restoring
        self._places: dict[tuple[str, str], _StoredPlace] = {}
        self._changes: list[RecordChange] = []
        self._records = 0
        """How many records the world has more than before."""

    def read(self, keys: Sequence[tuple[str, str]]) -> None:
        """Read the rows of resources and handles, before anything else is done with them."""
        self._places |= {key: _StoredPlace() for key in keys}
        for world, resource, handle, stored in read_rows(self._connection, self._contract, self._world, [*keys]):
            place = self._places[resource, handle]
            if world == EVERY_WORLD:
                place.fixture = stored
            else:
                place.row = Absence.DELETED if stored.deleted else record_of(stored, resource, handle)
                place.position, place.is_stored = stored.position, True

    def shown(self, resource: str, handle: str) -> Record | None:
        """Return the record that the world shows."""
        place = self._places[resource, handle]
        if place.row is Absence.UNTOUCHED:
            return None if place.fixture is None else record_of(place.fixture, resource, handle)
        return place.row if isinstance(place.row, Record) else None

    def apply(self, changes: Sequence[RecordChange]) -> bool:
        """Make changes; return False where a row is not what one of them says."""
        self.read([*dict.fromkeys((change.resource, change.handle) for change in changes)])
        for change in changes:
            if not change.is_of(self._places[change.resource, change.handle].row):
                return False
            self.put(change.resource, change.handle, change.after)
        return True

    def put(self, resource: str, handle: str, row: OwnRow) -> None:
        """Put a row in place of what there is."""
        place = self._places[resource, handle]
        change = RecordChange(resource, handle, place.row, row)
        self._changes.append(change)
        self._records += is_counted(resource, row) - is_counted(resource, change.before)
        place.position = self._position(place, row)
        place.row = row

    def _position(self, place: _StoredPlace, row: OwnRow) -> int:
        """Return the position of a row: a changed one keeps its own, a changed fixture that of the fixture.

        A record that is new, or comes again, is the last; those of one transaction in the order in which they came.
        """
        if place.row is Absence.UNTOUCHED:
            return own_position(self._revision, len(self._changes)) if place.fixture is None else place.fixture.position
        comes_again = place.row is Absence.DELETED and isinstance(row, Record) and not self._restoring
        return own_position(self._revision, len(self._changes)) if comes_again else place.position

    def finish(self, cause: Cause | None) -> list[Changed]:
        """Write all of it, and remember it with its cause if there is one; return what was changed.

        Raises :class:`StoreFullError` where the world has more records than it may have.
        """
        written: list[dict[str, Any]] = []
        dropped: list[tuple[str, str]] = []
        for (resource, handle), place in self._places.items():
            row = place.row
            if row is not Absence.UNTOUCHED:
                record = row if isinstance(row, Record) else Record(resource, handle, {})
                is_deleted = row is Absence.DELETED
                written.append(row_of(record, self._contract, self._world, place.position, deleted=is_deleted))
            elif place.is_stored:
                dropped.append((resource, handle))
        drop_rows(self._connection, self._contract, self._world, dropped)
        write_rows(self._connection, written)
        revocable = [change for change in self._changes if change.resource not in LASTING]
        if cause is not None and revocable:
            append_changes(self._connection, self._contract, self._world, cause, revocable)
        forgotten = drop_old_events(self._connection, self._contract, self._world) if self._has_events else []
        dropped_worlds = touched(
            self._connection, self._contract, self._world, self._revision, self._capacity, self._records
        )
        keys = (*self._places, *((EVENTS, handle) for handle in forgotten))
        return [*dropped_worlds, *((self._contract, self._world, *key) for key in keys)]

    @property
    def _has_events(self) -> bool:
        return any(change.resource == EVENTS and change.before is Absence.UNTOUCHED for change in self._changes)


def touched(
    connection: Connection, contract: int, world: str, revision: int, capacity: int, records: int
) -> list[Changed]:
    """Note that a world was changed and has so many records more; make room for it, where it is one too many.

    Returns what was dropped: the worlds that were changed longest ago. The plain world stays. Raises
    :class:`StoreFullError` where the world has more records than it may have.
    """
    dropped: list[Changed] = []
    if not connection.execute(_WORLD, {"contract": contract, "world": world}).first():
        named = select(WORLDS.c.world).where(WORLDS.c.contract == contract, WORLDS.c.world != "")
        worlds = connection.execute(named.order_by(WORLDS.c.revision)).scalars().all()
        oldest = worlds[: len(worlds) - capacity + 1] if len(worlds) >= capacity else ()
        dropped = [change for name in oldest for change in drop_world(connection, contract, name)]
    number = touch_world(connection, contract, world, revision, records)
    if records > 0:
        refuse_more_records(number, world)
    return dropped
