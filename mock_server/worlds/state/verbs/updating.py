"""Updating: a record, or the only one below a parent, becomes what was sent; what only the server sets stays."""

from __future__ import annotations

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_patch import PatchError
from mock_server.core.types import JSON
from mock_server.storage import Absence, Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.making.changes import Manner
from mock_server.worlds.state.merged_records import MADE_UP
from mock_server.worlds.state.outcome import Outcome
from mock_server.worlds.state.refusal import RefusedError
from mock_server.worlds.state.verbs.creating import FORMS, named_records, refuse_taken
from mock_server.worlds.state.verbs.handling import Handling
from mock_server.worlds.state.world_records import scope_of, scope_with_relations


def update(handling: Handling) -> Outcome:
    """Change the record that the path names, or a body that has its key.

    A record that nobody made is made, changed and kept. Raises :class:`RefusedError`.
    """
    before, is_made_up = _before(handling)
    handling.before, handling.is_made_up = before, is_made_up
    sent = handling.sent
    members = sent if isinstance(sent, dict) else {}
    _refuse_taken(handling, before, members)
    named_records(handling, members, "body")
    schema = handling.model.request_schema(handling.plan.operation, handling.request.media)
    manner = _manner(handling, schema)
    try:
        draft = handling.state.maker.updated(
            before,
            sent if manner in ("json-patch", "merge-patch") else members,
            manner,
            schema,
            handling.request.now,
            is_form=handling.request.media in FORMS,
        )
    except PatchError as error:
        return _unpatched(handling, before, error)
    scope: JSON = {**scope_with_relations(handling.state, draft.value, scope_of(before) | handling.scope)}
    stamp: dict[str, JSON] = {"made": handling.request.now, MADE_UP: True} if is_made_up else {}
    record = Record(before.resource, before.handle, draft.value, hidden={**draft.hidden, "scope": scope, **stamp})
    refuse_taken(handling, record, "body")
    handling.judge(record)
    there = Absence.UNTOUCHED if is_made_up else before
    changes = tuple(handling.records.changes(there, record)) if draft.changed or is_made_up else ()
    return Outcome(
        record=record,
        statuses=(200, 201, 204, 202),
        changes=changes,
        reads=(*handling.world.reads,),
        origin=handling.origin(record),
    )


def _unpatched(handling: Handling, before: Record, error: PatchError) -> Outcome:
    """Refuse a patch that cannot be applied, in strict mode; in others answer with the record as it is, and say so.

    A contract may have operations of its own in its patches (Box has ``editEnumOption``), which its schema accepts.
    """
    finding = Diagnostic("state", "body", error.found, error.expected, error.pointer, "Nothing is changed.")
    if handling.request.is_strict:
        raise RefusedError("invalid_request", finding)
    handling.note(finding)
    origin, reads = handling.origin(before), (*handling.world.reads,)
    return Outcome(record=before, statuses=(200, 201, 204, 202), reads=reads, origin=origin)


def _before(handling: Handling) -> tuple[Record, bool]:
    """Return the record to change, and whether nobody made it."""
    primary = handling.state.identity.primary
    if handling.plan.resource.is_singleton and handling.named() is Absence.DELETED:  # writing brings it back
        return handling.state.made_up(None, "", handling.scope), True
    if handling.plan.parameter is not None or handling.plan.collection is None or primary is None:
        return handling.known()
    sent = handling.sent
    text = text_of(sent.get(primary.member)) if isinstance(sent, dict) else ""
    record = handling.records.find(primary, text, handling.scope)
    if isinstance(record, Record):
        return record, False
    if record is Absence.DELETED or handling.request.is_strict:
        raise handling.not_there()
    return handling.state.made_up(primary, text, handling.scope), True


def _refuse_taken(handling: Handling, before: Record, sent: dict[str, JSON]) -> None:
    """Refuse a key of another record, in strict mode."""
    unique_members = {unique.members for unique in handling.state.resource.unique}
    keys = [key for key in handling.state.resource.keys if (key.member,) not in unique_members]
    for key in keys if handling.request.is_strict else ():
        text = text_of(sent.get(key.member))
        there = handling.records.find(key, text, handling.scope) if text else Absence.UNTOUCHED
        if isinstance(there, Record) and there.handle != before.handle:
            actual = f"{text[:80]!r}, which another record has"
            expected = "a value that no other record has"
            raise RefusedError("conflict", Diagnostic("state", "body", actual, expected, f"/{key.member}"))


def _manner(handling: Handling, schema: JSON) -> Manner:
    """Return how what was sent changes the record: by its media type, else by the method (RFC 9110, 9.3.4)."""
    if handling.request.media == "application/merge-patch+json":
        return "merge-patch"
    if handling.request.media == "application/json-patch+json":
        return "json-patch"
    if handling.plan.operation.method == "PUT" and handling.model.reader.shape(schema).required:
        return "replace"
    return "merge"
