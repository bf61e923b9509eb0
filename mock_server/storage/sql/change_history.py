"""The change sets of a world in the table of the history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, select, text

from mock_server.core.types import JSON
from mock_server.storage import change_set
from mock_server.storage.change_set import Cause, ChangeSet
from mock_server.storage.query import storable
from mock_server.storage.record import Absence, OwnRow, Record, RecordChange
from mock_server.storage.sql.json_text import json_text
from mock_server.storage.sql.schema import HISTORY

_TRIMMED = 64
"""Change sets after which old ones are dropped, since each time costs a query."""
_APPEND = text(
    "INSERT INTO mock_history (contract, world, number, at, operation, entry, changes)"
    " SELECT :contract, :world, coalesce(max(number), 0) + 1, :at, :operation, :entry, :changes FROM mock_history"
    " WHERE contract = :contract AND world = :world RETURNING number"
)


def append_changes(
    connection: Connection, contract: int, world: str, cause: Cause, changes: Sequence[RecordChange]
) -> None:
    """Append a change set to the history of a world, and drop the oldest where there are too many."""
    cause = cause.at_once()
    row = {
        "contract": contract,
        "world": world,
        "at": cause.at,
        "operation": storable(cause.operation),
        "entry": storable(cause.entry),
        "changes": json_text([_change_as_json(change) for change in changes]),
    }
    number = int(connection.execute(_APPEND, row).scalar_one())
    if number % _TRIMMED == 0:
        key = (HISTORY.c.contract == contract, HISTORY.c.world == world)
        connection.execute(delete(HISTORY).where(*key, HISTORY.c.number <= number - change_set.MOST_CHANGE_SETS))


def last_changes(connection: Connection, contract: int, world: str, most: int | None = None) -> list[ChangeSet]:
    """Return the last so many change sets of a world, or all that are remembered, the last first."""
    query = select(HISTORY).where(HISTORY.c.contract == contract, HISTORY.c.world == world)
    number = change_set.MOST_CHANGE_SETS if most is None else min(most, change_set.MOST_CHANGE_SETS)
    rows = connection.execute(query.order_by(HISTORY.c.number.desc()).limit(number)).all()
    return [
        ChangeSet(row.number, Cause(row.operation, row.entry, row.at), tuple(_changes_of_json(json.loads(row.changes))))
        for row in rows
    ]


def drop_changes(connection: Connection, contract: int, world: str, number: int) -> None:
    """Drop the change sets of a world from a number on."""
    key = (HISTORY.c.contract == contract, HISTORY.c.world == world)
    connection.execute(delete(HISTORY).where(*key, HISTORY.c.number >= number))


def _change_as_json(change: RecordChange) -> list[JSON]:
    return [change.resource, change.handle, _row_as_json(change.before), _row_as_json(change.after)]


def _row_as_json(row: OwnRow) -> JSON:
    """Return a record as a list of value, hidden members and location; a row without one as the name of why."""
    return [row.value, {**row.hidden}, storable(row.location)] if isinstance(row, Record) else row.value


def _changes_of_json(changes: list[tuple[str, str, JSON, JSON]]) -> Iterator[RecordChange]:
    for resource, handle, before, after in changes:
        rows = (_row_of_json(resource, handle, row) for row in (before, after))
        yield RecordChange(resource, handle, *rows)


def _row_of_json(resource: str, handle: str, row: JSON) -> OwnRow:
    if isinstance(row, list):
        value, hidden, location = row
        assert isinstance(value, dict)
        assert isinstance(hidden, dict)
        record = Record(resource, handle, value, str(location))
        return replace(record, hidden=hidden) if hidden else record
    return Absence(row)
