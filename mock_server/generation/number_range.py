"""Bounds of numbers and the grid they lie on, in fractions so that no rounding decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from mock_server.core.value_class import value_class

Number = int | float

_USUAL = 1000
"""The width of the range in which a number without bounds is drawn."""


def exact(number: Number) -> Fraction:
    """Return the number as a person wrote it: 0.1 is exactly a tenth."""
    return Fraction(Decimal(repr(number))) if isinstance(number, float) else Fraction(number)


@value_class(slots=False)
class NumberRange:
    """The numbers from ``low`` to ``high`` (None: no bound), on multiples of ``step`` where there is one."""

    low: Fraction | None
    high: Fraction | None
    excludes_low: bool
    excludes_high: bool
    step: Fraction | None

    @property
    def is_empty(self) -> bool:
        """Whether it contains no number."""
        if self.low is None or self.high is None:
            return False
        if self.low > self.high or (self.low == self.high and (self.excludes_low or self.excludes_high)):
            return True
        if self.step is None:
            return False
        first, last = self.steps
        return first > last

    @cached_property
    def steps(self) -> tuple[int, int]:
        """The first and the last multiple of the step within the bounds."""
        assert self.step is not None
        low, high = self.limits()
        first, last = math.ceil(low / self.step), math.floor(high / self.step)
        first += self.excludes_low and first * self.step == self.low
        last -= self.excludes_high and last * self.step == self.high
        return first, last

    def limits(self) -> tuple[Fraction, Fraction]:
        """Return the bounds, with default ones where the schema has none."""
        width = max(Fraction(_USUAL), _USUAL * (self.step or Fraction(0)))
        if self.low is not None and self.high is not None:
            return self.low, self.high
        if self.low is not None:
            return self.low, max(width, self.low + Fraction(width))
        if self.high is not None:
            return min(Fraction(0), self.high - width), self.high
        return Fraction(0), width

    def holds(self, value: Fraction) -> bool:
        """Tell whether it contains a number."""
        if self.low is not None and (value < self.low or (self.excludes_low and value == self.low)):
            return False
        if self.high is not None and (value > self.high or (self.excludes_high and value == self.high)):
            return False
        return self.step is None or (value / self.step).denominator == 1


def common_multiple(numbers: Sequence[Fraction]) -> Fraction | None:
    """Return the least common multiple of these numbers; None where there are none."""
    multiple: Fraction | None = None
    for number in numbers:
        multiple = number if multiple is None else _least(multiple, number)
    return multiple


def _least(left: Fraction, right: Fraction) -> Fraction:
    return Fraction(math.lcm(left.numerator, right.numerator), math.gcd(left.denominator, right.denominator))
