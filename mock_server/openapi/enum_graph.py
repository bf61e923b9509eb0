"""The enums of schemas that refer to one another: each schema is visited once, however many paths lead to it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from mock_server.core.json_pointer import mapping_at, pointer_of, pointer_parts
from mock_server.core.types import JSON

Resolve = Callable[[JSON], JSON]
_BRANCHES = ("allOf", "anyOf", "oneOf")
_WAYS = frozenset({*_BRANCHES, "enum", "items", "properties"})
"""Keywords of schemas that have an enum, or lead to another schema that may have one."""


class Vertex:
    """A schema in the graph. ``values`` are the texts of its enum; None where it has none."""

    def __init__(self, graph: EnumGraph, schema: Mapping[str, JSON]) -> None:
        self._graph = graph
        self._schema = schema
        values = schema.get("enum")
        self.values = frozenset(map(text_of, values)) if isinstance(values, list) else None
        self._has_enums: bool | None = None

    @cached_property
    def branches(self) -> tuple[Vertex, ...]:
        """The schemas that apply to the same value, those within branches among them."""
        vertices = {self: None}
        waiting = [self]
        while waiting:
            for branch in waiting.pop()._own_branches():
                if branch not in vertices:
                    vertices[branch] = None
                    waiting.append(branch)
        return tuple(vertices)[1:]

    def _own_branches(self) -> Iterator[Vertex]:
        for keyword in _BRANCHES:
            branches = self._schema.get(keyword)
            for branch in branches if isinstance(branches, list) else ():
                vertex = self._graph.vertex(branch)
                if vertex is not None:
                    yield vertex

    @cached_property
    def members(self) -> Mapping[str, Vertex]:
        """The schemas of members by name."""
        properties = mapping_at(dict(self._schema), "properties")
        vertices = {name: self._graph.vertex(schema) for name, schema in properties.items()}
        return {name: vertex for name, vertex in vertices.items() if vertex is not None}

    @cached_property
    def items(self) -> Vertex | None:
        """The schema of the items of a list; None where there is none."""
        return self._graph.vertex(self._schema.get("items"))

    def has_enums(self) -> bool:
        """Tell whether an enum can be met in values of the schema."""
        if self._has_enums is None:
            seen, waiting = {self}, [self]
            while waiting:
                vertex = waiting.pop()
                if vertex.values is not None or vertex._has_enums:
                    self._has_enums = True
                    return True
                below = (*vertex.branches, *vertex.members.values(), *filter(None, (vertex.items,)))
                new = [reached for reached in below if reached not in seen]
                seen.update(new)
                waiting += new
            for vertex in seen:  # none of them leads out of those that were seen
                vertex._has_enums = False
        return self._has_enums is True

    def met_in(self, value: JSON) -> list[tuple[str, str]]:
        """Return each enum value that a value contains: its JSON Pointer (``*`` is any item) and its text."""
        pairs: list[tuple[str, str]] = []
        _collect(self, value, "", pairs)
        return pairs

    @cached_property
    def ways(self) -> Ways:
        """The ways from a value to its enums."""
        applied = (self, *self.branches)
        return Ways(
            tuple(
                (name, pointer_of(name), member)
                for vertex in applied
                for name, member in vertex.members.items()
                if member.has_enums()
            ),
            tuple(vertex.items for vertex in applied if vertex.items is not None and vertex.items.has_enums()),
            tuple(vertex.values for vertex in applied if vertex.values is not None),
        )


class Ways(NamedTuple):
    """Where enums are met from a value, with all schemas that apply to it; what leads to none is left out.

    ``members`` have their names, and those as steps of a JSON Pointer; ``items`` are the schemas of the items of a
    list; ``values`` are the enums of the value itself.
    """

    members: tuple[tuple[str, str, Vertex], ...]
    items: tuple[Vertex, ...]
    values: tuple[frozenset[str], ...]


class EnumGraph:
    """The schemas of one contract as a graph. ``resolve`` follows the references of its document."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._vertices: dict[int, Vertex] = {}

    def vertex(self, schema: JSON) -> Vertex | None:
        """Return the vertex of a schema of the document; None where no enum can be found in it."""
        node = self._resolve(schema)
        # Most schemas have no enum and lead to none, so they need no vertex.
        if not isinstance(node, dict) or _WAYS.isdisjoint(node):
            return None
        return self._vertices.get(id(node)) or self._vertices.setdefault(id(node), Vertex(self, node))

    def enums(self, schema: JSON) -> Iterator[tuple[str, Vertex]]:
        """Yield each schema with an enum that values of ``schema`` may have, and the shortest JSON Pointer to it.

        In a pointer ``*`` is any item. Breadth first: those that a reader sees first come first.
        """
        root = self.vertex(schema)
        waiting = deque([("", root)] if root is not None else ())
        seen = {root}
        while waiting:
            pointer, vertex = waiting.popleft()
            if vertex.values is not None:
                yield pointer, vertex
            inner = [(pointer, branch) for branch in vertex.branches]
            inner += [(pointer + pointer_of(name), member) for name, member in vertex.members.items()]
            inner += [(pointer + "/*", vertex.items)] if vertex.items is not None else []
            for way, reached in inner:
                if reached not in seen:
                    seen.add(reached)
                    waiting.append((way, reached))

    def values(self, schema: JSON, value: JSON) -> list[tuple[str, str]]:
        """Return each enum value that a value contains: its JSON Pointer (``*`` is any item) and its text."""
        root = self.vertex(schema)
        return [] if root is None else root.met_in(value)

    def vertices(self, schema: JSON, pointer: str) -> list[Vertex]:
        """Return the schemas with enums at a JSON Pointer into values of a schema."""
        root = self.vertex(schema)
        vertices = [root] if root is not None else []
        for part in pointer_parts(pointer):
            below = [applied for vertex in vertices for applied in (vertex, *vertex.branches)]
            items = [vertex.items for vertex in below if part == "*" and vertex.items is not None]
            vertices = [*items, *(vertex.members[part] for vertex in below if part in vertex.members)]
        applied = (branch for vertex in vertices for branch in (vertex, *vertex.branches))
        return [vertex for vertex in applied if vertex.values is not None]


def _collect(root: Vertex, value: JSON, pointer: str, pairs: list[tuple[str, str]]) -> None:
    """Add the enum values in a value to the pairs of pointer and text."""
    members, items, enums = root.ways
    if isinstance(value, dict):
        for name, step, member in members:
            if name in value:
                _collect(member, value[name], pointer + step, pairs)
    elif isinstance(value, list):
        for vertex in items:
            for item in value:
                _collect(vertex, item, pointer + "/*", pairs)
    elif enums:
        text = text_of(value)
        pairs += [(pointer, text) for values in enums if text in values]


def text_of(value: JSON) -> str:
    """Return a value of an enum as people read it: a string as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
