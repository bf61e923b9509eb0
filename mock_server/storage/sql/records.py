"""Records in the tables of a database, to be read: those of a world over those that every world starts with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, select, union_all

from mock_server.core.deadline import WaitNeeded, without_waiting
from mock_server.core.errors import StoreLostError
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.record import HANDLE, Absence, OwnRow, Record
from mock_server.storage.revision import UNASKED, UNKNOWN
from mock_server.storage.sql.database import Database
from mock_server.storage.sql.row_cache import Missing
from mock_server.storage.sql.row_cache import Row as KeptRow
from mock_server.storage.sql.rows import COLUMNS, matching, read_row, record_of, rows_of
from mock_server.storage.sql.schema import EVERY_WORLD, SNAPSHOT

COUNTED = 64
"""Most searches whose number of records is remembered."""

_NO_ROWS: Mapping[str, OwnRow] = MappingProxyType({})


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

    def version(self, resource: str) -> int:
        """Return the number of what is shown of all resources: changes of one of them are not told apart."""
        return self.revision

    @property
    def _has_rows(self) -> bool:
        """Whether the world has rows of its own, as far as is known."""
        return self._world != EVERY_WORLD and self._may_have_rows(self._world)

    def _may_have_rows(self, world: str) -> bool:
        is_no_world = world == EVERY_WORLD or world.startswith(SNAPSHOT)
        return is_no_world or (self._contract, world) in self._database.knowledge.worlds

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
        return [record_of(row, resource, row.handle) for row in rows]

    def count(self, resource: str, search: RecordQuery = ALL) -> int:
        """Return how many records a search matches."""
        with self._database.reading() as connection:
            generation, key = self._database.knowledge.generation, (resource, search.text, search.handle)
            if self._counted[0] != generation or len(self._counted[1]) >= COUNTED:
                self._counted = (generation, {})
            counts = self._counted[1]
            if key not in counts:
                subquery = self._meant(resource, search, COLUMNS.handle).subquery()
                counts[key] = int(connection.execute(select(func.count()).select_from(subquery)).scalar_one())
            return counts[key]

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that have rows, in alphabetical order."""
        with self._database.reading() as connection:
            here = (COLUMNS.contract == self._contract, COLUMNS.world.in_(self._worlds))
            return sorted(connection.execute(select(COLUMNS.resource).where(*here).distinct()).scalars())

    def own(self, resource: str) -> Mapping[str, OwnRow]:
        """Return the rows of a resource that this world has itself, in the order in which they came."""
        if self._world == EVERY_WORLD:
            return _NO_ROWS
        try:
            return self._own(resource)
        except WaitNeeded as need:
            if need.first is None:
                raise
            raise WaitNeeded(partial(self._own, resource)) from None

    def _own(self, resource: str) -> Mapping[str, OwnRow]:
        self._database.confirm()
        if not self._has_rows:
            return _NO_ROWS
        rows = self._database.knowledge.own.get((self._contract, self._world, resource, ""))
        return self._own_asked_for(resource) if rows is Missing.UNKNOWN else rows

    def _own_asked_for(self, resource: str) -> Mapping[str, OwnRow]:
        query = select(COLUMNS.handle, COLUMNS.value, COLUMNS.hidden, COLUMNS.location, COLUMNS.deleted)
        query = query.where(*rows_of(self._contract, self._world, resource))
        rows: dict[str, OwnRow] = {}
        characters = 0
        with self._database.reading() as connection:
            for row in connection.execute(query.order_by(COLUMNS.position, COLUMNS.handle)):
                rows[row.handle] = Absence.DELETED if row.deleted else record_of(row, resource, row.handle)
                characters += len(row.value) + len(row.hidden)
            key = (self._contract, self._world, resource, "")
            self._database.knowledge.own.keep(key, MappingProxyType(rows), characters, len(rows) + 1)
        return rows

    def own_row(self, resource: str, handle: str) -> OwnRow:
        """Return what this world itself has of a handle."""
        if self._world == EVERY_WORLD or not HANDLE.fullmatch(handle):
            return Absence.UNTOUCHED
        try:
            return self._own_row(resource, handle)
        except WaitNeeded as need:
            if need.first is None:
                raise
            raise WaitNeeded(partial(self._own_row, resource, handle)) from None

    def _own_row(self, resource: str, handle: str) -> OwnRow:
        self._database.confirm()
        row = self._known(self._world, resource, handle)
        if row is Missing.UNKNOWN:
            with self._database.reading() as connection:
                row = self._read_and_kept(connection, self._world, resource, handle)
        if row is Missing.ABSENT:
            return Absence.UNTOUCHED
        return Absence.DELETED if row is None else row

    def _known(self, world: str, resource: str, handle: str) -> KeptRow | Literal[Missing.UNKNOWN]:
        """Return a row, as far as this process knows it without the database."""
        contract, knowledge = self._contract, self._database.knowledge
        if not self._may_have_rows(world):
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
        stored_row = read_row(connection, *key)
        row: KeptRow = Missing.ABSENT
        characters = 0
        if stored_row is not None:
            row = None if stored_row.deleted else record_of(stored_row, resource, handle)
            characters = len(stored_row.value) + len(stored_row.hidden)
        self._database.knowledge.kept.keep(key, row, characters)
        return row

    def _meant(self, resource: str, search: RecordQuery, *columns: ColumnElement[Any]) -> Any:
        """Return the query for the rows that a search matches: of this world, and the fixtures it has not changed."""
        columns = columns or (COLUMNS.handle, COLUMNS.value, COLUMNS.hidden, COLUMNS.location, COLUMNS.position)
        here, there = (rows_of(self._contract, world, resource) for world in (self._world, EVERY_WORLD))
        conditions = matching(search)
        fixtures = select(*columns).where(*there, *conditions)
        if not self._has_rows:
            return fixtures
        # A row of the world hides that of the fixtures, also where it is marked as deleted.
        own = select(COLUMNS.handle).where(*here)
        return union_all(
            fixtures.where(COLUMNS.handle.not_in(own)),
            select(*columns).where(*here, COLUMNS.deleted == 0, *conditions),
        )
