"""Records in the tables of a database: those of a world over those that every world starts with."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    union_all,
)

from mock_server.core.deadline import WaitNeeded, without_waiting
from mock_server.core.errors import StoreLostError
from mock_server.storage.interfaces import HANDLE, Record
from mock_server.storage.query import ALL, RecordQuery, folded, storable, texts_of
from mock_server.storage.revision import UNASKED, UNKNOWN
from mock_server.storage.sql.cache_state import Changed
from mock_server.storage.sql.database import Database
from mock_server.storage.sql.row_cache import Missing
from mock_server.storage.sql.row_cache import Row as KeptRow
from mock_server.storage.sql.schema import EVERY_WORLD, RECORDS, WORLDS

log = logging.getLogger("mock_server")

COUNTED = 64
"""Most searches whose number of records is remembered."""
BATCH = 1000
"""Records that are written at once while many are loaded."""
TOLD = 50_000
"""Records after which the progress of loading is logged: that many take some seconds."""
_OWN = 1 << 40
"""The position from which on records come that were added after the fixtures."""
_columns = RECORDS.c

_ROW = select(_columns.value, _columns.deleted, _columns.location, _columns.position).where(
    *(_columns[name] == bindparam(name) for name in ("contract", "world", "resource", "handle"))
)
_PUT = text(
    "INSERT INTO mock_records (contract, world, resource, handle, position, deleted, value, texts, location)"
    " VALUES (:contract, :world, :resource, :handle, :position, :deleted, :value, :texts, :location)"
    " ON CONFLICT (contract, world, resource, handle) DO UPDATE SET"
    " deleted = excluded.deleted, value = excluded.value, texts = excluded.texts, location = excluded.location"
)
_TOUCH = text(
    "INSERT INTO mock_worlds (contract, world, revision) VALUES (:contract, :world, :revision)"
    " ON CONFLICT (contract, world) DO UPDATE SET revision = excluded.revision"
)


class SqlRecords:
    """The records that one world of one contract shows."""

    def __init__(self, database: Database, contract: int, world: str) -> None:
        self._database = database
        self._contract = contract
        self._world = world
        self._worlds = tuple(dict.fromkeys((world, EVERY_WORLD)))
        """The worlds whose rows are visible, the uppermost first."""
        self._counted: tuple[int, dict[tuple[str, str, str], int]] = (-1, {})
        """Counts of searches, and the generation that they belong to.

        A client that reads part by part needs the total each time.
        """
        self._generation = -1
        self._revision = 0

    @property
    def revision(self) -> int:
        """The number of what is shown now, which no other state has; a negative one while that cannot be known."""
        database = self._database
        if (
            # The same test as in Database.confirm, inline because every request reads this number.
            database.mark[0] == database.seen
            and monotonic() < database.fresh_until
            and self._generation == database.knowledge.generation
        ):
            database.is_used = True
            return self._revision
        try:
            with without_waiting():
                database.confirm()
        except WaitNeeded as need:
            return UNKNOWN if need.first is None or database.is_held_up else UNASKED
        except StoreLostError:
            return database.absence
        self._generation = database.knowledge.generation
        self._revision = database.knowledge.revision(self._contract, self._world)
        return self._revision

    def get(self, resource: str, handle: str) -> Record | None:
        """Return the record of a handle, None where there is none."""
        try:
            return self._get(resource, handle)
        except WaitNeeded as need:
            if need.first is None:
                raise
            raise WaitNeeded(partial(self._get, resource, handle)) from None

    def _get(self, resource: str, handle: str) -> Record | None:
        self._database.confirm()
        rows = (self._known(world, resource, handle) for world in self._worlds)
        row = next((row for row in rows if row is not Missing.ABSENT), Missing.ABSENT)
        if row is Missing.UNKNOWN:
            row = self._asked_for(resource, handle)
        return row if isinstance(row, Record) else None

    def records(self, resource: str, search: RecordQuery = ALL) -> Sequence[Record]:
        """Return the records that a search matches, the fixtures first."""
        with self._database.reading() as connection:
            query = self._meant(resource, search).order_by("position", "handle")
            if search.limit is not None:
                query = query.limit(search.limit)
            rows = connection.execute(query.offset(search.offset) if search.offset else query).all()
        return [Record(resource, row.handle, json.loads(row.value), row.location) for row in rows]

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches."""
        with self._database.reading() as connection:
            generation, key = self._database.knowledge.generation, (resource, search.text, search.handle)
            if self._counted[0] != generation or len(self._counted[1]) >= COUNTED:
                self._counted = (generation, {})
            counts = self._counted[1]
            if key not in counts:
                subquery = self._meant(resource, search, _columns.handle).subquery()
                counts[key] = int(connection.execute(select(func.count()).select_from(subquery)).scalar_one())
            return counts[key]

    def _known(self, world: str, resource: str, handle: str) -> KeptRow | Literal[Missing.UNKNOWN]:
        """Return a row, as far as this process knows it without the database."""
        contract, knowledge = self._contract, self._database.knowledge
        if world != EVERY_WORLD and (contract, world) not in knowledge.worlds:
            return Missing.ABSENT
        return knowledge.kept.get((contract, world, resource, handle))

    def _asked_for(self, resource: str, handle: str) -> KeptRow:
        """Return the uppermost row that exists; the database is asked only for rows that are not cached."""
        if not HANDLE.fullmatch(handle):
            return Missing.ABSENT
        with self._database.reading() as connection:
            for world in self._worlds:
                row = self._known(world, resource, handle)
                if row is Missing.UNKNOWN:
                    row = self._read_and_kept(connection, world, resource, handle)
                if row is not Missing.ABSENT:
                    return row
        return Missing.ABSENT

    def _read_and_kept(self, connection: Connection, world: str, resource: str, handle: str) -> KeptRow:
        key = (self._contract, world, resource, handle)
        stored_row = _read(connection, *key)
        row: KeptRow = Missing.ABSENT
        if stored_row is not None:
            row = (
                None
                if stored_row.deleted
                else Record(resource, handle, json.loads(stored_row.value), stored_row.location)
            )
        self._database.knowledge.kept.keep(key, row, len(stored_row.value) if stored_row is not None else 0)
        return row

    def _meant(self, resource: str, search: RecordQuery, *columns: ColumnElement[Any]) -> Any:
        """Return the query for the rows that a search matches: of this world, and the fixtures it has not changed."""
        columns = columns or (_columns.handle, _columns.value, _columns.location, _columns.position)
        here, there = self._of(self._world, resource), self._of(EVERY_WORLD, resource)
        conditions = _conditions(search)
        fixtures = select(*columns).where(*there, *conditions)
        if self._world == EVERY_WORLD or (self._contract, self._world) not in self._database.knowledge.worlds:
            return fixtures
        # A row of the world hides that of the fixtures, also where it is marked as deleted.
        own = select(_columns.handle).where(*here)
        return union_all(
            fixtures.where(_columns.handle.not_in(own)),
            select(*columns).where(*here, _columns.deleted == 0, *conditions),
        )

    def _of(self, world: str, resource: str) -> tuple[ColumnElement[bool], ...]:
        return (_columns.contract == self._contract, _columns.world == world, _columns.resource == resource)


