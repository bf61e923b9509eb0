"""How many values the smallest value of a schema has in it: what tells that a contract asks for more than is made."""

from __future__ import annotations

from mock_server.generation.min_depth import inner_of, parts_in_place, reached_from
from mock_server.generation.schema_document import SchemaNode

BOUNDLESS = 10**12
"""The size of a schema whose values have more than anybody counts, or no end."""


def least_size(first: SchemaNode) -> int:
    """Return how many values (objects, lists, scalars) a value of the schema has at least, itself included.

    At most :data:`BOUNDLESS`. Sizes are lowered until nothing changes, as heights are.
    """
    nodes = reached_from(first)
    sizes = dict.fromkeys(nodes, BOUNDLESS)
    changed = True
    while changed:
        changed = False
        for node in reversed(nodes):
            size = min(_once(node, sizes), BOUNDLESS)
            if size < sizes[node]:
                sizes[node] = size
                changed = True
    return sizes[first]


def _once(node: SchemaNode, sizes: dict[SchemaNode, int]) -> int:
    if node.schema is False:
        return BOUNDLESS
    size = 1 + sum(count * sizes[part] for part, count in inner_of(node).items())
    size = max([size, *(sizes[part] for part in parts_in_place(node))])
    for keyword in ("anyOf", "oneOf"):
        branches = node.children(keyword)
        if branches:
            size = max(size, min(sizes[branch] for branch in branches))
    return size
