"""The depth of the smallest value of a schema: it makes recursion end, and tells where it cannot end."""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.generate.document import Node

ENDLESS = 10**6
"""The height of a schema that requires itself without end."""


def height(node: Node) -> int:
    """Return the least number of levels of objects and arrays in a value; :data:`ENDLESS` where there is no end."""
    cache = node.document.kept
    key = (node, "height")
    if key not in cache:
        for reached, levels in _settled(node).items():
            cache[reached, "height"] = levels
    return int(cache[key])


def _settled(first: Node) -> dict[Node, int]:
    """Return the heights of a schema and of all that it requires, lowered until nothing changes (a fixed point)."""
    nodes = _reached(first)
    cache = first.document.kept
    heights = {node: int(cache.get((node, "height"), ENDLESS)) for node in nodes}
    waiting = [node for node in reversed(nodes) if (node, "height") not in cache]
    changed = True
    while changed:
        changed = False
        for node in waiting:
            levels = min(_once(node, heights), ENDLESS)
            if levels < heights[node]:
                heights[node] = levels
                changed = True
    return heights


def _reached(first: Node) -> list[Node]:
    """Return a schema and all that it requires, without what is behind those whose heights are known."""
    cache = first.document.kept
    reached = {first: None}
    waiting = [first]
    while waiting:
        node = waiting.pop()
        for part in _parts(node) if (node, "height") not in cache else ():
            if part not in reached:
                reached[part] = None
                waiting.append(part)
    return list(reached)


def _parts(node: Node) -> Iterable[Node]:
    yield from _in_place(node)
    yield from _inner(node)
    yield from node.children("anyOf")
    yield from node.children("oneOf")


def _in_place(node: Node) -> list[Node]:
    references = [key for key in ("$ref", "$dynamicRef") if isinstance(node.keywords.get(key), str)]
    return [*map(node.reference, references), *node.children("allOf")]


def _inner(node: Node) -> list[Node]:
    """Return the schemas of the members and items that a value must have."""
    keywords = node.keywords
    kinds = keywords.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    if "const" in keywords or "enum" in keywords:
        return []
    nodes: list[Node] = []
    required, properties = keywords.get("required"), keywords.get("properties")
    if listed == ["object"] and isinstance(required, list) and isinstance(properties, dict):
        nodes += [node.child("properties", name) for name in map(str, required) if name in properties]
    least = keywords.get("minItems")
    if listed == ["array"] and isinstance(least, int):
        prefix = node.children("prefixItems")
        nodes += prefix[:least]
        nodes += [node.child("items")] if least > len(prefix) and "items" in keywords else []
    return nodes


def _once(node: Node, heights: dict[Node, int]) -> int:
    if node.schema is False:
        return ENDLESS
    levels = 0
    for part in _in_place(node):
        levels = max(levels, heights[part])
    inner = _inner(node)
    if inner:
        levels = max(levels, 1 + max(heights[part] for part in inner))
    for keyword in ("anyOf", "oneOf"):
        branches = node.children(keyword)
        if branches:
            levels = max(levels, min(heights[branch] for branch in branches))
    return levels
