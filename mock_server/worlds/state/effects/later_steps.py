"""Steps that are taken later: rows that say which, when by the world's clock, and of what."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.errors import StoreFullError
from mock_server.core.types import JSON
from mock_server.openapi.effects.steps import RunLater, all_steps
from mock_server.openapi.model import Operation
from mock_server.storage import Absence, Record
from mock_server.worlds.state.effects.effect_scope import EffectScope
from mock_server.worlds.state.effects.later_rows import LATER
from mock_server.worlds.state.identity import digest_of
from mock_server.worlds.state.merged_records import scope_of
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.world_records import WorldRecords

MOST_LATER = 1000
"""Rows of steps for later that one world may have."""


def later_row(step: RunLater, due: float, scope: EffectScope) -> Record:
    """Return the row that has steps taken when they are ``due``, in seconds since 1970.

    Raises :class:`StoreFullError` where the world has :data:`MOST_LATER` of them.
    """
    request, reader = scope.request, scope.stage
    if len(reader.own(LATER)) >= MOST_LATER:
        raise StoreFullError(
            f"found a world with {MOST_LATER:,} steps that are taken later (x-mock-effects); expected no more than"
            " that. Nothing is changed. Move its clock so that they are taken, or reset it."
        )
    names: dict[str, JSON] = {
        name: _kept(value, scope.model) for name, value in scope.named.items() if name != "before"
    }
    value: dict[str, JSON] = {
        "due": due,
        "step": step.place,
        "operation": request.operation.operation.key,
        "names": names,
        "path": {**request.path},
        "query": request.query,
        "body": request.body if step.reads_body else None,
    }
    number = 0
    record = scope.named.get("record")
    parts = (record.resource, record.handle) if isinstance(record, Record) else ()
    while reader.own_row(LATER, handle := digest_of(step.place, *parts, repr(due), str(number))) is not _FREE:
        number += 1
    return Record(LATER, handle, value)


def step_of(row: Record, operation: Operation | None) -> RunLater | None:
    """Return the step of a row; None where the contract no longer has it."""
    steps = all_steps(operation.effects) if operation is not None else ()
    place = row.value.get("step")
    return next((step for step in steps if isinstance(step, RunLater) and step.place == place), None)


def named_in(row: Record, model: StateModel, world: WorldRecords) -> dict[str, JSON | Record]:
    """Return the records and items that steps of a row name, as they are now; a record that is gone is left out."""
    names = row.value.get("names")
    named: dict[str, JSON | Record] = {}
    for name, node in names.items() if isinstance(names, dict) else ():
        if not isinstance(node, dict) or "resource" not in node:
            named[name] = node.get("item") if isinstance(node, dict) else None
            continue
        record = _present(node, model, world)
        if record is not None:
            named[name] = record
    if "record" in named:
        named["before"] = named["record"]
    return named


def _present(node: Mapping[str, JSON], model: StateModel, world: WorldRecords) -> Record | None:
    """Return the record that a row names; None where it is gone."""
    resource = str(node["resource"])
    if not model.has(resource):
        return None
    own = world.of(resource).by_handle(str(node["handle"]))
    if own is not _FREE:
        return own if isinstance(own, Record) else None
    primary, scope = model.resource(resource).identity.primary, node.get("scope")
    parents = {name: str(text) for name, text in scope.items()} if isinstance(scope, dict) else {}
    record = world.of(resource).find(primary, str(node["key"]), parents) if primary is not None else None
    return record if isinstance(record, Record) else None


def _kept(value: JSON | Record, model: StateModel) -> JSON:
    if not isinstance(value, Record):
        return {"item": value}
    key = model.resource(value.resource).identity.key_text(value.value, value.hidden)
    scope: JSON = {**scope_of(value)}
    return {"resource": value.resource, "handle": value.handle, "key": key or "", "scope": scope}


_FREE = Absence.UNTOUCHED
