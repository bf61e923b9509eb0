"""Creating: what was sent wins, the server sets the rest, and the new record is found by all of its keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic, Fault
from mock_server.core.json_pointer import pointer_of, value_at
from mock_server.core.types import JSON
from mock_server.openapi.resources.model import RecordKey, Relation
from mock_server.storage import Absence, Record, RecordChange
from mock_server.worlds.state.identity import digest_of, text_of
from mock_server.worlds.state.listing.list_request import ListRequest
from mock_server.worlds.state.listing.page import Page
from mock_server.worlds.state.merged_records import highest_key
from mock_server.worlds.state.outcome import Outcome
from mock_server.worlds.state.refusal import RefusedError
from mock_server.worlds.state.verbs.handling import Handling
from mock_server.worlds.state.world_records import scope_with_relations

_UNTOUCHED = Absence.UNTOUCHED
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
"""The media types of forms, in which an empty text may mean nothing."""
MOST_RECORDS = 1_000
"""Records that one request may create: more are refused, and none of them is made."""


def create(handling: Handling) -> Outcome:
    """Create the record that was sent, or each of a list of records.

    Raises :class:`RefusedError`: in strict mode for a key that another record has and a relation that leads nowhere,
    in any mode for a parent that was deleted and for more records than one request may create.
    """
    sent = handling.sent
    several = _several(handling)
    if len(several) > MOST_RECORDS:
        found, expected = f"{len(several):,} records", f"{MOST_RECORDS:,} at most"
        remedy = "Send them in several requests."
        raise RefusedError("invalid_request", Diagnostic("state", "body", found, expected, remedy=remedy))
    if several:
        return _each(handling, several)
    schema = handling.model.request_schema(handling.plan.operation, handling.request.media)
    existing = _existing(handling, sent if isinstance(sent, dict) else {})
    if existing is not None:
        reads = (*handling.world.reads,)
        return Outcome(existing, statuses=(201, 200), reads=reads, origin=handling.origin(existing), is_existing=True)
    record, changes = created(handling, sent if isinstance(sent, dict) else {}, schema, "body")
    return Outcome(
        record=record,
        statuses=(200, 201, 204) if isinstance(changes[0].before, Record) else (201, 200, 202, 204),
        changes=tuple(changes),
        reads=(*handling.world.reads,),
        location=handling.location(record),
        origin=handling.origin(record),
    )


def _existing(handling: Handling, sent: Mapping[str, JSON]) -> Record | None:
    """Return the record that data says answers a create of the same values; None where there is none."""
    state = handling.state
    rules = [rule for rule in state.resource.unique if rule.answers_existing]
    if not rules:
        return None
    value = {**sent, **references_of(handling, sent, scope_with_relations(state, sent, handling.scope), "body")}
    alike = Record(state.resource.name, "", value)
    return next((record for rule in rules if (record := handling.records.sharing(rule, alike))), None)


def _several(handling: Handling) -> list[dict[str, JSON]]:
    """Return the records that a body has where it has several: objects, or values of one member of each."""
    sends = handling.plan.sends
    body = handling.request.body
    if sends is None and not isinstance(body, list):
        return []
    try:
        items = value_at(body, sends.pointer if sends is not None else "")
    except LookupError:
        return []
    member = sends.member if sends is not None else ""
    records: list[dict[str, JSON]] = []
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            records.append(item)
        elif member:
            records.append({member: item})
    return records


def _each(handling: Handling, sent: list[dict[str, JSON]]) -> Outcome:
    changes: dict[tuple[str, str], RecordChange] = {}
    record: Record | None = None
    records: list[Record] = []
    for index, item in enumerate(sent):
        record, own = created(handling, item, _item_schema(handling), f"body /{index}")
        records.append(record)
        changes |= {(change.resource, change.handle): change for change in own}
    is_listed = handling.plan.view is not None and handling.plan.view.is_list
    return Outcome(
        record=record,
        page=Page(records, len(records), 0, len(records), ListRequest()) if is_listed else None,
        statuses=(201, 200, 202, 204),
        changes=tuple(changes.values()),
        reads=(*handling.world.reads,),
        several=tuple(records),
    )


def _item_schema(handling: Handling) -> JSON:
    """Return the schema of each of several records in a body; None where it describes no objects."""
    plan, model = handling.plan, handling.model
    schema = model.request_schema(plan.operation, handling.request.media)
    if plan.sends is not None and plan.sends.member:
        return None
    return model.reader.shape(model.reader.at(schema, plan.sends.pointer if plan.sends is not None else "")).items


def created(
    handling: Handling, sent: Mapping[str, JSON], schema: JSON, where: str
) -> tuple[Record, list[RecordChange]]:
    """Return the record that comes of what was sent by a schema (None: any), and the rows that change."""
    state, request = handling.state, handling.request
    key, before = _key_of(handling, sent, schema, where)
    scope = scope_with_relations(state, sent, handling.scope)
    uploaded, sent = _told(handling, sent)
    draft = state.maker.created(
        sent,
        schema,
        key,
        scope,
        request.now,
        references_of(handling, sent, scope, where) | _initial(handling, sent) | uploaded,
        is_form=request.media in FORMS,
    )
    above: JSON = {**scope_with_relations(state, draft.value, scope)}
    hidden: dict[str, JSON] = {**draft.hidden, "scope": above, "made": request.now}
    own = state.identity.key_text(draft.value, hidden) or key
    handle = before.handle if isinstance(before, Record) else state.identity.handle(own, scope)
    record = Record(handling.plan.resource.name, handle, draft.value, hidden=hidden)
    refuse_taken(handling, record, where)
    handling.judge(record)
    return record, handling.records.changes(before, record)


def _initial(handling: Handling, sent: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return what data says members of a new record have that nobody sent."""
    return {member: value for member, value in handling.state.resource.initial.items() if member not in sent}


