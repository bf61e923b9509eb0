"""Constraints of arrays, and the schemas of their items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mock_server.core.value_class import value_class
from mock_server.generation.constraints.keywords import length_of, list_of, whole_of
from mock_server.generation.constraints.values import Constraints, Goal
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.negation import REPEATED
from mock_server.generation.schema_document import SchemaNode


@value_class
class Contains:
    """``contains`` with its bounds; None: no upper one."""

    node: SchemaNode
    least: int
    most: int | None


@dataclass(slots=True)
class ArrayConstraints(Constraints):
    """The constraints of an array; ``least`` and ``most`` bound its items."""

    least: int = 0
    most: int | None = None
    is_unique: bool = False
    is_repeated: bool = False
    contains: list[Contains] = field(default_factory=list)
    items: dict[int, Goal] = field(default_factory=dict)
    """The goals of items, worked out so far."""

    def item(self, index: int, contained: Sequence[SchemaNode] = ()) -> Goal:
        """Return the schemas of the item at an index, with those of ``contained``, which the item has to match."""
        if contained:
            return self._item(index, contained)
        if index not in self.items:
            self.items[index] = self._item(index, ())
        return self.items[index]

    def _item(self, index: int, contained: Sequence[SchemaNode]) -> Goal:
        said = [_said_of_item(atom, index) for atom in self.atoms]
        goal = [node for nodes in said for node in nodes or ()]
        evaluated = [
            nodes is not None or ("contains" in atom.keywords and atom.child("contains") in contained)
            for nodes, atom in zip(said, self.atoms, strict=True)
        ]
        for reach in self.reaches:
            if "unevaluatedItems" in reach.node.keywords and not any(evaluated[reach.start : reach.end]):
                goal.append(reach.node.child("unevaluatedItems"))
                evaluated[reach.start] = True
        return tuple(dict.fromkeys(node for node in (*goal, *contained) if node.schema is not True))

    def prefix(self) -> int:
        """Return how many items have a schema of their own."""
        return max((len(list_of(atom, "prefixItems")) for atom in self.atoms), default=0)

    def has_items(self) -> bool:
        """Tell whether items beyond the prefix are described."""
        return any(key in atom.keywords for atom in self.atoms for key in ("items", "contains", "unevaluatedItems"))

    def _gather(self) -> None:
        for atom in self.atoms:
            self.is_unique |= atom.keywords.get("uniqueItems") is True
            self.is_repeated |= atom.keywords.get(REPEATED) is True
            if "contains" in atom.keywords:
                least = whole_of(atom, "minContains")
                most = whole_of(atom, "maxContains")
                if most is not None and most < (1 if least is None else least):
                    raise Unsatisfiable("minContains", "maxContains")
                self.contains.append(Contains(atom.child("contains"), 1 if least is None else least, most))
        if self.is_unique and self.is_repeated:
            raise Unsatisfiable("uniqueItems", "not")
        self.least, self.most = length_of(self.atoms, "minItems", "maxItems")


def _said_of_item(atom: SchemaNode, index: int) -> list[SchemaNode] | None:
    """Return the schemas that an atom has for an item; None where it leaves it unevaluated."""
    if index < len(list_of(atom, "prefixItems")):
        return [atom.child("prefixItems", str(index))]
    return [atom.child("items")] if "items" in atom.keywords else None
