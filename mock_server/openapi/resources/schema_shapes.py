"""The shape of a schema: its name, its members with ``allOf`` merged, its items. Each schema is read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from mock_server.core.json_pointer import mapping_at, pointer_parts
from mock_server.core.types import JSON
from mock_server.openapi.traversal import resolved

Kind = Literal["object", "array", "scalar", "any"]
_DEEPEST = 8
"""Most levels of ``allOf`` and unions within each other that are read."""
_PLAIN = ("string", "integer", "number", "boolean")


@dataclass(slots=True)
class SchemaShape:
    """What can be seen of a schema without values.

    ``name`` is that of the component, or of the only branch that is not null; empty for a schema written in place.
    ``reference`` is what led to it. Members of a union are those of all its branches; required ones, of each.
    """

    kind: Kind = "any"
    name: str = ""
    reference: str = ""
    members: dict[str, JSON] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: JSON = None
    branches: frozenset[str] = frozenset()
    """The names of the components that a union is made of."""
    types: frozenset[str] = frozenset()
    """The types of a scalar."""
    is_mixed: bool = False
    """Whether a value may be a text or number in place of the object: the key of what may be shown inside."""


UNKNOWN = SchemaShape()


def is_plain(schema: JSON) -> bool:
    """Tell whether a schema says by itself that it is a text, a number or a boolean: it need not be read further."""
    return isinstance(schema, dict) and schema.get("type") in _PLAIN and "$ref" not in schema


class ShapeReader:
    """Reads shapes of the schemas of one document, which has to stay as it is."""

    def __init__(self, document: Mapping[str, JSON]) -> None:
        self._document = document
        self._by_node: dict[int, SchemaShape] = {}
        self._by_reference: dict[str, SchemaShape] = {}
        self._targets: dict[str, Mapping[str, JSON]] = {}

    def shape(self, schema: JSON, depth: int = 0) -> SchemaShape:
        """Return the shape of a schema or of a reference to one; what cannot be read is :data:`UNKNOWN`."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return UNKNOWN
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, depth)
        shape = self._by_node.get(id(schema))
        if shape is None:
            shape = self._by_node[id(schema)] = self._read(schema, depth)
        return shape

    def at(self, schema: JSON, pointer: str) -> JSON:
        """Return the schema of the member at a JSON Pointer into values of a schema; None where there is none."""
        for name in pointer_parts(pointer):
            schema = self.shape(schema).members.get(name)
        return schema

    def scalar_types(self, schema: JSON, depth: int = 0) -> frozenset[str]:
        """Return the types of texts, numbers and booleans that a schema takes, also as branches of a union."""
        node = self.resolved(schema)
        own = _types(node) & {*_PLAIN}
        if depth > _DEEPEST:
            return own
        return own.union(*(self.scalar_types(branch, depth + 1) for branch in _branches(node)))

    def resolved(self, node: JSON) -> Mapping[str, JSON]:
        """Return an object of the document, or what a reference leads to; empty where that is nothing."""
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str):
            return node if isinstance(node, dict) else {}
        if reference not in self._targets:
            target = resolved(self._document, node)
            self._targets[reference] = target if isinstance(target, dict) else {}
        return self._targets[reference]

    def _referred(self, reference: str, depth: int) -> SchemaShape:
        shape = self._by_reference.get(reference)
        if shape is None:
            self._by_reference[reference] = UNKNOWN  # a circle ends here
            shape = self._read(self.resolved({"$ref": reference}), depth + 1)
            if not shape.name:
                shape = _copy(shape, reference.rpartition("/")[2], reference)
            self._by_reference[reference] = shape
        return shape

    def _read(self, node: Mapping[str, JSON], depth: int) -> SchemaShape:
        branches = [*_branches(node)]
        if len(branches) == 1 and not node.get("properties") and not node.get("allOf"):
            return self.shape(branches[0], depth + 1)
        wrapped = _wrapped(node)
        if wrapped is not None:
            return self.shape(wrapped, depth + 1)
        types = _types(node)
        if "array" in types or "items" in node:
            return SchemaShape("array", items=node.get("items"))
        shape = SchemaShape()
        shape.members.update(mapping_at(node, "properties"))
        shape.required = frozenset(_texts(node.get("required")))
        self._merge(shape, node.get("allOf"), depth)
        if branches:
            self._unite(shape, branches, depth)
        shape.kind = _kind(shape, types, node)
        shape.types = types if shape.kind == "scalar" else frozenset()
        return shape

    def _merge(self, shape: SchemaShape, parts: JSON, depth: int) -> None:
        """Add what all parts of ``allOf`` say. What adds little to one component is a branch of that."""
        bases: list[str] = []
        own = len(shape.members)
        for part in parts if isinstance(parts, list) else ():
            parent = self.shape(part, depth + 1)
            own += 0 if parent.name else len(parent.members)
            if parent.name and parent.kind == "object":
                bases.append(parent.name)
            if parent.kind in ("array", "scalar"):
                shape.kind, shape.items, shape.types = parent.kind, parent.items, parent.types
            shape.members.update(parent.members)
            shape.required |= parent.required
            shape.branches |= parent.branches
        if len(bases) == 1 and own * 4 <= len(shape.members):
            shape.branches |= {bases[0]}

    def _unite(self, shape: SchemaShape, branches: list[JSON], depth: int) -> None:
        """Add the members of all branches of a union, and what each of them requires."""
        shapes = [self.shape(branch, depth + 1) for branch in branches]
        objects = [branch for branch in shapes if branch.kind == "object"]
        if not objects:
            kinds = {branch.kind for branch in shapes}
            if kinds <= {"scalar"}:
                shape.kind = "scalar"
                shape.types = frozenset[str]().union(*(branch.types for branch in shapes))
            elif len(kinds) == 1 and shapes[0].kind == "array":
                shape.kind, shape.items = "array", shapes[0].items
            return
        shape.is_mixed = any(branch.kind == "scalar" for branch in shapes)
        for branch in objects:
            shape.members = {**branch.members, **shape.members}
            shape.branches |= branch.branches or ({branch.name} if branch.name else frozenset())
        shape.required |= frozenset.intersection(*(branch.required for branch in objects))


