"""The rows of a world that say which steps are taken later, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.scenarios.delivery_fault import EventFault
from mock_server.storage import Record, RecordChange, RecordReader

LATER = "#later"
"""The name of the rows; see :data:`mock_server.storage.KEYS`."""
_FAULTS = "faults"


def due_of(row: Record) -> float:
    """Return when a row is due by the clock of its world, in seconds since 1970."""
    due = row.value.get("due")
    return float(due) if isinstance(due, (int, float)) else 0.0


def first_in(records: RecordReader) -> Record | None:
    """Return the row of a world that is due first, of several that which came first; None where there is none."""
    rows = (row for row in records.own(LATER).values() if isinstance(row, Record))
    return min(rows, key=due_of, default=None)


def entry_of(row: Record) -> str:
    """Return the entry of the journal that has the request which planned a row; empty where that is not known."""
    return str(row.value.get("entry", ""))


def with_entry(changes: Iterable[RecordChange], entry: str) -> list[RecordChange]:
    """Return changes whose new rows say which entry of the journal has the request that planned them."""
    return [
        replace(change, after=replace(change.after, value={**change.after.value, "entry": entry}))
        if change.resource == LATER and isinstance(change.after, Record)
        else change
        for change in changes
    ]


def faults_of(row: Record) -> Sequence[EventFault]:
    """Return the faults with which the events of the steps of a row are delivered."""
    listed = row.value.get(_FAULTS)
    faults = [EventFault.of(value) for value in listed] if isinstance(listed, list) else []
    return [fault for fault in faults if fault is not None]


def with_faults(changes: Iterable[RecordChange], faults: Sequence[EventFault]) -> list[RecordChange]:
    """Return changes whose new rows say with which faults the events of their steps are delivered."""
    listed: list[JSON] = [fault.as_json() for fault in faults]
    return [
        replace(change, after=replace(change.after, value={**change.after.value, _FAULTS: listed}))
        if change.resource == LATER and isinstance(change.after, Record)
        else change
        for change in changes
    ]


def due_at(row: Record, due: float) -> Record:
    """Return a row whose steps are taken once more, at another time; what goes wrong did so the first time."""
    value = {name: member for name, member in row.value.items() if name != _FAULTS}
    return replace(row, value={**value, "due": due})
