"""The stores of contracts in a database, and the records that every world starts with there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, insert

from mock_server.storage.query import storable
from mock_server.storage.record import Record
from mock_server.storage.sql.cache_state import Changed
from mock_server.storage.sql.database import Database
from mock_server.storage.sql.layer import SqlLayer
from mock_server.storage.sql.records import SqlRecords
from mock_server.storage.sql.rows import is_empty, row_of
from mock_server.storage.sql.schema import EVERY_WORLD, RECORDS
from mock_server.storage.sql.worlds import drop_world

log = logging.getLogger("mock_server")

BATCH = 1000
"""Records that are written at once while many are loaded."""
TOLD = 50_000
"""Records after which the progress of loading is logged: that many take some seconds."""


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
            if only_into_empty and not is_empty(connection, self._contract):
                return ()  # somebody else was quicker
            dropped = drop_world(connection, self._contract, EVERY_WORLD)
            rows = (row_of(record, self._contract, EVERY_WORLD, place) for place, record in enumerate(records()))
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
            return is_empty(connection, self._contract)


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


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [*islice(rows, BATCH)]:
        yield batch
