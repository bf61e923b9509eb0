"""The depth of the smallest value of a schema: it makes recursion end, and tells where it cannot end."""

from __future__ import annotations

from collections.abc import Container, Iterable

from mock_server.generation.document_caches import CacheKey
from mock_server.generation.schema_document import SchemaNode

ENDLESS = 10**6
"""The height of a schema that requires itself without end."""
_DEPTHS: CacheKey[SchemaNode, int] = CacheKey()


def min_depth(node: SchemaNode) -> int:
    """Return the least number of levels of objects and arrays in a value; :data:`ENDLESS` where there is no end."""
    depths = node.document.caches[_DEPTHS]
    if node not in depths:
        depths.update(_settled(node, depths))
    return depths[node]


def _settled(first: SchemaNode, depths: dict[SchemaNode, int]) -> dict[SchemaNode, int]:
    """Return the heights of a schema and of all that it requires, lowered until nothing changes (a fixed point)."""
    nodes = reached_from(first, depths)
    heights = {node: depths.get(node, ENDLESS) for node in nodes}
    waiting = [node for node in reversed(nodes) if node not in depths]
    changed = True
    while changed:
        changed = False
        for node in waiting:
            levels = min(_once(node, heights), ENDLESS)
            if levels < heights[node]:
                heights[node] = levels
                changed = True
    return heights


def reached_from(first: SchemaNode, known: Container[SchemaNode] = ()) -> list[SchemaNode]:
    """Return a schema and all that it cannot do without; not what lies behind those that are ``known``."""
    reached = {first: None}
    waiting = [first]
    while waiting:
        node = waiting.pop()
        for part in _parts(node) if node not in known else ():
            if part not in reached:
                reached[part] = None
                waiting.append(part)
    return list(reached)


def _parts(node: SchemaNode) -> Iterable[SchemaNode]:
    yield from parts_in_place(node)
    yield from inner_of(node)
    yield from node.children("anyOf")
    yield from node.children("oneOf")


def parts_in_place(node: SchemaNode) -> list[SchemaNode]:
    """Return the schemas that a value has to keep as well: of references and ``allOf``."""
    references = [key for key in ("$ref", "$dynamicRef") if isinstance(node.keywords.get(key), str)]
    return [*map(node.reference, references), *node.children("allOf")]


def inner_of(node: SchemaNode) -> dict[SchemaNode, int]:
    """Return the members and items that a value has to have, and how often each is there at least."""
    keywords = node.keywords
    kinds = keywords.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    inner: dict[SchemaNode, int] = {}
    if "const" in keywords or "enum" in keywords:
        return inner
    required, properties = keywords.get("required"), keywords.get("properties")
    if listed == ["object"] and isinstance(required, list) and isinstance(properties, dict):
        for name in dict.fromkeys(map(str, required)):
            if name in properties:
                member = node.child("properties", name)
                inner[member] = inner.get(member, 0) + 1
    least = keywords.get("minItems")
    if listed == ["array"] and isinstance(least, int):
        prefix = node.children("prefixItems")
        for item in prefix[:least]:
            inner[item] = inner.get(item, 0) + 1
        if least > len(prefix) and "items" in keywords:
            item = node.child("items")
            inner[item] = inner.get(item, 0) + least - len(prefix)
    return inner


def _once(node: SchemaNode, heights: dict[SchemaNode, int]) -> int:
    if node.schema is False:
        return ENDLESS
    levels = 0
    for part in parts_in_place(node):
        levels = max(levels, heights[part])
    inner = inner_of(node)
    if inner:
        levels = max(levels, 1 + max(heights[part] for part in inner))
    for keyword in ("anyOf", "oneOf"):
        branches = node.children(keyword)
        if branches:
            levels = max(levels, min(heights[branch] for branch in branches))
    return levels
