"""A cache of parts of values that many values share: each is made once for all variants of a schema.

A part depends on its place, its schemas, what a variant wants of it and, where a field is about a person, on the
persona. A variant wants few things; every part that it does not affect is taken from the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mock_server.core.json_pointer import above_and_at
from mock_server.core.types import JSON
from mock_server.generation.choices import PLAIN, Choice, ChoiceKey, Wanted
from mock_server.generation.constraints.values import Goal
from mock_server.generation.fake.persona import Persona
from mock_server.generation.location import ValueLocation
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import GenerationContext, Trace
from mock_server.generation.seeding import SeedKey

_Asked = frozenset[tuple[ChoiceKey, int]]
_Key = tuple[object, ...]
_NOTHING: _Asked = frozenset()


@dataclass(slots=True)
class _Subvalue:
    """One part, by the number of the persona it was made for. ``asks`` are the persona's attributes that it read."""

    asks: frozenset[str]
    values: dict[int, JSON]


class SubvalueCache:
    """The parts of values of one schema, with one draw and one set of pins; the parts are read-only."""

    def __init__(self) -> None:
        self.parts: dict[_Key, _Subvalue] = {}
        self._personas: dict[Persona, int] = {}
        self._known: list[Persona] = []
        self._agreed: dict[tuple[frozenset[str], int, int], bool] = {}

    def number(self, persona: Persona) -> int:
        """Return the number of a persona, a new one for a new persona."""
        if persona not in self._personas:
            self._personas[persona] = len(self._known)
            self._known.append(persona)
        return self._personas[persona]

    def persona(self, number: int) -> Persona:
        """Return the first persona that got this number; its cached attributes are reused."""
        return self._known[number]

    def learn(self, parts: Mapping[_Key, _Subvalue]) -> None:
        """Add the parts of a walk that succeeded."""
        for key, part in parts.items():
            self.parts.setdefault(key, part).values.update(part.values)

    def agree(self, asks: frozenset[str], left: int, right: int) -> bool:
        """Tell whether two personas have the same values of these attributes (the join date is often the same)."""
        key = (asks, left, right)
        if key not in self._agreed:
            first, second = self._known[left], self._known[right]
            self._agreed[key] = all(getattr(first, name) == getattr(second, name) for name in asks)
        return self._agreed[key]


class CachingContext(GenerationContext):
    """A walk that makes no part twice.

    Its trace has only what it met on the way to new parts: what led to the others was traced when they were made.
    """

    def __init__(
        self,
        memory: SubvalueCache,
        draw: SeedKey,
        document: SchemaDocument,
        wanted: Wanted,
        *,
        pins: Mapping[str, JSON],
        fill_properties: bool,
        fill: int,
        trace: Trace | None,
    ) -> None:
        asks = {PLAIN: 1, **wanted}
        super().__init__(
            draw, document, pins, None, fill_properties, complete=True, fill=fill, wanted=asks, trace=trace
        )
        self.made: dict[_Key, _Subvalue] = {}
        self._memory = memory
        self._wanted = _by_pointer(wanted)
        self._asked: set[str] = set()
        self._who = -1

    def about(self, persona: Persona) -> CachingContext:
        """Return this walk for a persona, and note which attributes of the persona each part reads.

        They tell for which other personas a part fits.
        """
        self._who = self._memory.number(persona)
        self.persona = cast("Persona", _RecordingStream(self._memory.persona(self._who), self))
        return self

    def heard(self, names: Iterable[str]) -> None:
        """Note the attributes of the persona that the current part reads."""
        self._asked.update(names)

    def wants(self, pointer: str) -> bool:
        """Tell whether a variant wants something of the value or of its parts, so that a cached part does not fit."""
        return pointer in self._wanted

    def value(self, goal: Goal, place: ValueLocation) -> JSON:
        """Return a value as any walk does, or the cached one."""
        if self.turns:  # the validator has refused an earlier value
            return super().value(goal, place)
        # Name, depth and leanness follow from these; a tuple is hashed faster than a place is.
        key = (place.pointer, place.salt, place.turn, place.above, goal, self._wanted.get(place.pointer, _NOTHING))
        for part in (self._memory.parts.get(key), self.made.get(key)):
            if part is not None and self._suits(part):
                return part.values[self._who]
        # What parts of this value read of the persona counts for each value around it, too.
        outside, self._asked = self._asked, set()
        try:
            value = super().value(goal, place)
            self.made[key] = _Subvalue(frozenset(self._asked), {self._who: value})
        finally:
            outside |= self._asked
            self._asked = outside
        return value

    def _suits(self, part: _Subvalue) -> bool:
        if self._who not in part.values:
            # It was made for another persona, and fits if both agree on all that was read.
            first, value = next(iter(part.values.items()))
            if part.asks and not self._memory.agree(part.asks, first, self._who):
                return False
            part.values[self._who] = value
        if part.asks:
            self._asked |= part.asks
        return True


class _RecordingStream:
    """A persona that reports each attribute that is read to a walk."""

    def __init__(self, persona: Persona, walk: CachingContext) -> None:
        self._persona = persona
        self._walk = walk

    def __getattr__(self, name: str) -> Any:
        self._walk.heard((name,))
        return getattr(self._persona, name)


def _by_pointer(wanted: Wanted) -> dict[str, _Asked]:
    """Return, by JSON Pointer, what is wanted of the value there and of what is in it.

    Whether a member is present belongs to the object around it.
    """
    entries: dict[str, set[tuple[ChoiceKey, int]]] = {}
    present = Choice.PRESENT
    for (pointer, what), number in wanted.items():
        for above in above_and_at(pointer):
            if above != pointer or what != present:
                entries.setdefault(above, set()).add(((pointer, what), number))
    return {pointer: frozenset(values) for pointer, values in entries.items()}
