"""Makers of values without parts: each has its source of randomness and its bounds ready.

What is drawn is what :mod:`mock_server.generation.values` draws first; where that could be refused there is no maker
here, and the search makes the value.
"""

from __future__ import annotations

from math import inf
from typing import cast

from mock_server.generation.branches import is_same_schema
from mock_server.generation.constraints.numbers import NumberConstraints
from mock_server.generation.constraints.strings import StringConstraints
from mock_server.generation.constraints.values import Constraints, ValueConstraints
from mock_server.generation.fake.field_providers import uuid4
from mock_server.generation.fake.words import word
from mock_server.generation.location import ValueLocation
from mock_server.generation.number_range import exact
from mock_server.generation.plans.run import Make, PlanRun, Unplanned
from mock_server.generation.seeding import multiplier
from mock_server.plugins import registry

_UUID = 36
"""Characters of a UUID."""


def scalar_maker(shape: Constraints, place: ValueLocation) -> Make | None:
    """Return the maker of a value without parts; None where the search has to make it."""
    factor = multiplier(place.key)
    if shape.kind == "value":
        return _listed(cast("ValueConstraints", shape), multiplier(place.pointer))
    if shape.kind == "string":
        return _text(cast("StringConstraints", shape), place, factor)
    if shape.not_values:
        return None
    if shape.kind == "boolean":
        factor = multiplier(place.pointer)
        return lambda run: run.draw.by(factor).random() < 0.5
    if shape.kind == "null":
        return lambda run: None
    return _number(cast("NumberConstraints", shape), factor)


def _listed(shape: ValueConstraints, factor: int) -> Make | None:
    refused = shape.not_values
    usable = [value for value in shape.values if not any(is_same_schema(value, other) for other in refused)]
    if len(usable) == 1:
        (only,) = usable
        return lambda run: only
    return (lambda run: run.draw.by(factor).choice(usable)) if usable else None


def _text(shape: StringConstraints, place: ValueLocation, factor: int) -> Make | None:
    if shape.is_format_alone:
        form = registry().formats.get(shape.formats[0])
        if form is None or not form.is_exact or form.generate is None:
            return None
        generate = form.generate
        return lambda run: str(generate(run.draw.by(factor)))
    others = (shape.formats, shape.patterns, shape.not_patterns, shape.not_formats, shape.not_values)
    if any(others) or shape.faker or shape.media is not None:
        return None
    least, most = shape.least, shape.most
    if place.name == "id":
        fits = least <= _UUID and (most is None or most >= _UUID)
        return (lambda run: uuid4(run.draw.by(factor))) if fits else None
    if least:
        return None
    return (lambda run: word(run.draw.by(factor))) if most is None else lambda run: word(run.draw.by(factor))[:most]


def _number(shape: NumberConstraints, factor: int) -> Make | None:
    span = shape.span
    if shape.faker or shape.not_steps:
        return None
    if shape.kind == "integer" and span.step == 1:
        first, last = span.steps
        return (lambda run: run.draw.by(factor).randint(first, last)) if first <= last else None
    if span.step is not None:
        return None
    low, high = map(float, span.limits())
    least = -inf if span.low is None else low
    most = inf if span.high is None else high
    # Shortest decimals are in the order of their floats, so floats tell what fractions would.
    if low >= high or any(end is not None and exact(float(end)) != end for end in (span.low, span.high)):
        return None
    without_least, without_most = span.excludes_low, span.excludes_high

    def draw_number(run: PlanRun) -> float:
        random = run.draw.by(factor)
        for _ in range(4):
            value = round(random.uniform(low, high), 2)
            is_refused = (without_least and value == least) or (without_most and value == most)
            if least <= value <= most and not is_refused:
                return value
        raise Unplanned

    return draw_number
