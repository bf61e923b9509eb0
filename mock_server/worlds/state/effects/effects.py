"""Effects of requests, and of steps whose time has come: outcomes that are data, as those of verbs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mock_server.core.value_class import value_class
from mock_server.openapi.effects.steps import says_events
from mock_server.scenarios.delivery_fault import EventFault
from mock_server.storage import Absence, Record, RecordChange, RecordReader
from mock_server.worlds.state.effects.effect_run import EffectRun
from mock_server.worlds.state.effects.effect_scope import EffectScope, Named
from mock_server.worlds.state.effects.later_rows import LATER, due_at, due_of, faults_of
from mock_server.worlds.state.effects.later_steps import named_in, step_of
from mock_server.worlds.state.operations import StatefulOperation
from mock_server.worlds.state.outcome import Outcome, StateEvent, StateRequest
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.verbs.handling import Handling
from mock_server.worlds.state.world_records import WorldRecords


def with_effects(handling: Handling, outcome: Outcome, reader: RecordReader) -> Outcome:
    """Return what comes of a request with what its operation does besides.

    Where the verb made several records, the steps are taken for each. Raises :class:`RefusedError`, and
    :class:`GenerationError` for a step that cannot be taken or a record that cannot be shown after it.
    """
    records = outcome.several or ((outcome.record,) if outcome.record is not None else ())
    steps = handling.plan.operation.effects
    scope = EffectScope(handling.model, handling.request, reader, {})
    scope.change([*outcome.changes])
    if handling.plan.verb == "delete":
        scope.gone |= {(record.resource, record.handle): record for record in records}
    run, after = EffectRun(scope), []
    for record in records:
        _begin(scope, handling, record, outcome)
        run.take(steps)
        after.append(scope.current(record) or record)
    run.judge()
    last = after[-1] if after else outcome.record
    page = outcome.page
    return replace(
        outcome,
        record=last,
        page=replace(page, records=after) if page is not None and outcome.several else page,
        changes=scope.stage.changes,
        reads=(*dict.fromkeys((*outcome.reads, *scope.reads)),),
        location=handling.location(last) if outcome.location and last is not None else outcome.location,
        sends=tuple(run.sends) if says_events(steps) else None,
        records=scope.stage,
        answer=(*scope.answer.items(),),
    )


def looked_at(handling: Handling, outcome: Outcome, reader: RecordReader) -> Outcome:
    """Return what comes of a request that reads, as steps that refuse and answer have it.

    Raises :class:`RefusedError`, and :class:`GenerationError` for a step that cannot be taken.
    """
    scope = EffectScope(handling.model, handling.request, reader, {})
    if outcome.record is not None:
        scope.named = {"record": outcome.record}
        scope.begin(outcome.record)
    run = EffectRun(scope)
    run.take(handling.plan.operation.effects)
    reads = (*dict.fromkeys((*outcome.reads, *scope.reads)),)
    return replace(outcome, reads=reads, answer=(*scope.answer.items(),))


def _begin(scope: EffectScope, handling: Handling, record: Record, outcome: Outcome) -> None:
    """Name the record of an operation, and what it was before."""
    place = (record.resource, record.handle)
    before = handling.before
    scope.named = {"record": record, "before": before}
    scope.begin(record)
    if handling.plan.verb == "create":
        scope.fresh.add(place)
    elif handling.is_made_up and not any((change.resource, change.handle) == place for change in outcome.changes):
        scope.unstored.add(place)


@value_class
class LaterOutcome:
    """What comes of a step whose time has come: changes, events as of :class:`Outcome`, and what is read of them."""

    operation: str
    due: float
    changes: tuple[RecordChange, ...]
    sends: tuple[StateEvent, ...] | None
    records: RecordReader
    faults: Sequence[EventFault] = ()
    """With what faults its events are delivered."""


def taken_later(model: StateModel, row: Record, reader: RecordReader, world: str, *, is_strict: bool) -> LaterOutcome:
    """Return what comes of the steps of a row, whose time has come.

    Where the record of the operation is gone, nothing but that the row goes. Raises :class:`RefusedError`, and
    :class:`GenerationError` for a step that cannot be taken.
    """
    key, due = str(row.value.get("operation")), due_of(row)
    operation = model.operations.get(key)
    step = step_of(row, operation.operation if operation is not None else None)
    named = named_in(row, model, WorldRecords(model, reader))
    if operation is None or step is None or "record" not in named:
        return dropped(row, reader)
    request = _request_of(row, operation, due, world, is_strict=is_strict)
    scope = _scope(model, request, reader, named)
    run = EffectRun(scope)
    run.take(step.steps)
    again = run.due(step) if step.repeats and (step.when is None or step.when.holds(scope)) else None
    run.judge()
    after = Absence.UNTOUCHED if again is None or again <= due else due_at(row, again)
    scope.change([RecordChange(LATER, row.handle, row, after)])
    sends = tuple(run.sends) if says_events(step.steps) else None
    return LaterOutcome(key, due, scope.stage.changes, sends, scope.stage, faults_of(row))


def dropped(row: Record, reader: RecordReader) -> LaterOutcome:
    """Return what comes of a row whose steps cannot be taken: it goes."""
    change = RecordChange(LATER, row.handle, row, Absence.UNTOUCHED)
    return LaterOutcome(str(row.value.get("operation")), due_of(row), (change,), (), reader)


def _scope(model: StateModel, request: StateRequest, reader: RecordReader, named: Named) -> EffectScope:
    scope = EffectScope(model, request, reader, named)
    record = scope.named.get("record")
    if isinstance(record, Record):
        scope.begin(record)
    return scope


def _request_of(row: Record, operation: StatefulOperation, due: float, world: str, *, is_strict: bool) -> StateRequest:
    path, query = row.value.get("path"), row.value.get("query")
    return StateRequest(
        operation,
        {name: str(text) for name, text in path.items()} if isinstance(path, dict) else {},
        query if isinstance(query, str) else "",
        row.value.get("body"),
        now=due,
        is_strict=is_strict,
        world=world,
    )
