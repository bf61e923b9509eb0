"""The branches of a union, and the member whose value names each of them.

A contract gives it by ``discriminator``, or by a member that every branch fixes (``const``, or an ``enum`` of one).
"""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.coercion import Resolve, TypeHints

_DEEPEST = 6
"""Most levels of unions within unions that are searched."""
_MOST = 500
"""Most branches that are searched."""
_NAMING = ("event", "type", "kind", "object", "op", "action", "status")
"""Members that name a branch where no discriminator gives one, the likeliest first."""


@value_class
class UnionBranch:
    """A branch: the value of the naming member, and the schema. A branch with several names is listed for each."""

    name: str
    schema: JSON


@value_class
class Union:
    """The branches of a union in the contract's order. ``member`` names them; empty where nothing does."""

    member: str = ""
    branches: tuple[UnionBranch, ...] = ()


def union_of(schema: JSON, resolve: Resolve) -> Union:
    """Return the branches of a schema; none where it is not a union, or no member tells its branches apart."""
    leaves = [*_leaves(schema, resolve, 0)][:_MOST]
    if len(leaves) < 2:
        return Union()
    shapes = [TypeHints([leaf], resolve) for leaf in leaves]
    for member in dict.fromkeys((*_discriminators(schema, resolve, 0), *_NAMING)):
        names = [names_of(shape.member(member)) for shape in shapes]
        if all(names):
            branches = [
                UnionBranch(name, leaf) for leaf, leaf_names in zip(leaves, names, strict=True) for name in leaf_names
            ]
            if len({branch.name for branch in branches}) > 1:
                return Union(member, tuple(branches))
    return Union()


def names_of(shape: TypeHints) -> tuple[str, ...]:
    """Return the texts that a member may have, by ``const`` or ``enum``; none where other values are allowed too."""
    values = shape.keyword("enum")
    listed = values if isinstance(values, list) else [shape.keyword("const")]
    return tuple(value for value in listed if isinstance(value, str))


def _leaves(schema: JSON, resolve: Resolve, depth: int) -> Iterator[JSON]:
    """Yield the branches, also those of nested unions; references stay as they are."""
    node = resolve(schema)
    listed = next((node[key] for key in ("oneOf", "anyOf") if key in node), None) if isinstance(node, dict) else None
    if not isinstance(listed, list) or depth > _DEEPEST or (isinstance(node, dict) and "properties" in node):
        if node is not None:
            yield schema
        return
    for branch in listed:
        if not (isinstance(branch, dict) and branch.get("type") == "null"):
            yield from _leaves(branch, resolve, depth + 1)


def _discriminators(schema: JSON, resolve: Resolve, depth: int) -> Iterator[str]:
    node = resolve(schema)
    if not isinstance(node, dict) or depth > _DEEPEST:
        return
    stated = node.get("discriminator")
    if isinstance(stated, dict) and isinstance(stated.get("propertyName"), str):
        yield str(stated["propertyName"])
    for key in ("oneOf", "anyOf"):
        listed = node.get(key)
        for branch in listed if isinstance(listed, list) else ():
            yield from _discriminators(branch, resolve, depth + 1)
