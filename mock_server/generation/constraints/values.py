"""Common constraints of values of any type, and of those that ``const`` and ``enum`` list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.constraints.keywords import list_of
from mock_server.generation.negation import NOT_VALUES
from mock_server.generation.schema_document import SchemaNode

Goal = tuple[SchemaNode, ...]
"""Schemas that apply to one value, all of them."""


@value_class
class Reach:
    """An ``unevaluated`` keyword and the range of atoms whose members and items count as evaluated for it."""

    node: SchemaNode
    start: int
    end: int


@dataclass(slots=True)
class Constraints:
    """The constraints of a value of one type; null and booleans have no others. Lists are in the order of the schema.

    ``kind`` is the JSON type, or ``value`` for one of those that are listed. ``is_risky``: a value that satisfies them
    may be invalid all the same, so it has to be validated.
    """

    kind: str
    atoms: Sequence[SchemaNode]
    reaches: Sequence[Reach]
    is_risky: bool
    not_values: list[JSON] = field(default_factory=list)

    def gather(self) -> Self:
        """Fill in what the atoms say, and return the same object.

        Raises :class:`Unsatisfiable` where keywords leave nothing.
        """
        for atom in self.atoms:
            self.not_values += list_of(atom, NOT_VALUES)
        self._gather()
        return self

    def _gather(self) -> None:
        """Fill in what is of this type alone."""


@dataclass(slots=True)
class ValueConstraints(Constraints):
    """The constraints of a value that ``const`` or ``enum`` lists."""

    values: list[JSON] = field(default_factory=list)