def refuse_taken(handling: Handling, record: Record, where: str) -> None:
    """Refuse members that data says no two records share where another record has them, in strict mode.

    Raises :class:`RefusedError`.
    """
    taken: list[Diagnostic] = []
    failures: list[str] = []
    for unique in handling.state.resource.unique if handling.request.is_strict else ():
        if handling.records.sharing(unique, record) is not None:
            failures.append(unique.failure or "conflict")
            member = unique.members[0]
            fault = Fault(value=record.value.get(member), failure=failures[-1])
            taken.append(replace(taken_finding(where, member, text_of(record.value.get(member))), fault=fault))
    if taken:
        raise RefusedError(failures[0], *taken)


def _told(handling: Handling, sent: Mapping[str, JSON]) -> tuple[dict[str, JSON], Mapping[str, JSON]]:
    """Return what members tell of the file that was sent, and what was sent beside it, which no view shows."""
    upload = handling.request.upload
    if upload is None:
        return {}, sent
    names = dict.fromkeys(name for shape in handling.state.maker.form.shapes for name in shape.members)
    uploaded = {name: upload.told(name) for name in names if name not in sent}
    beside = sent if upload.part in names else {name: value for name, value in sent.items() if name != upload.part}
    return {name: value for name, value in uploaded.items() if value is not None}, beside


def _key_of(handling: Handling, sent: Mapping[str, JSON], schema: JSON, where: str) -> tuple[str, Record | Absence]:
    """Return the key of a new record, and the record in whose place it comes.

    A key that the client chose may be that of a record: in strict mode that is refused, else the record is replaced.
    """
    state, scope = handling.state, handling.scope
    before: Record | Absence = Absence.UNTOUCHED
    chosen = ""
    for key in state.resource.keys:
        text = _chosen(handling, key, sent, schema)
        if not text:
            continue
        if key == state.identity.primary:
            chosen = text
        there = handling.records.find(key, text, scope)
        if isinstance(there, Record):
            if handling.request.is_strict and any(rule.members == (key.member,) for rule in state.resource.unique):
                continue  # what data says of it is said of all such members at once
            if handling.request.is_strict:
                raise RefusedError("conflict", taken_finding(where, key.member, text))
            if not _is_of_path(handling, key):  # PUT replaces what is there by its meaning (RFC 9110, 9.3.4)
                handling.note(replace(taken_finding(where, key.member, text), remedy="That record is replaced."))
            before = there
    if chosen:
        return chosen, before
    if isinstance(before, Record):
        return state.identity.key_text(before.value, before.hidden) or "", before
    key_text = new_key(handling, sent)
    handling.drawn_keys.add(key_text)
    return key_text, before


