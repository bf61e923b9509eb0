"""The rows of the table of records: read, made from records, written and dropped within a transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, literal, select, text, tuple_

from mock_server.storage.lasting import EVENTS, LASTING, MOST_EVENTS, SEARCHED
from mock_server.storage.query import RecordQuery, folded, storable, texts_of
from mock_server.storage.record import KEYS, Record
from mock_server.storage.sql.json_text import json_text
from mock_server.storage.sql.schema import EVERY_WORLD, RECORDS

COLUMNS = RECORDS.c

_OWN = 1 << 40
"""The position from which on records come that were added after the fixtures."""
_TRANSACTION = 1 << 16
"""Positions for the records of one transaction."""


class StoredRow(Protocol):
    """A row as it is in the table."""

    value: str
    hidden: str
    location: str
    deleted: int
    position: int


_ROW = select(COLUMNS.value, COLUMNS.hidden, COLUMNS.location, COLUMNS.deleted, COLUMNS.position).where(
    *(COLUMNS[name] == bindparam(name) for name in ("contract", "world", "resource", "handle"))
)
_AT_ONCE = 500
"""Rows that are read by one statement."""
_ROWS = select(
    COLUMNS.world,
    COLUMNS.resource,
    COLUMNS.handle,
    COLUMNS.value,
    COLUMNS.hidden,
    COLUMNS.location,
    COLUMNS.deleted,
    COLUMNS.position,
).where(
    COLUMNS.contract == bindparam("contract"),
    COLUMNS.world.in_(bindparam("worlds", expanding=True)),
    tuple_(COLUMNS.resource, COLUMNS.handle).in_(bindparam("keys", expanding=True)),
)
_PUT = text(
    "INSERT INTO mock_records (contract, world, resource, handle, position, deleted, value, texts, location, hidden)"
    " VALUES (:contract, :world, :resource, :handle, :position, :deleted, :value, :texts, :location, :hidden)"
    " ON CONFLICT (contract, world, resource, handle) DO UPDATE SET deleted = excluded.deleted,"
    " position = excluded.position, value = excluded.value, texts = excluded.texts, location = excluded.location,"
    " hidden = excluded.hidden"
)
_TOUCH = text(
    "INSERT INTO mock_worlds (contract, world, revision, records) VALUES (:contract, :world, :revision, :records)"
    " ON CONFLICT (contract, world) DO UPDATE SET revision = excluded.revision,"
    " records = mock_worlds.records + excluded.records RETURNING records"
)


def read_row(connection: Connection, contract: int, world: str, resource: str, handle: str) -> StoredRow | None:
    """Return a row, None where there is none."""
    key = {"contract": contract, "world": world, "resource": resource, "handle": handle}
    return cast("StoredRow | None", connection.execute(_ROW, key).first())


def record_of(row: StoredRow, resource: str, handle: str) -> Record:
    """Return the record that a row holds."""
    value = json.loads(row.value)
    if row.hidden:
        return Record(resource, handle, value, row.location, json.loads(row.hidden))
    return Record(resource, handle, value, row.location)


def row_of(record: Record, contract: int, world: str, position: int, *, deleted: bool = False) -> dict[str, Any]:
    """Return the row of a record, by the names of its columns."""
    return {
        "contract": contract,
        "world": world,
        "resource": record.resource,
        "handle": record.handle,
        "position": position,
        "deleted": int(deleted),
        "value": json_text(record.value),
        "texts": folded(str(record.value.get(SEARCHED, ""))) if KEYS in record.resource else texts_of(record),
        "location": storable(record.location),
        "hidden": json_text({**record.hidden}) if record.hidden else "",
    }


def write_rows(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows, each in place of one of the same key if there is one."""
    if rows:
        connection.execute(_PUT, [*rows])


def own_position(revision: int, number: int) -> int:
    """Return the position of the ``number``-th record that a transaction makes in a world."""
    return _OWN + revision * _TRANSACTION + min(number, _TRANSACTION - 1)


def read_rows(
    connection: Connection, contract: int, world: str, keys: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str, str, StoredRow]]:
    """Yield the rows of some resources and handles: world, resource, handle and row, of a world and of the fixtures."""
    for start in range(0, len(keys), _AT_ONCE):
        values = {"contract": contract, "worlds": [world, EVERY_WORLD], "keys": [*keys[start : start + _AT_ONCE]]}
        for row in connection.execute(_ROWS, values):
            yield row.world, row.resource, row.handle, cast("StoredRow", row)


def touch_world(connection: Connection, contract: int, world: str, revision: int, records: int) -> int:
    """Note that a world was changed and has so many records more, or fewer; return how many it has."""
    key = {"contract": contract, "world": world}
    return int(connection.execute(_TOUCH, {**key, "revision": revision, "records": records}).scalar_one())


def drop_rows(connection: Connection, contract: int, world: str, keys: Sequence[tuple[str, str]]) -> None:
    """Drop rows of a world by resource and handle."""
    for resource, handle in keys:
        key = (*rows_of(contract, world, resource), COLUMNS.handle == handle)
        connection.execute(delete(RECORDS).where(*key))


def drop_old_events(connection: Connection, contract: int, world: str) -> Sequence[str]:
    """Drop the oldest events of a world where there are too many; return their handles."""
    rows = rows_of(contract, world, EVENTS)
    oldest = select(COLUMNS.position).where(*rows).order_by(COLUMNS.position.desc()).offset(MOST_EVENTS).limit(1)
    position = connection.execute(oldest).scalar()
    if position is None:
        return ()
    dropped = delete(RECORDS).where(*rows, COLUMNS.position <= position).returning(COLUMNS.handle)
    return connection.execute(dropped).scalars().all()


def copy_rows(connection: Connection, contract: int, world: str, other: str) -> None:
    """Drop the rows of a world, and give it those of another; what has happened in either stays there."""
    is_revocable = COLUMNS.resource.not_in(LASTING)
    connection.execute(delete(RECORDS).where(COLUMNS.contract == contract, COLUMNS.world == world, is_revocable))
    columns = [literal(world).label("world") if column.name == "world" else column for column in COLUMNS]
    rows = select(*columns).where(COLUMNS.contract == contract, COLUMNS.world == other, is_revocable)
    connection.execute(insert(RECORDS).from_select([column.name for column in COLUMNS], rows))


def rows_of(contract: int, world: str, resource: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the rows of a resource in a world."""
    return (COLUMNS.contract == contract, COLUMNS.world == world, COLUMNS.resource == resource)


def matching(search: RecordQuery) -> list[ColumnElement[bool]]:
    """Return the conditions of a search, without its offset and limit."""
    conditions: list[ColumnElement[bool]] = []
    if search.handle:
        # LIKE is case-sensitive in one database and not in the other.
        conditions.append(func.substr(COLUMNS.handle, 1, len(search.handle)) == storable(search.handle))
    if search.text:
        conditions.append(COLUMNS.texts.contains(folded(search.text), autoescape=True))
    return conditions


def is_empty(connection: Connection, contract: int) -> bool:
    """Tell whether neither the fixtures nor the plain world have rows."""
    worlds = COLUMNS.world.in_([EVERY_WORLD, ""])
    query = select(COLUMNS.handle).where(COLUMNS.contract == contract, worlds).limit(1)
    return connection.execute(query).first() is None
