"""Which records a parameter asks for whose meaning is told by data: by values of each, also of related records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.effects.record_values import RELATED
from mock_server.openapi.effects.values import EffectCondition, EffectValueError, Value, text_in, value_in
from mock_server.openapi.state_extensions import Comparison, RecordFilter
from mock_server.storage import Record
from mock_server.worlds.state.listing.comparison import Bound, RangeBound
from mock_server.worlds.state.listing.conditions import RelatedRecords

_FALSE = ("false", "0")
_SIDES: Mapping[Comparison, Bound] = {"at_least": "gte", "at_most": "lte", "greater": "gt", "less": "lt"}


@value_class
class ToldFilter:
    """What data says that a parameter asks for; ``relations`` are the resources that members of a record name."""

    rule: RecordFilter
    relations: tuple[tuple[str, str], ...]
    texts: tuple[str, ...] = ()

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that satisfy all that the rule says."""
        readings = _RelatedReadings(related, dict(self.relations))
        bounds = [(RangeBound.of(_SIDES[word], self.texts[-1]), value) for word, value in self.rule.compared]
        return [
            record
            for record in records
            if self._holds(readings.of(record))
            and all(bound.admits(_value(value, readings)) for bound, value in bounds)
        ]

    def _holds(self, readings: _RelatedReadings) -> bool:
        rule = self.rule
        if rule.when is not None and rule.when.holds(readings) is (self.texts[-1].lower() in _FALSE):
            return False
        if rule.words and not any(self._is_meant(word, condition, readings) for word, condition in rule.words):
            return False
        if rule.equal is not None and _text(rule.equal, readings) not in self.texts:
            return False
        if rule.differs is not None and _text(rule.differs, readings) in self.texts:
            return False
        return not (rule.contains or rule.begins) or self._has_text(readings)

    def _is_meant(self, word: str, condition: EffectCondition, readings: _RelatedReadings) -> bool:
        return word in self.texts and condition.holds(readings)

    def _has_text(self, readings: _RelatedReadings) -> bool:
        text = self.texts[-1].casefold()
        return any(text in _text(value, readings).casefold() for value in self.rule.contains) or any(
            _text(value, readings).casefold().startswith(text) for value in self.rule.begins
        )


class _RelatedReadings:
    """Readings of one record after the other, and of those that its members name."""

    def __init__(self, related: RelatedRecords, relations: dict[str, str]) -> None:
        self._related = related
        self._relations = relations
        self._record: Record | None = None

    def of(self, record: Record) -> _RelatedReadings:
        """Return these readings, of another record from now on."""
        self._record = record
        return self

    @property
    def now(self) -> float:
        """No moment: the reader takes no value that asks for it."""
        return 0.0

    def at(self, parts: tuple[str, ...]) -> JSON:
        assert self._record is not None
        _, *rest = parts
        if rest[0] != RELATED:
            return value_in(self._record.value, rest)
        name = self._record.value.get(rest[1])
        resource = self._relations.get(rest[1], "")
        other = self._related.named(resource, str(name)) if resource and name is not None else None
        return None if other is None else value_in(other.value, rest[2:])

    def records(self, resource: str) -> Iterator[JSON]:
        yield from ()

    def drawn(self, place: str, bound: int) -> int:
        return 0

    def time_text(self, moment: float) -> str:
        return ""


def _text(value: Value, readings: _RelatedReadings) -> str:
    """Return a value as a text; empty where it is none."""
    try:
        return text_in(value.evaluate(readings))
    except EffectValueError:
        return ""


def _value(value: Value, readings: _RelatedReadings) -> JSON:
    """Return a value; null where it cannot be computed."""
    try:
        return value.evaluate(readings)
    except EffectValueError:
        return None