def _chosen(handling: Handling, key: RecordKey, sent: Mapping[str, JSON], schema: JSON) -> str:
    """Return the key that the client has chosen, in the path or in the body.

    It is empty where there is none, where the server draws it all the same, and where answers do not take it.
    """
    state = handling.state
    if _is_of_path(handling, key):
        return handling.key_text
    text = text_of(sent.get(key.member))
    if key == state.identity.primary:
        named = state.key_parameter
        text = state.maker.key_sent(sent, schema) or (text_of(sent.get(named)) if named else "")
    return text if text and state.takes(key.member, text) else ""


def _is_of_path(handling: Handling, key: RecordKey) -> bool:
    """Tell whether the path says the key of the new record (``PUT /pets/{id}``)."""
    return key == handling.plan.key and bool(handling.plan.parameter and handling.key_text)


def new_key(handling: Handling, sent: Mapping[str, JSON]) -> str:
    """Return a key that no record of this world has, drawn from what was sent and how often that was sent here."""
    state, scope = handling.state, handling.scope
    primary = state.identity.primary
    if primary is None:
        return ""
    keys = state.maker.keys()
    if keys.is_counted:
        own = [row for row in handling.world.rows(state.resource.name).values() if isinstance(row, Record)]
        highest = max(highest_key(handling.records.below(scope), primary), highest_key(own, primary))
        return str(highest + 1 + len(handling.drawn_keys))
    above: JSON = {**scope}
    sent = {**sent, "#scope": above} if scope else sent  # below another parent it is another record
    digest = digest_of(json.dumps(sent, sort_keys=True, separators=(",", ":")))
    hint = (handling.request.world, state.resource.name, digest)
    number = handling.model.sent_before.get(hint) or 0
    if number and handling.records.find(primary, keys.drawn(sent, number - 1), scope) is _UNTOUCHED:
        number = 0  # the world was reset, or it was never kept
    while True:
        text = keys.drawn(sent, number)
        number += 1
        if text not in handling.drawn_keys and handling.records.find(primary, text, scope) is _UNTOUCHED:
            handling.model.sent_before.keep(hint, number)
            return text


def references_of(
    handling: Handling, sent: Mapping[str, JSON], scope: Mapping[str, str], where: str
) -> dict[str, JSON]:
    """Return the members that relations give to a new record: from the path, and from the records that were sent.

    Raises :class:`RefusedError` in strict mode for a relation that leads nowhere.
    """
    state, owner = handling.state, handling.owner
    _refuse_by_token(handling, sent, where)
    members = {relation.member for relation in state.resource.relations}
    owned = (
        {owner.member: state.typed(owner.member, owner.key)} if owner is not None and owner.member in members else {}
    )
    references: dict[str, JSON] = {**owned}
    for relation in state.resource.relations:
        is_open = relation.member not in owned and sent.get(relation.member) is None
        if is_open and relation.resource in scope and not relation.is_list:
            references[relation.member] = state.typed(relation.member, scope[relation.resource])
    named = named_records(handling, {**sent, **owned}, where)
    for relation, record in named:
        references |= _meant_by(handling, relation, record, sent)
    for relation in state.resource.relations:
        if relation.member not in sent and relation.member not in references:
            references |= _inherited(relation, [record for _, record in named]) or _usual(handling, relation)
    return references


