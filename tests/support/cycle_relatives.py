"""The records that a record needs: its parents in the path, and those that its relations name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_server.core.json_pointer import value_at
from mock_server.openapi.resources.model import InferredResource, Verb
from tests.support.cycle_plans import PlannedOperation, Planner, Surroundings
from tests.support.cycle_requests import ContractCaller, UnsentError

_OBTAINING: tuple[Verb, ...] = ("list", "create", "read")
"""What shows a record whose key is not known yet; of reads, those of the caller's own."""
_DEEPEST = 3
"""Levels of parents that are made to make a record."""


class Relatives:
    """Finds or creates other records in the world of a cycle."""

    def __init__(self, caller: ContractCaller, planner: Planner, world: str, *, is_strict: bool) -> None:
        self._caller = caller
        self._planner = planner
        self._world = world
        self._is_strict = is_strict
        self.has_made_up = False
        """Whether a parent stands for a record that is none: then deleting below it is answered again and again."""

    def surroundings(self, operation: PlannedOperation, depth: int = 0) -> Surroundings:
        """Return the parents of a path; raises :class:`UnsentError` in strict mode where a record cannot be had."""
        around = Surroundings()
        for parent in operation.parents:
            record = self._related(parent.resource, around, depth) if parent.resource is not None else None
            value = record.get(parent.member) if record is not None and parent.member is not None else None
            if value is None:
                value = around.value(parent)
            if value is None and parent.resource is not None and self._is_strict and self._can_exist(parent.resource):
                raise UnsentError(f"{operation.key}: no record of {parent.resource} can be had")
            around.add(parent, self._made_up(operation.key, parent.parameter) if value is None else value, record)
        return around

    def _can_exist(self, name: str) -> bool:
        """Tell whether something lists, creates or reads records of a resource: then a made-up key is one of none."""
        resource = self._planner.model.resources[name]
        return any(self._planner.operations(resource, verb) for verb in _OBTAINING)

    def _made_up(self, operation: str, parameter: str) -> Any:
        self.has_made_up = True
        for node, steps in self._caller.operations[operation].parameters:
            if (node["in"], node["name"]) == ("path", parameter) and steps is not None:
                return self._caller.sampler.sample(steps, everything=False)
        return "text"

    def _related(
        self, name: str, around: Surroundings, depth: int, verbs: tuple[Verb, ...] = _OBTAINING
    ) -> Mapping[str, Any] | None:
        """Return a record of another resource: the first that is listed, else one that is created for this."""
        resource = self._planner.model.resources.get(name)
        if resource is None or resource.is_singleton or depth > _DEEPEST:
            return None
        for verb in verbs:
            for operation in self._planner.operations(resource, verb):
                if operation.finds_one:
                    continue
                path = around.path(operation)
                if path is None:
                    try:
                        path = self.surroundings(operation, depth + 1).path(operation)
                    except UnsentError:
                        continue
                record = self._obtained(operation, path or {})
                if record is not None:
                    return record
        return None

    def _obtained(self, operation: PlannedOperation, path: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            if operation.key.startswith("GET "):
                exchange = self._caller.ask(self._world, operation.key, path)
                if operation.is_of_caller:
                    return operation.record(exchange.json) if exchange.is_success else None
                pointer = operation.collection.envelope if operation.collection is not None else None
                value = value_at(exchange.json, pointer) if exchange.is_success and pointer is not None else None
                return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else None
            exchange = self._caller.ask(self._world, operation.key, path, None, self._caller.body(operation.key, 1))
        except (UnsentError, KeyError):
            return None
        return operation.record(exchange.json) if exchange.is_success else None

    def pins(self, owner: InferredResource, around: Surroundings, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return keys of existing records for the relations among the members of a body.

        What is the record's own key, too, is that of a record which was made for this.
        """
        pins: dict[str, Any] = {}
        own = {key.member for key in owner.keys}
        for relation in owner.relations:
            if relation.member not in members:
                continue
            if relation.member in own:
                record = self._related(relation.resource, around, 1, ("create",))
            else:
                record = around.records.get(relation.resource) or self._related(relation.resource, around, 1)
            keys = self._planner.model.resources[relation.resource].keys
            key = record.get(keys[0].member) if record is not None and keys else None
            if key is not None:
                pins[relation.member] = [key] if relation.is_list else key
        return pins
