"""Read values and conditions about one record alone: how members are derived from it, and which records lists show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mock_server.core.json_pointer import pointer_parts
from mock_server.core.types import JSON
from mock_server.openapi.effects.value_reader import Names, ValueReader
from mock_server.openapi.effects.values import (
    EffectCondition,
    EffectValueError,
    Place,
    RecordSelection,
    Value,
    value_in,
)

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap

RELATED = "related"
"""The part of a pointer after which a relation of the record stands."""
_RECORD = "#record"
"""The first part of a pointer that leads into the record."""
_ELSEWHERE = ("clock", "make")
"""The values that are of a moment or of a request."""


class RecordValueReader(ValueReader):
    """Reads values whose pointers lead into a record itself, and where it ``follows`` them, through its relations."""

    def __init__(self, source: LazySourceMap, *, follows: bool) -> None:
        super().__init__(source)
        self._follows = follows

    def of_record(self, node: JSON, where: str) -> Value:
        """Return a value; raises :class:`ContractError`."""
        return self.value(node, where, frozenset())

    def condition_of_record(self, node: JSON, where: str) -> EffectCondition:
        """Return a condition; raises :class:`ContractError`."""
        return self.condition(node, where, frozenset())

    def value(self, node: JSON, where: str, names: Names) -> Value:
        word = next((word for word in _ELSEWHERE if isinstance(node, dict) and word in node), None)
        if word is not None:
            raise self.refusal(where, f"{word!r}, which is not of a record", "a value of the record alone")
        return super().value(node, where, names)

    def place(self, node: JSON, where: str, names: Names) -> Place:
        pointer = self.pointer(node, where)
        parts = pointer_parts(pointer)
        if parts[0] == RELATED and (not self._follows or len(parts) < 3):
            expected = "/related/RELATION/MEMBER" if self._follows else "a pointer into the record itself"
            raise self.refusal(where, repr(pointer), expected)
        return Place((_RECORD, *parts))

    def selection(self, node: JSON, where: str, names: Names, further: tuple[str, ...] = ()) -> RecordSelection:
        if isinstance(node, dict) and "records" in node:
            raise self.refusal(where, "records of a resource", "in: a list of the record")
        return super().selection(node, where, names, further)


class OneRecord:
    """Readings of one record alone."""

    def __init__(self, value: JSON) -> None:
        self._value = value

    @property
    def now(self) -> float:
        """No moment: the reader takes no value that asks for it."""
        return 0.0

    def at(self, parts: tuple[str, ...]) -> JSON:
        return value_in(self._value, parts[1:])

    def computed(self, value: Value) -> JSON:
        """Return a value; None where it cannot be computed."""
        try:
            return value.evaluate(self)
        except EffectValueError:
            return None

    def records(self, resource: str) -> Iterator[JSON]:
        yield from ()

    def drawn(self, place: str, bound: int) -> int:
        return 0

    def time_text(self, moment: float) -> str:
        return ""