def named_records(handling: Handling, sent: Mapping[str, JSON], where: str) -> list[tuple[Relation, Record]]:
    """Return the records that relations name in what was sent, each with its relation.

    Raises :class:`RefusedError` in strict mode for a relation that leads nowhere.
    """
    named: list[tuple[Relation, Record]] = []
    for relation in handling.state.resource.relations:
        for number, text in enumerate(_texts(sent.get(relation.member))):
            record = handling.world.related(relation.resource, text)
            if isinstance(record, Record):
                named.append((relation, record))
            elif handling.request.is_strict and _has_to_be(handling, relation):
                failure = handling.state.resource.missing.get(relation.member, "relation_missing")
                raise RefusedError(failure, _nowhere(where, relation, text, number if relation.is_list else None))
    return named


def _refuse_by_token(handling: Handling, sent: Mapping[str, JSON], where: str) -> None:
    """Refuse members that the kind of the token does not allow, and ask for those that it wants, of a new record.

    Raises :class:`RefusedError` where the mode is strict.
    """
    kind = handling.request.kind
    if kind is None or not handling.request.is_strict or handling.plan.verb != "create":
        return
    schema = handling.model.request_schema(handling.plan.operation, handling.request.media)
    shape = handling.model.reader.shape(schema)
    takes = shape.members.keys() - shape.required  # what everybody has to send is no matter of the token
    for member, failure in kind.refuses.items():
        if member in takes and sent.get(member) is not None:
            found, expected = "a member that this kind of token says", "no such member"
            fault = Fault(value=sent[member])
            raise RefusedError(failure, Diagnostic("state", where, found, expected, pointer_of(member), fault=fault))
    for member, failure in kind.requires.items():
        if member in takes and sent.get(member) is None:
            expected = "the member, which this kind of token does not say"
            raise RefusedError(failure, Diagnostic("state", where, "nothing", expected, pointer_of(member)))


def _has_to_be(handling: Handling, relation: Relation) -> bool:
    """Tell whether the record of a relation has to be there: data says so, or records of it can be created."""
    explained = handling.state.resource.missing
    return relation.member in explained or handling.model.is_creatable(relation.resource)


def _meant_by(handling: Handling, relation: Relation, record: Record, sent: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the relation that a record has whose other key was sent: ``external_customer_id`` for ``customer_id``."""
    state = handling.state
    key = handling.world.state(record.resource).identity.key_text(record.value, record.hidden)
    names = [other.member for other in state.resource.relations if other.resource == relation.resource]
    meant = (name for name in names if relation.member.endswith(f"_{name}") and name not in sent)
    return {name: state.typed(name, key) for name in meant if key}


def _usual(handling: Handling, relation: Relation) -> dict[str, JSON]:
    """Return a relation that every record has and nobody sent: to the first record, as of the only organization."""
    if relation.is_list or relation.member not in handling.state.required_relations:
        return {}
    state = handling.world.state(relation.resource)
    first = handling.world.of(relation.resource).below({})[:1]
    text = state.identity.key_text(first[0].value, first[0].hidden) if first else None
    return {relation.member: handling.state.typed(relation.member, text)} if text else {}


def _inherited(relation: Relation, named: list[Record]) -> dict[str, JSON]:
    """Return a relation that a record has which was sent: the customer of an order for its refund."""
    for record in named:
        value = record.value.get(relation.member)
        if value is not None:
            return {relation.member: value}
    return {}


def _texts(value: JSON) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in map(text_of, values) if text]


def taken_finding(where: str, member: str, text: str) -> Diagnostic:
    """Return the finding that a member has what another record has."""
    return Diagnostic(
        "state", where, f"{text[:80]!r}, which a record has", "a value that no record has", pointer_of(member)
    )


def _nowhere(where: str, relation: Relation, text: str, number: int | None) -> Diagnostic:
    expected = f"the key of a record of {relation.resource}"
    place = pointer_of(relation.member, *(() if number is None else (number,)))
    return Diagnostic("state", where, repr(text[:80]), expected, place, fault=Fault(value=text))
