"""The registry of references that are no plain JSON Pointers into the document: identifiers, anchors, metaschemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from referencing import Registry, Resource, Specification
from referencing.jsonschema import DRAFT202012, SchemaRegistry

from mock_server.core.types import JSON

SPECIFICATIONS: SchemaRegistry = cast("Any", import_module("jsonschema_specifications")).REGISTRY
"""The metaschemas, which a schema may refer to. The package has no types."""
IDENTIFIERS = ("$id", "$anchor", "$dynamicAnchor")
"""Keywords that give a schema a name of its own."""


def registry_of(document: JSON, name: str, others: Mapping[str, JSON], *, has_identifiers: bool) -> Registry[Any]:
    """Return the registry of a document, which is called ``name``, and of the ``others`` that it refers to, by URI."""
    specification = _OPENAPI if has_identifiers else _UNMARKED
    resource = cast("Any", Resource)(contents=document, specification=specification)
    named = {uri: DRAFT202012.create_resource(cast("Any", other)) for uri, other in others.items()}
    registry: Registry[Any] = SPECIFICATIONS.with_resources(named.items()).with_resource(name, resource).crawl()
    return registry


def within(resolver: Any, schema: JSON) -> Any:
    """Return a resolver that is in a schema with an identifier of its own."""
    return resolver.in_subresource(DRAFT202012.create_resource(cast("Any", schema)))


def _subresources(data: Any) -> Iterable[Any]:
    """Return the subresources of JSON Schema, and in an OpenAPI document all with an identifier or an anchor."""
    if isinstance(data, dict) and "openapi" in data:
        return list(_marked(data))
    return DRAFT202012.subresources_of(data)


def _marked(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for child in data:
            yield from _marked(child)
    elif isinstance(data, dict):
        for key, child in data.items():
            if key in ("example", "examples", "enum", "const", "default"):
                continue
            if isinstance(child, dict) and any(isinstance(child.get(name), str) for name in IDENTIFIERS):
                yield child
            else:
                yield from _marked(child)


_OPENAPI: Specification[Any] = cast("Any", Specification)(
    name="openapi",
    id_of=DRAFT202012.id_of,
    subresources_of=_subresources,
    maybe_in_subresource=DRAFT202012.maybe_in_subresource,
    anchors_in=lambda _, data: DRAFT202012.anchors_in(data),
)


_UNMARKED: Specification[Any] = cast("Any", Specification)(
    name="openapi without identifiers",
    id_of=DRAFT202012.id_of,
    subresources_of=lambda data: () if isinstance(data, dict) and "openapi" in data else _subresources(data),
    maybe_in_subresource=DRAFT202012.maybe_in_subresource,
    anchors_in=lambda _, data: DRAFT202012.anchors_in(data),
)
"""For a document without identifiers and anchors: subresources are not searched."""