class SqlLayer(SqlRecords):
    """The records of a world, to be changed. Of more worlds than ``capacity`` the one changed longest ago goes."""

    def __init__(self, database: Database, contract: int, world: str, capacity: int) -> None:
        super().__init__(database, contract, world)
        self._kept = capacity

    def put(self, record: Record) -> bool:
        """Put a record, in place of one of the same handle if there is one; return whether there was none."""
        is_new = False

        def put(connection: Connection, revision: int) -> Sequence[Changed]:
            nonlocal is_new
            is_new = self._now(connection, record.resource, record.handle) is None
            return self._written(connection, revision, record)

        self._database.change(put)
        return is_new

    def add(self, record: Record) -> bool:
        """Add a record with a new handle; return whether the handle was free."""

        def add(connection: Connection, revision: int) -> Sequence[Changed]:
            if self._now(connection, record.resource, record.handle) is not None:
                return ()
            return self._written(connection, revision, record)

        return self._database.change(add)

    def change(self, old: Record, new: Record) -> bool:
        """Replace a record by another; return whether it was still there unchanged."""

        def change(connection: Connection, revision: int) -> Sequence[Changed]:
            if self._now(connection, old.resource, old.handle) != old:
                return ()
            return self._written(connection, revision, new)

        return self._database.change(change)

    def delete(self, resource: str, handle: str) -> bool:
        """Delete a record; return whether there was one."""

        def remove(connection: Connection, revision: int) -> Sequence[Changed]:
            if self._now(connection, resource, handle) is None:
                return ()
            return self._written(connection, revision, Record(resource, handle, {}), deleted=True)

        return HANDLE.fullmatch(handle) is not None and self._database.change(remove)

    def clear(self) -> None:
        """Drop all changes, so that the fixtures are visible again."""

        def clear(connection: Connection, _: int) -> Sequence[Changed]:
            return _dropped(connection, self._contract, self._world)

        self._database.confirm()
        # A world without rows has nothing to drop, which needs no transaction.
        if (self._contract, self._world) in self._database.knowledge.worlds:
            self._database.change(clear)

    def _now(self, connection: Connection, resource: str, handle: str) -> Record | None:
        """Return the record as it is within a transaction, without the cache."""
        for world in self._worlds:
            stored_row = _read(connection, self._contract, world, resource, handle)
            if stored_row is not None:
                return (
                    None
                    if stored_row.deleted
                    else Record(resource, handle, json.loads(stored_row.value), stored_row.location)
                )
        return None

    def _written(
        self, connection: Connection, revision: int, record: Record, *, deleted: bool = False
    ) -> Sequence[Changed]:
        below = _read(connection, self._contract, EVERY_WORLD, record.resource, record.handle)
        # A changed fixture keeps its place in lists; a new record comes after all fixtures.
        row = _row_of(record, self._contract, self._world, _OWN + revision if below is None else below.position)
        connection.execute(_PUT, {**row, "deleted": int(deleted)})
        world = {"contract": self._contract, "world": self._world}
        dropped: list[Changed] = []
        if not connection.execute(select(WORLDS.c.revision).filter_by(**world)).first():
            dropped = self._room_made(connection)
        connection.execute(_TOUCH, {**world, "revision": revision})
        return [*dropped, (self._contract, self._world, record.resource, record.handle)]

    def _room_made(self, connection: Connection) -> list[Changed]:
        """Drop the worlds that were changed longest ago, where there are as many as may be kept.

        The plain one stays.
        """
        named = select(WORLDS.c.world).where(WORLDS.c.contract == self._contract, WORLDS.c.world != "")
        worlds = connection.execute(named.order_by(WORLDS.c.revision)).scalars().all()
        oldest = worlds[: len(worlds) - self._kept + 1] if len(worlds) >= self._kept else ()
        return [change for world in oldest for change in _dropped(connection, self._contract, world)]