def _copy(shape: SchemaShape, name: str, reference: str) -> SchemaShape:
    return SchemaShape(
        shape.kind,
        name,
        reference,
        shape.members,
        shape.required,
        shape.items,
        shape.branches,
        shape.types,
        shape.is_mixed,
    )


def _branches(node: Mapping[str, JSON]) -> Iterator[JSON]:
    """Yield the branches of a union that are not null. A branch that only requires members is none."""
    for key in ("anyOf", "oneOf"):
        listed = node.get(key)
        for branch in listed if isinstance(listed, list) else ():
            if isinstance(branch, dict) and not _is_null(branch) and branch.keys() - {"required", "not"}:
                yield branch


def _is_null(branch: Mapping[str, JSON]) -> bool:
    """Tell whether a branch takes null alone; ``enum: [null]`` is how OpenAPI 3.0 can say so."""
    return (
        branch.get("type") == "null" or branch.get("enum") == [None] or ("const" in branch and branch["const"] is None)
    )


def _wrapped(node: Mapping[str, JSON]) -> JSON:
    """Return the only part of ``allOf`` that has a shape, where nothing else stands beside; else None."""
    parts = node.get("allOf")
    if not isinstance(parts, list) or node.get("properties"):
        return None
    shaped = [part for part in parts if isinstance(part, dict) and part.keys() & _SHAPING]
    return shaped[0] if len(shaped) == 1 and isinstance(shaped[0], dict) else None


_SHAPING = frozenset({"$ref", "properties", "items", "allOf", "anyOf", "oneOf", "type", "enum"})


def _types(node: Mapping[str, JSON]) -> frozenset[str]:
    stated = node.get("type")
    if isinstance(stated, str):
        return frozenset({stated})
    return frozenset(_texts(stated)) - {"null"}


def _texts(value: JSON) -> list[str]:
    return cast("list[str]", [text for text in value if isinstance(text, str)]) if isinstance(value, list) else []


def _kind(shape: SchemaShape, types: frozenset[str], node: Mapping[str, JSON]) -> Kind:
    if shape.members or "object" in types:
        return "object"
    if shape.kind != "any":
        return shape.kind
    return "scalar" if types & {*_PLAIN} or "enum" in node or "const" in node else "any"
