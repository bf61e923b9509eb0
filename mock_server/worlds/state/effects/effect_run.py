"""Take the steps of an operation: what the verb has made of a request becomes what the data says of it besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from mock_server.core.diagnostics import Diagnostic, Fault
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.openapi.effects.moments import moment_in
from mock_server.openapi.effects.steps import (
    MOST_ITEMS,
    AnswerMembers,
    CreateRecord,
    DeleteRecord,
    ForEach,
    Refuse,
    RemoveMembers,
    RunLater,
    SendEvents,
    SetMembers,
    Step,
)
from mock_server.openapi.effects.values import ClockValue, EffectValueError, ItemReadings, Place, text_in
from mock_server.storage import KEYS, Absence, Record, RecordChange
from mock_server.worlds.state.effects.effect_scope import EffectScope
from mock_server.worlds.state.effects.later_rows import LATER
from mock_server.worlds.state.effects.later_steps import later_row
from mock_server.worlds.state.effects.member_changes import composed, touched, with_members, without_members
from mock_server.worlds.state.effects.record_creation import create_record
from mock_server.worlds.state.outcome import StateEvent
from mock_server.worlds.state.refusal import RefusedError
from mock_server.worlds.state.verbs.deleting import children_gone


class EffectRun:
    """Takes steps on the stage of a scope. ``sends`` are the events that they tell of, in order."""

    def __init__(self, scope: EffectScope) -> None:
        self.scope = scope
        self.sends: list[StateEvent] = []
        self._indices: dict[tuple[str, ...], int] = {}
        """The items of lists for which steps are taken now, by the parts of the pointers to the lists."""
        self._takers: Mapping[type, Callable[[Step], None]] = {
            Refuse: lambda step: self._refuse(cast("Refuse", step)),
            SetMembers: lambda step: self._set(cast("SetMembers", step)),
            RemoveMembers: lambda step: self._remove(cast("RemoveMembers", step)),
            CreateRecord: lambda step: self._create(cast("CreateRecord", step)),
            DeleteRecord: lambda step: self._delete(cast("DeleteRecord", step)),
            ForEach: lambda step: self._each(cast("ForEach", step)),
            SendEvents: lambda step: self._send(cast("SendEvents", step)),
            AnswerMembers: lambda step: self._answer(cast("AnswerMembers", step)),
            RunLater: lambda step: self._later(cast("RunLater", step)),
        }

    def take(self, steps: Sequence[Step]) -> None:
        """Take steps in order.

        Raises :class:`RefusedError` where one refuses, and :class:`GenerationError` for one that cannot be taken.
        """
        for step in steps:
            try:
                if step.when is None or step.when.holds(self.scope):
                    self._takers[type(step)](step)
            except EffectValueError as error:
                place = self.scope.model.contract.locate(step.place)
                raise GenerationError(f"{place} {step.place}: {error}. Fix the effect.") from None

    def judge(self) -> None:
        """Have all views of all changed records made, so that no read fails for what a step has set.

        Raises :class:`GenerationError` where one cannot be made; nothing is written then.
        """
        for change in self.scope.stage.changes:
            if isinstance(change.after, Record) and KEYS not in change.resource:
                self.scope.model.resource(change.resource).judge(change.after, self.scope.world.embedded)

    def _refuse(self, step: Refuse) -> None:
        if self.scope.unstored and not self.scope.request.is_strict:
            return  # what nobody made is as the client takes it to be
        at = step.at
        if at is not None and at.parts in self._indices:
            at = Place((*at.parts, str(self._indices[at.parts])))
        record = self._record(Place(("record",)))
        value: JSON = None
        if at is not None:
            location, pointer = at.parts[1], pointer_of(*at.parts[2:])
            location, pointer = ("body", pointer) if location == "body" else (f"{location} {at.parts[2]}", "")
            value = at.evaluate(self.scope)
            actual = describe_value(value)
        else:
            location, pointer = "request", ""
            actual = f"{record.resource} {record.handle} as it is" if record is not None else "the record as it is"
        expected = step.expected or "a record that allows it"
        fault = Fault(value=value)
        refused = RefusedError(step.failure, Diagnostic("state", location, actual, expected, pointer, fault=fault))
        refused.about = {
            "record": record.value if record is not None else None,
            "request": {"path": {**self.scope.request.path}, "body": self.scope.request.body},
            **{name: told.evaluate(self.scope) for name, told in step.told},
        }
        raise refused

    def _set(self, step: SetMembers) -> None:
        record = self._record(step.target)
        if record is not None:
            state = self.scope.model.resource(record.resource)
            self._become(record, with_members(state, record, step.members, self.scope))

    def _remove(self, step: RemoveMembers) -> None:
        record = self._record(step.target)
        if record is not None:
            self._become(record, without_members(self.scope.model.resource(record.resource), record, step.members))

    def _become(self, record: Record, changed: Record) -> None:
        """Have a record become another one; one that was there before has then been changed just now."""
        if changed == record:
            return
        if (record.resource, record.handle) not in self.scope.fresh:
            changed = touched(self.scope.model.resource(record.resource), record, changed, self.scope.now)
        self.scope.put(record, changed)

    def _create(self, step: CreateRecord) -> None:
        scope = self.scope
        parents = {name: text_in(value.evaluate(scope)) for name, value in step.parents}
        sent = composed(step.members, scope)
        record, changes = create_record(scope.model, scope.request, scope.stage, step.resource, sent, parents)
        scope.change(changes)
        scope.fresh.add((record.resource, record.handle))
        state = scope.model.resource(step.resource)
        key = state.identity.primary
        members = tuple((parts, value) for parts, value in step.members if key is None or parts != (key.member,))
        changed = with_members(state, record, members, scope)
        if changed != record:
            scope.put(record, changed)
        if step.name:
            scope.named[step.name] = changed

    def _delete(self, step: DeleteRecord) -> None:
        record = self._record(step.target)
        if record is None:
            return
        scope = self.scope
        changes: list[RecordChange] = []
        if (record.resource, record.handle) not in scope.unstored:
            changes += scope.world.of(record.resource).changes(record, Absence.DELETED)
            changes += children_gone(scope.model, scope.world, record)
        scope.change(changes)
        scope.gone[(record.resource, record.handle)] = record

    def _each(self, step: ForEach) -> None:
        scope, outer = self.scope, dict(self.scope.named)
        items = self._items(step)
        if len(items) > MOST_ITEMS:
            raise EffectValueError(f"found {len(items):,} to take steps for; expected at most {MOST_ITEMS:,}")
        listed = step.selection.items.parts if isinstance(step.selection.items, Place) else ()
        for index, item in enumerate(items):
            scope.named[step.name] = item
            self._indices[listed] = index
            self.take(step.steps)
        self._indices.pop(listed, None)
        scope.named = outer

    def _items(self, step: ForEach) -> list[JSON | Record]:
        """Return the records that a step selects, or the items of a list."""
        selection, scope = step.selection, self.scope
        if selection.items is not None:
            return [*selection.selected(scope)]
        state, own = scope.model.resource(selection.resource), ItemReadings(scope)
        records = scope.world.all_of(selection.resource)
        return [record for record in records if selection.selects(state.derived(record).value, own)]

    def _send(self, step: SendEvents) -> None:
        record = self._record(step.target)
        if record is not None:
            self.sends += [StateEvent(name, record) for name in step.types]

    def _answer(self, step: AnswerMembers) -> None:
        for parts, value in step.members:
            record = self._record(value) if isinstance(value, Place) else None
            self.scope.answer[parts] = value.evaluate(self.scope) if record is None else record

    def _later(self, step: RunLater) -> None:
        due = self.due(step)
        if due is not None:
            row = later_row(step, due, self.scope)
            self.scope.change([RecordChange(LATER, row.handle, Absence.UNTOUCHED, row)])

    def due(self, step: RunLater) -> float | None:
        """Return when a step is to be taken, in seconds since 1970; None for never."""
        if isinstance(step.due, ClockValue):
            return step.due.moment(self.scope)
        return moment_in(step.due.evaluate(self.scope))

    def _record(self, target: Place) -> Record | None:
        return self.scope.record(target.parts)
