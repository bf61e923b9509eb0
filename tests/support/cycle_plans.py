"""Which operations make a cycle of a resource: create, list, read, update and delete of the same records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_server.core.json_pointer import value_at
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import (
    Collection,
    InferredResource,
    ItemPath,
    Parent,
    RecordKey,
    ResourceModel,
    SentRecords,
    Verb,
    View,
)
from mock_server.openapi.resources.operation_site import OperationSite, read_sites
from mock_server.openapi.resources.schema_shapes import ShapeReader


@dataclass(frozen=True)
class PlannedOperation:
    """An operation of a cycle, and where its path and its answer have the record."""

    key: str
    parents: tuple[Parent, ...]
    parameter: str | None = None
    """The path parameter that finds the record; None for a collection, and for the caller's own."""
    member: RecordKey | None = None
    """What that parameter is compared with."""
    view: View | None = None
    collection: Collection | None = None
    sends: SentRecords | None = None
    """Where a body has several records at once."""

    def first_sent(self, body: Any) -> dict[str, Any] | None:
        """Return the members that a body has of a record: of the first, where it may have several; None without any."""
        if self.sends is not None:
            try:
                array = value_at(body, self.sends.pointer)
            except KeyError:
                return None
            first: Any = array[0] if isinstance(array, list) and array else None
            return {self.sends.member: first} if self.sends.member and first is not None else first
        if isinstance(body, list):
            return body[0] if body and isinstance(body[0], dict) else None
        return body if isinstance(body, dict) else {}

    @property
    def finds_one(self) -> bool:
        """Whether the path has the key of a record."""
        return self.parameter is not None

    @property
    def is_of_caller(self) -> bool:
        """Whether the path means the record of whoever asks; an update of a collection has the key in its body."""
        return self.parameter is None and self.collection is None

    def record(self, answer: Any) -> Mapping[str, Any] | None:
        """Return the record in an answer; None where there is none."""
        if self.view is None:
            return None
        try:
            value = value_at(answer, self.view.pointer)
        except (KeyError, TypeError):
            return None
        if self.view.is_list and isinstance(value, list):
            value = value[0] if len(value) == 1 or (value and self.sends is not None) else None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class CyclePlan:
    """The operations of one cycle; None for what the contract does not have."""

    resource: InferredResource
    create: PlannedOperation | None = None
    list: PlannedOperation | None = None
    read: PlannedOperation | None = None
    update: PlannedOperation | None = None
    delete: PlannedOperation | None = None

    @property
    def name(self) -> str:
        """What reports call the cycle."""
        return f"{self.resource.name} ({self.create.key if self.create else self.list.key if self.list else ''})"


@dataclass
class Surroundings:
    """What is known of the parents of a record: texts by path parameter, records by resource."""

    texts: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, str | None] = field(default_factory=dict)
    """The resource that each of these parameters names, as far as it is known."""
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def value(self, parent: Parent) -> Any:
        """Return what stands for a parent in a path; None where it is not known."""
        if parent.parameter in self.texts and self.resources.get(parent.parameter) == parent.resource:
            return self.texts[parent.parameter]
        if parent.resource is not None and parent.member is not None:
            known = self.records.get(parent.resource, {}).get(parent.member)
            if known is not None:
                return known
        names = [name for name, resource in self.resources.items() if resource == parent.resource is not None]
        return self.texts[names[0]] if names and parent.resource not in self.records else None

    def add(self, parent: Parent, value: Any, record: Mapping[str, Any] | None = None) -> None:
        """Remember what stands for a parent."""
        self.texts[parent.parameter] = value
        self.resources[parent.parameter] = parent.resource
        if parent.resource is not None and record is not None:
            self.records.setdefault(parent.resource, record)

    def path(self, operation: PlannedOperation, key: Any = None) -> dict[str, Any] | None:
        """Return the path parameters of an operation; None where one is not known."""
        values = {parent.parameter: self.value(parent) for parent in operation.parents}
        if operation.parameter is not None:
            values[operation.parameter] = key
        return None if any(value is None for value in values.values()) else values


