"""Worlds as a whole in a database: dropped, copied, and kept as snapshots, within a transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from mock_server.storage.change_set import Snapshot
from mock_server.storage.sql.cache_state import Changed
from mock_server.storage.sql.rows import copy_rows
from mock_server.storage.sql.schema import HISTORY, RECORDS, SNAPSHOT, SNAPSHOTS, WORLDS
from mock_server.storage.state_budget import refuse_more_snapshots


def drop_world(connection: Connection, contract: int, world: str) -> list[Changed]:
    """Drop all that a world has, and return the changes."""
    changed: list[Changed] = []
    for name in snapshots_of(connection, contract, world):
        changed += drop_snapshot(connection, contract, world, name)
    for table in (RECORDS, WORLDS, HISTORY):
        connection.execute(delete(table).where(table.c.contract == contract, table.c.world == world))
    return [*changed, (contract, world, "", "")]


def begin_with(
    connection: Connection, contract: int, world: str, other: str, revision: int, records: int
) -> list[Changed]:
    """Give a world the rows of another, of which so many are records, and no history; return the changes."""
    copy_rows(connection, contract, world, other)
    for table in (HISTORY, WORLDS):
        connection.execute(delete(table).where(table.c.contract == contract, table.c.world == world))
    connection.execute(insert(WORLDS).values(contract=contract, world=world, revision=revision, records=records))
    return [(contract, world, "", ""), has_rows(contract, world)]


def records_of(connection: Connection, contract: int, world: str) -> int:
    """Return how many records a world has of its own."""
    query = select(WORLDS.c.records).where(WORLDS.c.contract == contract, WORLDS.c.world == world)
    return int(connection.execute(query).scalar() or 0)


def has_rows(contract: int, world: str) -> Changed:
    """Return the change by which processes learn that a world may have rows."""
    return (contract, world, SNAPSHOT, SNAPSHOT)


def freeze(connection: Connection, contract: int, world: str, name: str, at: float) -> list[Changed]:
    """Keep the rows of a world as a snapshot, in place of one of that name; return the changes.

    Raises :class:`StoreFullError` where the world has as many snapshots as it may have.
    """
    former = snapshots_of(connection, contract, world)
    refuse_more_snapshots(len({*former, name}), world)
    changed = drop_snapshot(connection, contract, world, name) if name in former else []
    rows = SNAPSHOT + secrets.token_hex(8)
    copy_rows(connection, contract, rows, world)
    records = records_of(connection, contract, world)
    values = {"contract": contract, "world": world, "name": name, "rows": rows, "at": at, "records": records}
    connection.execute(insert(SNAPSHOTS).values(**values))
    return [*changed, (contract, rows, "", ""), has_rows(contract, world)]


def snapshots_of(connection: Connection, contract: int, world: str) -> Mapping[str, Snapshot]:
    """Return the snapshots of a world by name, in alphabetical order."""
    key = (SNAPSHOTS.c.contract == contract, SNAPSHOTS.c.world == world)
    rows = connection.execute(select(SNAPSHOTS.c.name, SNAPSHOTS.c.at, SNAPSHOTS.c.records).where(*key)).all()
    return {row.name: Snapshot(row.name, row.at, row.records) for row in sorted(rows)}


def rows_of_snapshot(connection: Connection, contract: int, world: str, name: str) -> str | None:
    """Return the world under whose name the rows of a snapshot are kept, None where there is no such snapshot."""
    key = (SNAPSHOTS.c.contract == contract, SNAPSHOTS.c.world == world, SNAPSHOTS.c.name == name)
    rows = connection.execute(select(SNAPSHOTS.c.rows).where(*key)).scalar()
    return None if rows is None else str(rows)


def drop_snapshot(connection: Connection, contract: int, world: str, name: str) -> list[Changed]:
    """Drop a snapshot, and return the changes: none where there is no such snapshot."""
    rows = rows_of_snapshot(connection, contract, world, name)
    if rows is None:
        return []
    connection.execute(delete(RECORDS).where(RECORDS.c.contract == contract, RECORDS.c.world == rows))
    key = (SNAPSHOTS.c.contract == contract, SNAPSHOTS.c.world == world, SNAPSHOTS.c.name == name)
    connection.execute(delete(SNAPSHOTS).where(*key))
    return [(contract, rows, "", "")]
