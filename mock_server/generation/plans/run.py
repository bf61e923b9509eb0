"""One run of a plan: the draw, the persona, the pins, and the search for what the plan leaves to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mock_server.core.types import JSON
from mock_server.generation.fake.persona import Persona
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import GenerationContext
from mock_server.generation.seeding import SeedKey


class Unplanned(Exception):  # noqa: N818  (not a failure: the search goes on from the beginning)
    """Raised by a run where the search would try another way than the first."""


class PlanSettings(NamedTuple):
    """What the values of a plan have in common beside their schema: see :class:`GenerationContext`.

    ``pins`` are the JSON Pointers of pinned values, whatever the values are. A tuple, since each value looks it up.
    """

    fill_properties: bool
    complete: bool
    fill: int
    enough: int
    exemplary: bool
    pins: frozenset[str]
    trusted: frozenset[str]
    """Members of the root whose values are validated with the whole."""


class PlanRun:
    """The state of one run. ``values`` counts as the search does: leanness depends on it."""

    __slots__ = ("_document", "_settings", "_walk", "draw", "persona", "pins", "values")

    def __init__(
        self,
        draw: SeedKey,
        persona: Persona,
        pins: Mapping[str, JSON],
        document: SchemaDocument,
        settings: PlanSettings,
    ) -> None:
        self.draw = draw
        self.persona = persona
        self.pins = pins
        self.values = 1
        self._document = document
        self._settings = settings
        self._walk: GenerationContext | None = None

    def search(self) -> GenerationContext:
        """Return the search for a part of the value; give its count back with :meth:`resume`.

        What failed in an earlier part is remembered, as in a search for the whole.
        """
        walk = self._walk
        if walk is None:
            settings = self._settings
            walk = self._walk = GenerationContext(
                self.draw,
                self._document,
                self.pins,
                self.persona,
                settings.fill_properties,
                settings.complete,
                settings.fill,
                settings.enough,
            )
            walk.exemplary = settings.exemplary
            walk.believe(settings.trusted)
        walk.spent += self.values - walk.values
        walk.values = self.values
        return walk

    def resume(self) -> None:
        """Count on from where the search is."""
        if self._walk is not None:
            self.values = self._walk.values


Make = Callable[[PlanRun], JSON]
"""Makes one value of a run. Raises :class:`Unplanned` or :class:`Unsatisfiable` where a search has to begin anew."""
