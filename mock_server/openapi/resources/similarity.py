"""Whether two schemas show the same records: by their names and by the members that they share."""

from __future__ import annotations

from mock_server.core.types import JSON
from mock_server.openapi.resources.names import bare_words
from mock_server.openapi.resources.schema_shapes import SchemaShape

ENOUGH = 0.6
"""The share of the smaller schema's members that two views of a record have in common."""
_EVERYWHERE = frozenset({"object", "url", "html_url", "node_id", "links", "_links", "self", "type", "kind", "metadata"})
"""Members that say nothing about what a thing is."""
_NAMING = ("object", "type", "kind")
"""Members whose only value, where they have one, names what a thing is."""


def overlap(left: SchemaShape, right: SchemaShape) -> float:
    """Return the share of the smaller shape's members that the larger one has too; 0 where one has none."""
    first, second = left.members.keys() - _EVERYWHERE, right.members.keys() - _EVERYWHERE
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


def names_agree(left: str, right: str) -> bool:
    """Tell whether two schema names say the same thing but for how much they show."""
    return bool(left and right) and (left == right or bare_words(left) == bare_words(right))


def is_same_record(left: SchemaShape, right: SchemaShape) -> bool:
    """Tell whether two shapes are views of one record: the same schema, or names that agree and enough in common."""
    if left is right or (left.reference and left.reference == right.reference):
        return True
    if _says_otherwise(left, right):
        return False
    if left.branches and right.branches and left.branches & right.branches:
        return overlap(left, right) >= ENOUGH
    if left.name in right.branches or right.name in left.branches:
        return True
    return names_agree(left.name, right.name) and overlap(left, right) >= ENOUGH


def _says_otherwise(left: SchemaShape, right: SchemaShape) -> bool:
    """Tell whether two shapes name themselves differently: ``object: thread`` is no ``object: chatkit.thread``."""
    if left.branches or right.branches:
        return False
    values = ((_only_value(left.members.get(name)), _only_value(right.members.get(name))) for name in _NAMING)
    return any(first is not None and second is not None and first != second for first, second in values)


def _only_value(schema: JSON) -> str | None:
    """Return the only text that a schema written in place takes; None where there are others."""
    if not isinstance(schema, dict):
        return None
    listed = schema.get("enum")
    value = listed[0] if isinstance(listed, list) and len(listed) == 1 else schema.get("const")
    return value if isinstance(value, str) else None


def is_compatible(left: SchemaShape, right: SchemaShape) -> bool:
    """Tell whether a list and an item of one path may show one record: nothing speaks against it.

    Two schemas with names that differ need the members in common, since paths alone are one witness.
    """
    if not left.members or not right.members or is_same_record(left, right):
        return True
    return overlap(left, right) >= ENOUGH
