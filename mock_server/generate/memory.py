"""Parts of values that many values share: made once for all the variants of a schema.

What a part is depends on where it stands, the schemas that it has to keep, what a variant asks of it and, where a
field is about somebody, on whom. A variant asks for few things; whatever it does not touch is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mock_server.exchange import JSON
from mock_server.generate.document import Document
from mock_server.generate.persona import Persona
from mock_server.generate.place import Place
from mock_server.generate.seeds import Draw
from mock_server.generate.shape import Goal
from mock_server.generate.walk import Trace, Walk

Wanted = Mapping[tuple[str, str], int]
"""What a variant asks for: by JSON Pointer and name of a choice, the number of the option."""
_Asked = frozenset[tuple[tuple[str, str], int]]
_Key = tuple[Goal, Place, _Asked]
_NOTHING: _Asked = frozenset()


@dataclass(frozen=True, slots=True)
class Memory:
    """The parts of values of one schema, with one draw and one set of pins; nobody may change them.

    The second key is whom a part is about; None for the many that are about nobody.
    """

    parts: dict[_Key, dict[Persona | None, JSON]] = field(default_factory=dict)

    def learn(self, made: Mapping[_Key, Mapping[Persona | None, JSON]]) -> None:
        """Keep what a walk has made that came to a good end."""
        for key, found in made.items():
            self.parts.setdefault(key, {}).update(found)


class RememberingWalk(Walk):
    """A walk that makes no part twice.

    Its trace has only what it met on the way to new parts: what led to the others was told when they were made.
    """

    def __init__(
        self, memory: Memory, draw: Draw, document: Document, wanted: Wanted, *, pins: Mapping[str, JSON],
        fill_properties: bool, trace: Trace | None,
    ) -> None:  # fmt: skip
        super().__init__(
            draw, document, pins, None, fill_properties, complete=True, wanted={("", "plain"): 1, **wanted}, trace=trace
        )
        self.made: dict[_Key, dict[Persona | None, JSON]] = {}
        self._memory = memory
        self._asked = _by_pointer(wanted)

    @property
    def persona(self) -> Persona | None:  # type: ignore[override]  # the walk's own is a plain attribute
        """Whom the record is about. A part that asks for it is about them."""
        self._is_about_somebody = True
        return self._persona

    @persona.setter
    def persona(self, persona: Persona | None) -> None:
        self._persona = persona
        self._is_about_somebody = False

    def value(self, goal: Goal, place: Place) -> JSON:
        """A value as of any walk, or the one that is known."""
        if self.turns:  # the validator found fault with what was made so far
            return super().value(goal, place)
        key = (goal, place, self._asked.get(place.pointer, _NOTHING))
        for parts in (self._memory.parts, self.made):
            known = parts.get(key)
            if known is not None:
                if None in known:
                    return known[None]
                if self._persona in known:
                    self._is_about_somebody = True
                    return known[self._persona]
        outside, self._is_about_somebody = self._is_about_somebody, False
        try:
            value = super().value(goal, place)
            self.made.setdefault(key, {})[self._persona if self._is_about_somebody else None] = value
        finally:
            self._is_about_somebody |= outside
        return value


def _by_pointer(wanted: Wanted) -> dict[str, _Asked]:
    """By JSON Pointer, what is asked of the value there and of what is in it. Whether it is there, its holder says."""
    found: dict[str, set[tuple[tuple[str, str], int]]] = {}
    for (pointer, what), number in wanted.items():
        for above in above_and_at(pointer):
            if above != pointer or what != "present":
                found.setdefault(above, set()).add(((pointer, what), number))
    return {pointer: frozenset(asked) for pointer, asked in found.items()}


def above_and_at(pointer: str) -> Iterable[str]:
    """A JSON Pointer and those of all that holds what it points to, the innermost first."""
    yield pointer
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer
