"""What has happened to records, by the rows that change: which were created, updated or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mock_server.core.value_class import value_class
from mock_server.openapi.webhooks.model import Ending
from mock_server.storage import Absence, Record, RecordChange
from mock_server.worlds.events.event_log import changes_of_records
from mock_server.worlds.state.merged_records import MADE_UP
from mock_server.worlds.state.resource_state import StateModel

_LOOKED_AT = 1000
"""Records of the beginning among which one that is deleted is looked for."""


@value_class
class Happened:
    """A record and what has happened to it; of a deleted one it is as it was."""

    ending: Ending
    record: Record


def happened(model: StateModel, changes: Sequence[RecordChange], subject: Record | None = None) -> Iterator[Happened]:
    """Yield what changes do to records, in their order, each record once.

    ``subject`` is the record that the answer is about: a deleted one that nobody had changed before is in no row.
    """
    for change in _joined(changes):
        if not model.has(change.resource):
            continue
        after = change.after
        if isinstance(after, Record):
            yield Happened("created" if _is_new(change, after) else "updated", after)
            continue
        record = change.before if isinstance(change.before, Record) else _began_with(model, change, subject)
        if record is not None:
            yield Happened("deleted", record)


def _joined(changes: Sequence[RecordChange]) -> Sequence[RecordChange]:
    """Return the changes of records, those of one record as one."""
    joined: dict[tuple[str, str], RecordChange] = {}
    for change in changes_of_records(changes):
        key = (change.resource, change.handle)
        first = joined.get(key)
        joined[key] = change if first is None else replace(first, after=change.after)
    # What came and went at once has not happened.
    return [change for change in joined.values() if isinstance(change.before, Record) or _is_change(change)]


def _is_change(change: RecordChange) -> bool:
    return change.after is not change.before


def _is_new(change: RecordChange, after: Record) -> bool:
    """Tell whether a record is new: a row that comes may also be the first change of what the world began with."""
    if isinstance(change.before, Record):
        return False
    return "made" in after.hidden and MADE_UP not in after.hidden


def _began_with(model: StateModel, change: RecordChange, subject: Record | None) -> Record | None:
    """Return the record of the beginning that a change deletes; None where it is not found, or was gone before."""
    if change.before is Absence.DELETED:
        return None
    if subject is not None and (subject.resource, subject.handle) == (change.resource, change.handle):
        return subject
    records = model.resource(change.resource).base.of({})[:_LOOKED_AT]
    return next((record for record in records if record.handle == change.handle), None)
