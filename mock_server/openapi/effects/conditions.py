"""Conditions of effects: tests of values, all or any of them, or not, and whether a record is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Literal, Protocol

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.effects.moments import moment_in
from mock_server.openapi.effects.values import EffectCondition, Readings, RecordSelection, Value, number_in, text_in

Comparison = Literal["less", "greater", "at_most", "at_least"]
_COMPARISONS: Mapping[str, Callable[[Decimal | str, Decimal | str], bool]] = {
    "less": lt,
    "greater": gt,
    "at_most": le,
    "at_least": ge,
}


class Test(Protocol):
    """Something that a value passes or does not."""

    def passes(self, value: JSON, readings: Readings) -> bool:
        """Tell whether a value passes."""


@value_class
class Equal:
    """The value is this one."""

    other: Value

    def passes(self, value: JSON, readings: Readings) -> bool:
        return is_same(value, self.other.evaluate(readings))


@value_class
class Alike:
    """The value is this text, whatever its case."""

    other: Value

    def passes(self, value: JSON, readings: Readings) -> bool:
        other = self.other.evaluate(readings)
        return isinstance(value, str) and isinstance(other, str) and value.casefold() == other.casefold()


@value_class
class Among:
    """The value is one of these."""

    others: tuple[Value, ...]

    def passes(self, value: JSON, readings: Readings) -> bool:
        return any(is_same(value, other.evaluate(readings)) for other in self.others)


@value_class
class ItemOf:
    """The value is an item of a list, or the ``id`` of one."""

    items: Value

    def passes(self, value: JSON, readings: Readings) -> bool:
        items = self.items.evaluate(readings)
        return isinstance(items, list) and any(
            is_same(value, item.get("id") if isinstance(item, dict) else item) for item in items
        )


@value_class
class Present:
    """The value is there and not null; or else it is not, or null."""

    is_present: bool

    def passes(self, value: JSON, readings: Readings) -> bool:
        return (value is not None) is self.is_present


@value_class
class Ordered:
    """The value is less or greater than another: numbers by size, times by time, other texts by letters."""

    comparison: Comparison
    other: Value

    def passes(self, value: JSON, readings: Readings) -> bool:
        other = self.other.evaluate(readings)
        left, right = number_in(value), number_in(other)
        if left is None or right is None:
            early, late = moment_in(value), moment_in(other)
            if early is not None and late is not None:
                left, right = Decimal(early), Decimal(late)
        compare = _COMPARISONS[self.comparison]
        if left is not None and right is not None:
            return compare(left, right)
        return isinstance(value, str) and isinstance(other, str) and compare(value, other)


@value_class
class Untrue:
    """The value does not pass a test."""

    test: Test

    def passes(self, value: JSON, readings: Readings) -> bool:
        return not self.test.passes(value, readings)


@value_class
class Every:
    """The value passes all of some tests."""

    tests: tuple[Test, ...]

    def passes(self, value: JSON, readings: Readings) -> bool:
        return all(test.passes(value, readings) for test in self.tests)


@value_class
class Tested:
    """A value passes a test."""

    value: Value
    test: Test

    def holds(self, readings: Readings) -> bool:
        return self.test.passes(self.value.evaluate(readings), readings)


@value_class
class AllOf:
    """All of some conditions hold."""

    conditions: tuple[EffectCondition, ...]

    def holds(self, readings: Readings) -> bool:
        return all(condition.holds(readings) for condition in self.conditions)


@value_class
class AnyOf:
    """At least one of some conditions holds."""

    conditions: tuple[EffectCondition, ...]

    def holds(self, readings: Readings) -> bool:
        return any(condition.holds(readings) for condition in self.conditions)


@value_class
class NotAll:
    """A condition does not hold."""

    condition: EffectCondition

    def holds(self, readings: Readings) -> bool:
        return not self.condition.holds(readings)


@value_class
class Exists:
    """A selection has at least one record or item."""

    selection: RecordSelection

    def holds(self, readings: Readings) -> bool:
        return next(self.selection.selected(readings), self) is not self


def is_same(value: JSON, other: JSON) -> bool:
    """Tell whether two values are the same; a number is the same as the text that a path has for it."""
    if isinstance(value, bool) or isinstance(other, bool) or value is None or other is None:
        return value is other
    if isinstance(value, str) != isinstance(other, str) and not isinstance(value, (dict, list)):
        return not isinstance(other, (dict, list)) and text_in(value) == text_in(other)
    return value == other
