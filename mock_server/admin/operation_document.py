"""A document of one operation: a small part of the contract that stands for itself, for tools that show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.openapi.model import Contract, Operation

_METHODS = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "query", "trace"})


def operation_document(contract: Contract, operation: Operation) -> dict[str, JSON]:
    """Return the contract with one operation alone, and of ``components`` what it refers to, directly or not."""
    document = contract.document
    *_, path, _ = operation.pointer.split("/")
    path = path.replace("~1", "/").replace("~0", "~")
    item = value_at(document, operation.pointer.rpartition("/")[0])
    assert isinstance(item, dict)
    method = operation.pointer.rpartition("/")[2]
    own: dict[str, JSON] = {name: value for name, value in item.items() if name not in _METHODS or name == method}
    node = own[method]
    assert isinstance(node, dict)
    tags = node.get("tags")
    if isinstance(tags, list):  # a tool would show it once for each
        own[method] = {**node, "tags": tags[:1]}
    part: dict[str, JSON] = {
        name: value for name, value in document.items() if name not in ("paths", "components", "webhooks", "tags")
    }
    part["paths"] = {path: own}
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    kept: dict[str, JSON] = {"securitySchemes": schemes} if schemes else {}
    _add_referred(document, own, kept)
    return {**part, "components": kept}


def _add_referred(document: dict[str, JSON], node: JSON, kept: dict[str, JSON]) -> None:
    """Add to ``kept`` what a node refers to below ``components``, and what that refers to in turn."""
    waiting = [*_references(node)]
    seen = set(waiting)
    while waiting:
        _, _, kind, name, *_ = (*waiting.pop().split("/"), "", "", "")
        pointer = f"/components/{kind}/{name}"
        try:
            target = value_at(document, pointer)
        except KeyError:
            continue
        section = kept.setdefault(kind, {})
        assert isinstance(section, dict)
        section[name.replace("~1", "/").replace("~0", "~")] = target
        news = {reference for reference in _references(target) if reference not in seen}
        seen |= news
        waiting += news


def _references(node: JSON) -> Iterator[str]:
    """Yield the references of a node into ``components``; those of a discriminator's mapping are references too."""
    waiting: list[JSON] = [node]
    while waiting:
        value = waiting.pop()
        members: Iterable[JSON] = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        )
        if isinstance(value, str) and value.startswith("#/components/"):
            yield value
        waiting += members
