"""The enums of schemas that refer to one another: each schema is visited once, however many paths lead to it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import chain

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

    def values(self, schema: JSON, value: JSON) -> Iterator[tuple[str, str]]:
        """Yield each enum value that a value contains: its JSON Pointer (``*`` is any item) and its text."""
        root = self.vertex(schema)
        return iter(()) if root is None else _values(root, value, "")

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


def _values(root: Vertex, value: JSON, pointer: str) -> Iterator[tuple[str, str]]:
    for vertex in (root, *root.branches):
        if isinstance(value, dict):
            members = vertex.members
            for name in members.keys() & value.keys():
                yield from _values(members[name], value[name], pointer + pointer_of(name))
        elif isinstance(value, list):
            if vertex.items is not None:
                yield from chain.from_iterable(_values(vertex.items, item, pointer + "/*") for item in value)
        elif vertex.values is not None and (text := text_of(value)) in vertex.values:
            yield pointer, text


def text_of(value: JSON) -> str:
    """Return a value of an enum as people read it: a string as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