class SqlStore(SqlRecords):
    """The fixtures of a contract, which every world starts with."""

    def __init__(self, database: Database, contract: int, capacity: int) -> None:
        super().__init__(database, contract, EVERY_WORLD)
        self._kept = capacity

    @property
    def is_shared(self) -> Literal[True]:
        """Whether others change it: always, other processes may use it too."""
        return True

    def layer(self, world: str) -> SqlLayer:
        """Return the layer of a world over the fixtures."""
        return SqlLayer(self._database, self._contract, world, self._kept)

    def load(self, records: Callable[[], Iterable[Record]], *, only_into_empty: bool) -> bool:
        """Replace the fixtures by these, in one transaction; return whether they were loaded."""
        if only_into_empty and not self._is_empty():
            return False

        def loaded(connection: Connection) -> Sequence[Changed]:
            if only_into_empty and not _is_empty(connection, self._contract):
                return ()  # somebody else was quicker
            dropped = _dropped(connection, self._contract, EVERY_WORLD)
            rows = (_row_of(record, self._contract, EVERY_WORLD, place) for place, record in enumerate(records()))
            written = 0
            for batch in _batches(rows):
                connection.execute(insert(RECORDS), batch)
                written += len(batch)
                if written % TOLD == 0:
                    log.warning("%s fixtures are loaded into the store %s so far", f"{written:,}", self._database.shown)
            return dropped

        return self._database.load(loaded)

    def _is_empty(self) -> bool:
        with self._database.asking() as connection:
            return _is_empty(connection, self._contract)


class SqlStores:
    """The stores of all contracts in one database. ``capacity`` bounds the worlds of each that have changed records."""

    def __init__(self, database: Database, capacity: int) -> None:
        self._database = database
        self._kept = capacity

    def store(self, contract: str) -> SqlStore:
        """Return the store of a contract."""
        return SqlStore(self._database, self._database.number_of(storable(contract)), self._kept)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _read(connection: Connection, contract: int, world: str, resource: str, handle: str) -> Any:
    """Return a row with its value, deleted, location and position; None where there is none."""
    key = {"contract": contract, "world": world, "resource": resource, "handle": handle}
    return connection.execute(_ROW, key).first()


def _row_of(record: Record, contract: int, world: str, position: int) -> dict[str, Any]:
    return {
        "contract": contract,
        "world": world,
        "resource": record.resource,
        "handle": record.handle,
        "position": position,
        "deleted": 0,
        "value": _json(record.value),
        "texts": texts_of(record),
        "location": storable(record.location),
    }


def _json(value: object) -> str:
    """Return a value as JSON. Half a surrogate pair, which databases refuse, is escaped."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        plain.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return plain


def _conditions(search: RecordQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if search.handle:
        # LIKE is case-sensitive in one database and not in the other.
        conditions.append(func.substr(_columns.handle, 1, len(search.handle)) == storable(search.handle))
    if search.text:
        conditions.append(_columns.texts.contains(folded(search.text), autoescape=True))
    return conditions


def _dropped(connection: Connection, contract: int, world: str) -> list[Changed]:
    """Drop all rows of a world, and return the change."""
    for table in (RECORDS, WORLDS):
        connection.execute(delete(table).where(table.c.contract == contract, table.c.world == world))
    return [(contract, world, "", "")]


def _is_empty(connection: Connection, contract: int) -> bool:
    """Tell whether neither the fixtures nor the plain world have rows."""
    worlds = _columns.world.in_([EVERY_WORLD, ""])
    return (
        connection.execute(select(_columns.handle).where(_columns.contract == contract, worlds).limit(1)).first()
        is None
    )


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [*islice(rows, BATCH)]:
        yield batch
