"""Generated members of one record: each from the seed, the resource, the key and its JSON Pointer alone."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.errors import GenerationError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.constraints.values import Goal
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.generator import enough_of, persona_of
from mock_server.generation.location import ValueLocation
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.search import BUDGET, FULL, GenerationContext, SearchBudgetExceeded
from mock_server.generation.seeding import SeedKey


@value_class
class Filling:
    """How much is generated: ``fill`` levels of objects have their optional members; whether maps get an entry."""

    fill: int = FULL
    fill_properties: bool = True


class MemberDraws:
    """Generates members of one record, in any order, without those that are not asked for.

    ``root`` is the schema of the whole record; ``pins`` are values by JSON Pointer that are not generated.
    """

    def __init__(
        self,
        document: SchemaDocument,
        root: SchemaNode,
        draw: SeedKey,
        filling: Filling,
        pins: Mapping[str, JSON] | None = None,
    ) -> None:
        self.document = document
        self.draw = draw
        walk = GenerationContext(
            draw, document, pins or {}, None, filling.fill_properties, True, filling.fill, enough_of(filling.fill)
        )
        walk.persona = persona_of(walk, root)
        self._walk = walk
        self._root = ValueLocation().within((root,))

    def place(self, name: str) -> ValueLocation:
        """Return the place of a member of the record."""
        return self._root.below(name)

    def value(self, goal: Goal, place: ValueLocation, pins: Mapping[str, JSON] | None = None) -> JSON:
        """Return a generated value; ``pins`` are further values by JSON Pointer into the record.

        Raises :class:`GenerationError` where none is valid.
        """
        if pins:
            return self._pinned(goal, place, pins)
        walk = self._walk
        if walk.spent > BUDGET // 2:
            walk.spent, walk.failed = 0, {}
        walk.values = 0
        try:
            return walk.value(goal, place)
        except SearchBudgetExceeded:
            walk.spent = 0
            raise GenerationError(f"{place.pointer}: found no value; expected a schema with one.") from None
        except Unsatisfiable as nothing:
            raise GenerationError(f"{place.pointer}: {', '.join(nothing.keywords)} leave no value.") from None

    def _pinned(self, goal: Goal, place: ValueLocation, pins: Mapping[str, JSON]) -> JSON:
        own = self._walk
        walk = GenerationContext(
            own.draw, own.document, {**own.pins, **pins}, own.persona, own.fill_properties, True, own.fill, own.enough
        )
        try:
            return walk.value(goal, place)
        except (SearchBudgetExceeded, Unsatisfiable):
            raise GenerationError(f"{place.pointer}: found no value with what is known pinned.") from None

    def is_pinned(self, name: str) -> bool:
        """Tell whether something at or below a member is pinned."""
        return self._walk.is_pinned(f"/{name}") if self._walk.pins else False

    def another(self, goal: Goal, place: ValueLocation, turn: int) -> JSON:
        """Return a further generated value for the same place."""
        return self.value(goal, place.turned(turn))
