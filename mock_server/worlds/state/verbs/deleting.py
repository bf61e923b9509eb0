"""Deleting: the record is absent from then on, its keys are free again, and what is below its path goes with it."""

from __future__ import annotations

from mock_server.storage import Absence, Record, RecordChange
from mock_server.worlds.state.merged_records import is_unknown, scope_of
from mock_server.worlds.state.outcome import Outcome
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.verbs.handling import Handling
from mock_server.worlds.state.world_records import WorldRecords


def delete(handling: Handling) -> Outcome:
    """Delete the record that the path names.

    One that nobody made is answered as documented and leaves nothing behind, not even what updates have made of it: its
    key is as unknown as it was. The only record below a parent, which is there with its parent, is as it was at first.
    In strict mode all are gone. Raises :class:`RefusedError`.
    """
    record, is_made_up = _named(handling)
    handling.before, handling.is_made_up = record, is_made_up
    changes: list[RecordChange] = []
    if handling.request.is_strict or not (is_made_up or is_unknown(record) or handling.plan.resource.is_singleton):
        changes += handling.records.changes(record, Absence.DELETED)
        changes += children_gone(handling.model, handling.world, record)
    elif isinstance(handling.records.by_handle(record.handle), Record):
        changes += handling.records.changes(record, Absence.UNTOUCHED)
    return Outcome(
        record=record,
        statuses=(204, 200, 202, 205),
        changes=tuple(changes),
        reads=(*handling.world.reads,),
        origin=handling.origin(record),
    )


def _named(handling: Handling) -> tuple[Record, bool]:
    """Return the record to delete, and whether it is one that nobody made.

    What was deleted below a parent that nobody made may be deleted again: there, all is as made up as the parent, and
    clients that try a call several times with keys of their own have to pass. Raises :class:`RefusedError`.
    """
    if handling.named() is Absence.DELETED and handling.world.made_up_parents and not handling.request.is_strict:
        return handling.state.made_up(handling.key, handling.key_text, handling.scope), True
    return handling.known()


def children_gone(model: StateModel, world: WorldRecords, record: Record) -> list[RecordChange]:
    """Return the changes that delete this world's records below the path of a record."""
    key = model.resource(record.resource).identity.key_text(record.value, record.hidden)
    changes: list[RecordChange] = []
    for child in model.children(record.resource):
        records = world.of(child)
        for row in world.rows(child).values():
            if isinstance(row, Record) and scope_of(row).get(record.resource) == key:
                changes += records.changes(row, Absence.DELETED)
    return changes
