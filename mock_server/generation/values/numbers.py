"""Numbers within bounds and on multiples, computed in fractions so that rounding has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

from mock_server.generation.number_range import Number, NumberRange, exact
from mock_server.generation.seeding import RandomStream

TRIES = 60


def number_to_json(value: Fraction, whole: bool) -> Number:
    """Return the number as JSON has it: an int where it has to be whole or is large, else a float."""
    if value.denominator == 1 and (whole or abs(value) > 2**53):
        return int(value)
    return float(value)


def numbers_in(span: NumberRange, whole: bool, random: RandomStream) -> Iterator[Number]:
    """Yield numbers of a span: drawn ones first, then its ends and others in between."""
    if span.step is not None:
        yield from _on_grid(span, whole, random)
        return
    low, high = span.limits()
    # Few digits look natural; a narrow span may need more.
    for digits in (2, 4, 9, None):
        for _ in range(4):
            drawn = random.uniform(float(low), float(high)) if high > low else float(low)
            value = drawn if digits is None else round(drawn, digits)
            if span.holds(exact(value)):
                yield value
    for part in (Fraction(0), Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(1, 7)):
        value = float(low + (high - low) * part)
        if span.holds(exact(value)):
            yield value


def _on_grid(span: NumberRange, whole: bool, random: RandomStream) -> Iterator[Number]:
    assert span.step is not None
    first, last = span.steps
    if first > last:
        return
    if whole and span.step == 1:  # any whole number of the span is valid
        yield random.randint(first, last)
    near = range(first, min(first + TRIES, last + 1))
    for number in chain((random.randint(first, last) for _ in range(TRIES // 2)), near, (last,)):
        value = number_to_json(number * span.step, whole)
        # Validators divide in binary: to them 0.3 is no multiple of 0.1.
        quotient = value / float(span.step) if span.step.denominator != 1 else 0.0
        if quotient == int(quotient) and span.holds(exact(value)):
            yield value
