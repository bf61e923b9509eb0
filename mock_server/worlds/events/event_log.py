"""The events of a world as rows of its records: stored in one transaction with the change that they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.storage import EVENTS, KEYS, Absence, Cause, Record, RecordChange, RecordReader
from mock_server.worlds.events.event import Event

_TEXTS = ("type", "resource", "handle", "url", "method", "media", "finding")


class EventLog:
    """Reads the events that a world keeps: the last :data:`mock_server.storage.MOST_EVENTS`."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader

    def events(self) -> Sequence[Event]:
        """Return all of them, the oldest first."""
        return [event_of(row) for row in self._reader.own(EVENTS).values() if isinstance(row, Record)]

    def find(self, event_id: str) -> Event | None:
        """Return the event of an id, None where there is none."""
        row = self._reader.own_row(EVENTS, event_id)
        return event_of(row) if isinstance(row, Record) else None

    def removal(self) -> list[RecordChange]:
        """Return the changes that remove all of them."""
        rows = self._reader.own(EVENTS).items()
        return [RecordChange(EVENTS, handle, row, Absence.UNTOUCHED) for handle, row in rows]


def addition(event: Event) -> RecordChange:
    """Return the change that keeps an event."""
    value: dict[str, JSON] = {name: getattr(event, name) for name in _TEXTS}
    value |= {"at": event.at, "body": event.body, "is_forced": event.is_forced}
    row = Record(EVENTS, event.id, value, hidden=_cause_as_json(event.cause))
    return RecordChange(EVENTS, event.id, Absence.UNTOUCHED, row)


def event_of(row: Record) -> Event:
    """Return the event that a row keeps."""
    value, hidden = row.value, row.hidden
    texts = {name: str(value[name]) for name in _TEXTS}
    cause = Cause(str(hidden["operation"]), str(hidden["entry"]), _number(hidden["at"]))
    is_forced = value["is_forced"] is True
    return Event(row.handle, at=_number(value["at"]), body=value["body"], cause=cause, is_forced=is_forced, **texts)


def with_cause(changes: Sequence[RecordChange], cause: Cause) -> Sequence[RecordChange]:
    """Return changes with the cause in the events among them: it is known only when they are made."""
    if not any(change.resource == EVENTS for change in changes):
        return changes
    return [
        replace(change, after=replace(change.after, hidden=_cause_as_json(cause)))
        if change.resource == EVENTS and isinstance(change.after, Record)
        else change
        for change in changes
    ]


def changes_of_records(changes: Sequence[RecordChange]) -> Sequence[RecordChange]:
    """Return the changes of records, without those of rows that stand for something else."""
    return [change for change in changes if KEYS not in change.resource]


def _cause_as_json(cause: Cause) -> dict[str, JSON]:
    return {"operation": cause.operation, "entry": cause.entry, "at": cause.at}


def _number(value: JSON) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
