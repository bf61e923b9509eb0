"""Reading: one record, the record of whoever asks, the only one below a parent, and what lists show."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.storage import Record
from mock_server.worlds.state.listing.list_reader import ListReader
from mock_server.worlds.state.listing.list_request import ListRequest
from mock_server.worlds.state.listing.page import page_within, selection_of
from mock_server.worlds.state.outcome import Outcome
from mock_server.worlds.state.refusal import RefusedError
from mock_server.worlds.state.resource_state import Selection
from mock_server.worlds.state.verbs.handling import Handling
from mock_server.worlds.state.verbs.links import linked

_SELECTION = 10
"""What a remembered selection takes beside its records, in records."""


def read(handling: Handling) -> Outcome:
    """Return the record that the path names; where nobody made it, one that is generated from its key."""
    record, is_made_up = handling.known()
    return Outcome(
        record=record,
        reads=(*handling.world.reads,),
        origin=f"{handling.origin(record)}, made up" if is_made_up else handling.origin(record),
    )


def transition(handling: Handling) -> Outcome:
    """Return the record that the path names, changed just now where data does not say what the operation does to it."""
    record, is_made_up = handling.known()
    if is_made_up or handling.plan.operation.effects:
        return read(handling)
    changed = replace(record, value=_touched(handling, record))
    changes = tuple(handling.records.changes(record, changed)) if changed.value != record.value else ()
    return Outcome(
        record=changed,
        changes=changes,
        reads=(*handling.world.reads,),
        origin=handling.origin(record),
    )


def _selected(handling: Handling, asked: ListRequest) -> Sequence[Record]:
    """Return the records that a query selects, in order."""
    if not (asked.conditions or asked.order):
        return _all(handling)
    return _remembered(
        handling, (asked.conditions, asked.order), lambda: selection_of(_all(handling), asked, handling.world)
    )


def _all(handling: Handling) -> Sequence[Record]:
    """Return the records below the parents of the path, as they came."""
    return _remembered(handling, (), lambda: _own(handling, linked(handling, handling.records.below(handling.scope))))


def _own(handling: Handling, records: Sequence[Record]) -> Sequence[Record]:
    """Return the records that the caller sees."""
    return records if handling.owner is None else [record for record in records if handling.is_own(record)]


def _remembered(handling: Handling, asked: Hashable, select: Callable[[], Sequence[Record]]) -> Sequence[Record]:
    """Return what ``select`` does; a client that reads page by page has it done once."""
    model, world = handling.model, handling.world
    if not world.is_own:
        return select()
    place = (handling.request.world, handling.plan.operation.key, tuple(handling.request.path.items()))
    key = (*place, tuple(handling.scope.items()), handling.owner, asked)
    known = model.selections.get(key)
    if known is not None and world.are(known.versions):
        world.reads |= dict.fromkeys(known.versions)
        return known.records
    records = select()
    size = len(records) if isinstance(records, list) else 0
    model.selections.keep(key, Selection(records, world.versions()), size + _SELECTION)
    return records


def _touched(handling: Handling, record: Record) -> dict[str, JSON]:
    """Return the value of a record with the present time in the members that tell when it was changed."""
    times = handling.state.maker.times(record.value)
    touched = dict(record.value)
    for name in times.of_change:
        time = times.members[name]
        value = time.value(handling.request.now)
        if time.member.accepts(value):
            touched[name] = value
    return touched


def listed(handling: Handling, reader: ListReader) -> Outcome:
    """Return the page that the query asks for, of the records below the parents of the path."""
    asked = reader.read(handling.request.query)
    if asked.findings and handling.request.is_strict:
        raise RefusedError("invalid_request", *asked.findings)
    page = page_within(_selected(handling, asked), asked)
    if page.findings and handling.request.is_strict:
        raise RefusedError("invalid_request", *page.findings)
    handling.note(*page.findings)
    return Outcome(
        page=page,
        reads=(*handling.world.reads,),
        origin=f"{handling.plan.resource.name}: {len(page.records)} of {page.total}",
    )
