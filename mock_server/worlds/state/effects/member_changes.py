"""Members of a record, set and removed by effects: only to what its schema takes, in the form of its times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.openapi.effects.moments import moment_in
from mock_server.openapi.effects.steps import Members
from mock_server.openapi.effects.values import ClockValue, EffectValueError, Readings, Value
from mock_server.storage import Record
from mock_server.worlds.state.making.time_members import TimeMembers
from mock_server.worlds.state.merged_records import scope_of
from mock_server.worlds.state.resource_state import ResourceState
from mock_server.worlds.state.world_records import scope_with_relations


def with_members(state: ResourceState, record: Record, members: Members, readings: Readings) -> Record:
    """Return a record with members set; all values are read before any is set.

    Raises :class:`EffectValueError` for a value that the schema of the record refuses.
    """
    times = state.maker.times(record.value)
    values = [(parts, _evaluated(value, parts, times, readings)) for parts, value in members]
    changed: JSON = record.value
    for parts, value in values:
        changed = placed(changed, parts, value)
    assert isinstance(changed, dict)
    return _of(state, record, _fitted(state, changed, {parts[0] for parts, _ in values}, times))


def without_members(state: ResourceState, record: Record, members: Iterable[tuple[str, ...]]) -> Record:
    """Return a record without some members, or items of lists."""
    changed: JSON = record.value
    for parts in members:
        changed = _removed(changed, parts)
    assert isinstance(changed, dict)
    return _of(state, record, changed)


def _removed(value: JSON, parts: Sequence[str]) -> JSON:
    """Return a value without what is at a pointer; as it is where there is nothing."""
    head, *rest = parts
    if isinstance(value, dict) and head in value:
        if rest:
            return {**value, head: _removed(value[head], rest)}
        return {name: member for name, member in value.items() if name != head}
    if isinstance(value, list) and head.isascii() and head.isdigit() and int(head) < len(value):
        index = int(head)
        return [*value[:index], *([_removed(value[index], rest)] if rest else []), *value[index + 1 :]]
    return value


def composed(members: Members, readings: Readings) -> dict[str, JSON]:
    """Return an object that has values at pointers."""
    value: JSON = {}
    for parts, member in members:
        value = placed(value, parts, member.evaluate(readings))
    assert isinstance(value, dict)
    return value


def touched(state: ResourceState, record: Record, changed: Record, now: float) -> Record:
    """Return a changed record with the present time in the members that tell when it was changed."""
    times = state.maker.times(changed.value)
    value = dict(changed.value)
    for name in times.of_change:
        moment = times.members[name].value(now)
        if value.get(name) == record.value.get(name) and times.members[name].member.accepts(moment):
            value[name] = moment
    return replace(changed, value=value)


def placed(value: JSON, parts: Sequence[str], member: JSON) -> JSON:
    """Return a value with another at a pointer; objects on the way are made, ``-`` is the end of a list (RFC 6901).

    Raises :class:`EffectValueError` where the pointer leads through something else.
    """
    if not parts:
        return member
    head, *rest = parts
    if value is None:
        value = [] if head == "-" else {}
    if isinstance(value, dict):
        return {**value, head: placed(value.get(head), rest, member)}
    if isinstance(value, list) and head == "-":
        return [*value, placed(None, rest, member) if rest else member]
    if isinstance(value, list) and head.isascii() and head.isdigit() and int(head) < len(value):
        return [placed(item, rest, member) if index == int(head) else item for index, item in enumerate(value)]
    raise EffectValueError(f"found {describe_value(value)} at {head!r}; expected an object, or a list with that item")


def _evaluated(value: Value, parts: Sequence[str], times: TimeMembers, readings: Readings) -> JSON:
    """Return a value; a moment as the member writes times that it goes to."""
    if isinstance(value, ClockValue) and len(parts) == 1 and parts[0] in times.members:
        moment = value.moment(readings)
        return None if moment is None else times.members[parts[0]].write(moment)
    return value.evaluate(readings)


def _fitted(state: ResourceState, value: dict[str, JSON], names: set[str], times: TimeMembers) -> dict[str, JSON]:
    """Return a value whose members of these names fit their schemas; moments are written as they want them."""
    shape = state.maker.form.shape_of(value)
    for name in sorted(names):
        member = shape.members.get(name)
        if member is None or member.accepts(value[name]) or _is_named(state, name, value[name]):
            continue
        moment = moment_in(value[name])
        time = times.members.get(name)
        if moment is not None and time is not None and member.accepts(time.write(moment)):
            value = {**value, name: time.write(moment)}
            continue
        actual = f"{describe_value(value[name])} for {pointer_of(name)} of {state.resource.name}"
        raise EffectValueError(f"found {actual}; expected a value that its schema accepts")
    return value


def _is_named(state: ResourceState, name: str, value: JSON) -> bool:
    """Tell whether a value is the keys of records that a member shows inside: views show the records themselves."""
    is_list = any(embed.member == name and embed.is_list for embed in state.resource.embeds)
    return is_list and isinstance(value, list) and all(isinstance(key, (str, int)) for key in value)


def _of(state: ResourceState, record: Record, value: dict[str, JSON]) -> Record:
    """Return a record with another value, below the parents that its relations name now."""
    above = scope_of(record)
    scope = scope_with_relations(state, value, above)
    if scope == above:
        return replace(record, value=value)
    parents: JSON = {**scope}
    return replace(record, value=value, hidden={**record.hidden, "scope": parents})
