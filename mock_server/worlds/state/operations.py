"""The operations of a contract that keep state: what each does, to which resource, by which parts of its path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract, Operation, path_parts
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import (
    STATEFUL,
    Collection,
    InferredResource,
    ItemPath,
    Parent,
    RecordKey,
    ResourceModel,
    SentRecords,
    Verb,
    Verdict,
    View,
)

KEEPING: frozenset[Verb] = STATEFUL | {"transition"}
"""The verbs that are answered from records; a view is where its effects say what it answers."""
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@value_class
class StatefulOperation:
    """An operation that keeps state.

    ``parents`` are those of its path; ``parameter`` is the path parameter of ``key``, None where the path has no key:
    of a collection, of the caller's own record (``me``), or where the body has it, at ``sent_key``. ``view`` is where
    its answer shows the record or the list; None where it does not.
    """

    operation: Operation
    verb: Verb
    resource: InferredResource
    parents: tuple[Parent, ...] = ()
    parameter: str | None = None
    key: RecordKey | None = None
    collection: Collection | None = None
    view: View | None = None
    sends: SentRecords | None = None
    """Where a body has several records; None where it is one."""
    sent_key: tuple[str, ...] = ()
    """The parts of a pointer into the body that lead to the key; empty where the path has it."""

    @property
    def is_of_caller(self) -> bool:
        """Whether the path means the record of whoever asks (``/customers/me``)."""
        return not (self.parameter or self.collection or self.sent_key or self.resource.is_singleton)


def stateful_operations(contract: Contract) -> dict[str, StatefulOperation]:
    """Return the operations that keep state by their keys (``GET /pets/{id}``)."""
    model = model_of(contract)
    operations = (
        _operation(model, contract.operations[key], verdict)
        for key, verdict in model.verdicts.items()
        if verdict.is_sure and key in contract.operations and _is_kept(verdict.verb, contract.operations[key])
    )
    return {
        stateful.operation.key: replace(stateful, sends=model.verdicts[stateful.operation.key].sends)
        for stateful in operations
        if stateful is not None
    }


def _is_kept(verb: Verb, operation: Operation) -> bool:
    return verb in KEEPING or (verb == "view" and bool(operation.effects))


def records_on_paths(model: ResourceModel, operations: Iterable[Operation]) -> dict[str, tuple[Parent, ...]]:
    """Return which records the paths of operations lead through, by the operation's key; none where it is none.

    They have to be there, even for an operation that keeps no state itself (``GET /customers/{id}/state``). That which
    PUT makes does not.
    """
    places = {
        _blank(item.path): (name, item)
        for name, resource in model.resources.items()
        for item in resource.items
        if item.parameter is not None and item.key is not None
    }
    return {operation.key: _records_on(operation, places) for operation in operations}


def _records_on(operation: Operation, places: Mapping[str, tuple[str, ItemPath]]) -> tuple[Parent, ...]:
    segments = path_parts(operation.path)[0].split("/")
    for end in range(len(segments), 1, -1):
        name, item = places.get(_blank("/".join(segments[:end])), ("", None))
        if item is None or item.key is None or (end == len(segments) and operation.method == "PUT"):
            continue
        names = _PARAMETER.findall("/".join(segments[:end]))
        above = (replace(parent, parameter=own) for parent, own in zip(item.parents, names, strict=False))
        return (*above, Parent(names[-1], name, item.key.member))
    return ()


def _blank(path: str) -> str:
    """Return a path without the names of its parameters."""
    return _PARAMETER.sub("{}", path.rstrip("/"))


def _operation(model: ResourceModel, operation: Operation, verdict: Verdict) -> StatefulOperation | None:
    resource = model.resources.get(verdict.resource or "")
    if resource is None or not (resource.views or verdict.verb in ("link", "unlink")):
        return None  # nothing shows its records
    view = next((view for view in resource.views if view.operation == operation.key), None)
    path = path_parts(operation.path)[0]
    collection = next((place for place in resource.collections if place.path == path), None)
    if collection is not None:
        return StatefulOperation(operation, verdict.verb, resource, collection.parents, None, None, collection, view)
    item = _item(resource, path)
    if item is not None:
        sent_key = operation.correction.sent_key if operation.correction is not None else ()
        return StatefulOperation(
            operation, verdict.verb, resource, item.parents, item.parameter, item.key, None, view, sent_key=sent_key
        )
    if verdict.verb in ("link", "unlink"):
        return _link(operation, verdict, resource)
    if verdict.verb == "export":
        home = max(
            (place for place in resource.collections if path.startswith(place.path.rstrip("/"))),
            key=lambda place: len(place.path),
            default=None,
        )
        parents = home.parents if home is not None else ()
        return StatefulOperation(operation, "export", resource, parents, None, None, home, view)
    if verdict.verb in ("read", "update", "view") and verdict.key is None:  # ``/account`` beside ``/accounts/{id}``
        return StatefulOperation(operation, verdict.verb, resource, view=view)
    return None


def _item(resource: InferredResource, path: str) -> ItemPath | None:
    """Return the item path that a path is, or that it is below (``/orders/{id}/finalize``)."""
    exact = next((item for item in resource.items if item.path == path), None)
    if exact is not None:
        return exact
    above = [item for item in resource.items if item.parameter is not None and path.startswith(f"{item.path}/")]
    return max(above, key=lambda item: len(item.path), default=None)


def _link(operation: Operation, verdict: Verdict, resource: InferredResource) -> StatefulOperation | None:
    names = _PARAMETER.findall(operation.path)
    if not names:
        return None
    key = next((key for key in resource.keys if key.member == verdict.key), None)
    parents = tuple(Parent(name) for name in names[:-1])
    return StatefulOperation(operation, verdict.verb, resource, parents, names[-1], key)
