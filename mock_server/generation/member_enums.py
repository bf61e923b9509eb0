"""Enums of members: the values that a schema allows for the member at a JSON Pointer, or of a name."""

from __future__ import annotations

from mock_server.core.json_pointer import mapping_at, pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.schema_document import SchemaDocument, SchemaNode

DEEPEST = 3
"""Most levels of objects in which a member of a name is searched: as many as the record of a person has."""

Enum = tuple[str, list[JSON]]
"""The JSON Pointer of a member into a value, and the values of its enum."""
_ENUMS: CacheKey[tuple[SchemaNode, tuple[str, ...], int], Enum | None] = CacheKey()
"""By schema, names and levels: the result of :func:`enum_named`."""
_BRANCHES: CacheKey[SchemaNode, tuple[SchemaNode, ...]] = CacheKey()


def enum_at(schema: JSON, pointer: str, document: SchemaDocument) -> list[JSON]:
    """Return the enum of the member at a JSON Pointer into values of a schema; empty where there is none."""
    nodes = [document.root(schema)]
    for name in pointer_parts(pointer):
        nodes = [
            branch.child("properties", name)
            for node in nodes
            for branch in branches(node)
            if name in mapping_at(dict(branch.keywords), "properties")
        ]
    return next((values for node in nodes if (values := _values(node))), [])


def enum_named(node: SchemaNode, names: tuple[str, ...], levels: int = DEEPEST) -> Enum | None:
    """Return the first enum of a member that has one of these names, those of the object itself before deeper ones.

    Results are cached by schema, so that a graph of schemas is searched once, however many paths lead through it.
    """
    enums, key = node.document.caches[_ENUMS], (node.settled(), names, levels)
    if key not in enums:
        enums[key] = None  # a schema that comes back to itself has nothing more to offer
        enums[key] = _enum_named(node, names, levels)
    return enums[key]


def _enum_named(node: SchemaNode, names: tuple[str, ...], levels: int) -> Enum | None:
    members = [(name, branch) for branch in branches(node) for name in mapping_at(dict(branch.keywords), "properties")]
    for name, branch in members:
        if name in names and (values := _values(branch.child("properties", name))):
            return pointer_of(name), values
    for name, branch in members if levels > 1 else ():
        if _has_members(branch.keywords["properties"], name):
            deeper = enum_named(branch.child("properties", name), names, levels - 1)
            if deeper is not None:
                return pointer_of(name) + deeper[0], deeper[1]
    return None


_SIMPLE = frozenset({"string", "integer", "number", "boolean", "array"})


def _has_members(properties: JSON, name: str) -> bool:
    """Tell whether the value of a member may be an object, judging by the type of its schema alone."""
    schema = properties.get(name) if isinstance(properties, dict) else None
    kind = schema.get("type") if isinstance(schema, dict) else "boolean"
    return not (isinstance(kind, str) and kind in _SIMPLE)


def _values(node: SchemaNode) -> list[JSON]:
    for branch in branches(node):
        values = branch.keywords.get("enum")
        if isinstance(values, list) and values:
            return values
    return []


def branches(node: SchemaNode) -> tuple[SchemaNode, ...]:
    """Return the schema and all that apply to the same value: what it refers to, and branches of any kind."""
    known = node.document.caches[_BRANCHES]
    if node not in known:
        nodes: dict[SchemaNode, None] = {node: None}
        waiting = [node]
        while waiting:
            here = waiting.pop(0)
            references = [here.reference("$ref")] if isinstance(here.keywords.get("$ref"), str) else []
            for branch in (*references, *(branch for keyword in _IN_PLACE for branch in here.children(keyword))):
                if branch not in nodes:
                    nodes[branch] = None
                    waiting.append(branch)
        known[node] = tuple(nodes)
    return known[node]


_IN_PLACE = ("anyOf", "oneOf", "allOf")