class Planner:
    """Finds the cycles of a contract."""

    def __init__(self, contract: Contract) -> None:
        self.model: ResourceModel = model_of(contract)
        self.reader = ShapeReader(contract.document)
        self.sites: dict[str, OperationSite] = {site.operation.key: site for site in read_sites(contract, self.reader)}

    def plans(self, name: str = "") -> Iterator[CyclePlan]:
        """Yield a cycle for each operation that creates, or else lists, records of a resource that can be found."""
        for resource in self.model.resources.values():
            if (name and resource.name != name) or resource.is_singleton:
                continue
            creates = self.operations(resource, "create")
            findable = bool(self.operations(resource, "read") or self.operations(resource, "list"))
            if not findable:
                continue
            if creates:
                yield from (self.plan(resource, create) for create in creates)
            else:
                yield self.plan(resource, None)

    def plan(self, resource: InferredResource, create: PlannedOperation | None) -> CyclePlan:
        """Return the operations that stand nearest to what creates: below the same parents."""
        home = create.parents if create is not None else ()
        path = create.key.partition(" ")[2] if create is not None else ""
        chosen: dict[str, PlannedOperation | None] = {}
        for verb in ("list", "read", "update", "delete"):
            fitting = [
                operation
                for operation in self.operations(resource, verb)
                if create is None or _within(operation.parents, home)
            ]
            apart = [
                operation
                for operation in fitting
                if all(parent.resource != resource.name for parent in operation.parents)
            ]
            fitting = apart or fitting  # a revision of a record is found below the record
            if verb != "list":
                fitting = [operation for operation in fitting if operation.finds_one or verb == "update"]
                fitting = [operation for operation in fitting if not operation.is_of_caller]
            chosen[verb] = max(fitting, key=lambda operation: _nearness(operation, path, home), default=None)
        return CyclePlan(resource, create, **chosen)

    def operations(self, resource: InferredResource, verb: Verb) -> list[PlannedOperation]:
        """Return the operations of a resource that surely do this, as the contract has them."""
        verdicts = [
            verdict
            for verdict in self.model.verdicts.values()
            if verdict.is_stateful and verdict.verb == verb and verdict.resource == resource.name
        ]
        planned = (self._operation(resource, verdict.operation) for verdict in verdicts)
        return [operation for operation in planned if operation is not None]

    def _operation(self, resource: InferredResource, key: str) -> PlannedOperation | None:
        path = key.partition(" ")[2]
        view = next((view for view in resource.views if view.operation == key), None)
        sends = self.model.verdicts[key].sends
        collection = next((place for place in resource.collections if place.path == path), None)
        if collection is not None:
            return PlannedOperation(key, collection.parents, None, None, view, collection, sends)
        item: ItemPath | None = next((item for item in resource.items if item.path == path), None)
        if item is not None:
            return PlannedOperation(key, item.parents, item.parameter, item.key, view)
        names = self.sites[key].path.parameters
        return PlannedOperation(key, tuple(Parent(name) for name in names), None, None, view)


def _within(parents: tuple[Parent, ...], home: tuple[Parent, ...]) -> bool:
    """Tell whether all parents of a path are among those of another."""
    names = {parent.parameter for parent in home} | {parent.resource for parent in home if parent.resource}
    return all(parent.parameter in names or parent.resource in names for parent in parents)


def _nearness(operation: PlannedOperation, path: str, home: tuple[Parent, ...]) -> tuple[bool, int, int]:
    own = operation.key.partition(" ")[2]
    common = next((index for index, (left, right) in enumerate(zip(own, path, strict=False)) if left != right), None)
    shared = common if common is not None else min(len(own), len(path))
    return (len(operation.parents) == len(home), shared, -len(own))
