"""Values without parts: those of an enum, numbers, booleans, null."""

from __future__ import annotations

from fractions import Fraction

from mock_server.core.types import JSON
from mock_server.generation.branches import is_same_schema
from mock_server.generation.choices import PLAIN, Choice
from mock_server.generation.constraints.numbers import NumberConstraints
from mock_server.generation.constraints.values import Constraints, ValueConstraints
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.fake.faker_bridge import call_faker
from mock_server.generation.location import ValueLocation, Walker
from mock_server.generation.number_range import NumberRange, exact
from mock_server.generation.values.numbers import numbers_in

_VALUE, _FLAG, _EDGE = Choice.VALUE, Choice.FLAG, Choice.EDGE


def make_value(walk: Walker, shape: ValueConstraints, place: ValueLocation) -> JSON:
    """Return one of the values that ``const`` and ``enum`` allow; raises :class:`Unsatisfiable` without any."""
    usable = values = shape.values
    if shape.not_values:
        usable = [value for value in values if not any(is_same_schema(value, refused) for refused in shape.not_values)]
    if not usable:
        raise Unsatisfiable("enum", "not")
    choice = walk.wanted.get((place.pointer, _VALUE)) if walk.wanted else None
    if choice is not None and choice < len(usable):
        return usable[choice]
    if PLAIN in walk.wanted:
        usable = [value for value in usable if value is not None] or usable
    if len(usable) == 1:
        return usable[0]
    chosen = walk.draw.at(place.pointer).choice(usable)
    # Another attempt takes the next value, so that several attempts try several values.
    return usable[(usable.index(chosen) + place.turn) % len(usable)] if place.turn else chosen


def make_null(walk: Walker, shape: Constraints, place: ValueLocation) -> JSON:
    """Return None, for null; raises :class:`Unsatisfiable` where null is refused."""
    if any(value is None for value in shape.not_values):
        raise Unsatisfiable("type", "not")
    return None


def make_boolean(walk: Walker, shape: Constraints, place: ValueLocation) -> JSON:
    """Return a boolean; raises :class:`Unsatisfiable` where both are refused."""
    choice = walk.wanted.get((place.pointer, _FLAG)) if walk.wanted else None
    drawn = bool(choice) if choice is not None else (walk.draw.at(place.pointer).random() < 0.5) ^ bool(place.turn % 2)
    for value in (drawn, not drawn):
        if not any(refused is value for refused in shape.not_values):
            return value
    raise Unsatisfiable("type", "not")


def make_number(walk: Walker, shape: NumberConstraints, place: ValueLocation) -> JSON:
    """Return a number in the shape's span; raises :class:`Unsatisfiable` where none was found."""
    whole = shape.kind == "integer"
    random = walk.draw.at(place.key)
    if shape.faker:
        value = call_faker(shape.faker, walk.draw.number(place.key))
        if isinstance(value, (int, float)) and not isinstance(value, bool) and shape.span.holds(exact(value)):
            return value
    edge = walk.wanted.get((place.pointer, _EDGE)) if walk.wanted else None
    span = _edged(shape.span, edge) if edge in (0, 1) else shape.span
    for value in numbers_in(span, whole, random):
        on_grid = any((exact(value) / step).denominator == 1 for step in shape.not_steps)
        if not on_grid and not any(is_same_schema(value, refused) for refused in shape.not_values):
            return value
    raise Unsatisfiable("multipleOf" if shape.span.step not in (None, Fraction(1)) else "type", "not")


def _edged(span: NumberRange, edge: int | None) -> NumberRange:
    """Return only the lower end (0) or the upper end (1) of the span, as near as its step allows."""
    low, high = span.low, span.high
    if span.step is not None and edge is not None:
        first, last = span.steps
        bound = (first, last)[edge] * span.step
        return NumberRange(bound, bound, False, False, span.step)
    if edge == 0 and low is not None and not span.excludes_low:
        return NumberRange(low, low, False, False, None)
    if edge == 1 and high is not None and not span.excludes_high:
        return NumberRange(high, high, False, False, None)
    return span
