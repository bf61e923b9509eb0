"""The place of a value in the whole, and the name of its own randomness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.generation.seeding import SeedKey

if TYPE_CHECKING:
    from mock_server.generation.choices import Wanted
    from mock_server.generation.contradiction import Unsatisfiable
    from mock_server.generation.fake.persona import Persona
    from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.constraints.values import Goal


@dataclass(slots=True)
class ValueLocation:
    """A JSON Pointer into the value, and how the walk came there.

    ``salt`` is set for a second and later attempt. ``lean``: only what is required is made, since the same schema is
    above already or the value is deep enough. ``level`` is the number of objects around the value; lists do not count.
    Instances are read-only; a frozen class would cost twice as much.
    """

    pointer: str = ""
    name: str = ""
    salt: str = ""
    turn: int = 0
    depth: int = 0
    lean: bool = False
    above: tuple[object, ...] = ()
    level: int = 0

    @property
    def key(self) -> str:
        """The name of the randomness of the value."""
        return self.pointer + self.salt

    def below(self, name: str | int) -> ValueLocation:
        """Return the place of a member or an item."""
        text = str(name)
        step = f"/{text}" if "/" not in text and "~" not in text else pointer_of(text)
        level = self.level if isinstance(name, int) else self.level + 1
        return ValueLocation(self.pointer + step, text, self.salt, 0, self.depth + 1, self.lean, self.above, level)

    def turned(self, turn: int) -> ValueLocation:
        """Return the same place for another attempt."""
        return replace(self, salt=f"{self.salt}~{turn}", turn=self.turn + turn) if turn else self

    def within(self, goal: Goal) -> ValueLocation:
        """Return the same place with the goal's schema added to those above; lean where it is there already."""
        if not goal:
            return self
        mark = goal[0].settled()
        lean = self.lean or mark in self.above
        return ValueLocation(
            self.pointer, self.name, self.salt, self.turn, self.depth, lean, (*self.above, mark), self.level
        )


class Walker(Protocol):
    """The part of a walk that makers of objects, arrays or texts use."""

    draw: SeedKey
    document: SchemaDocument
    persona: Persona | None
    fill_properties: bool
    complete: bool
    fill: int
    enough: int
    values: int
    wanted: Wanted
    pinned: Mapping[str, JSON]
    believed: frozenset[str]

    def believable(self, name: str) -> JSON: ...
    def value(self, goal: Goal, place: ValueLocation) -> JSON: ...
    def is_pinned(self, pointer: str) -> bool: ...
    def note(self, place: ValueLocation, nothing: Unsatisfiable) -> None: ...
