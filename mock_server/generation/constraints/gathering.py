"""Constraints of a value of a type, of the class that is for the type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.generation.constraints.arrays import ArrayConstraints
from mock_server.generation.constraints.numbers import NumberConstraints
from mock_server.generation.constraints.objects import ObjectConstraints
from mock_server.generation.constraints.strings import StringConstraints
from mock_server.generation.constraints.values import Constraints, Reach
from mock_server.generation.schema_document import SchemaNode

_CLASSES: Mapping[str, type[Constraints]] = {
    "array": ArrayConstraints,
    "integer": NumberConstraints,
    "number": NumberConstraints,
    "object": ObjectConstraints,
    "string": StringConstraints,
}
"""By JSON type; null and booleans have only what is common to all."""


def gather(
    kind: str, atoms: Sequence[SchemaNode], reaches: Sequence[Reach], is_risky: bool, forbidden: frozenset[str]
) -> Constraints:
    """Return all that atoms say of a value of a JSON type; ``forbidden`` are names that no member may have.

    Raises :class:`Unsatisfiable` where keywords leave nothing.
    """
    if kind == "object":
        return ObjectConstraints(kind, atoms, reaches, is_risky, forbidden=forbidden).gather()
    return _CLASSES.get(kind, Constraints)(kind, atoms, reaches, is_risky).gather()
