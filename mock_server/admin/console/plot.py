"""Small plots as SVG 2: where their bars, steps, lines and words are, for a template that draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10

from mock_server.core.value_class import value_class

WIDTH, HEIGHT = 720, 190
"""Units of a plot; on a page they are pixels."""
LEFT, RIGHT = 8, 660
"""Between which the columns are; words stand to the right, beside the newest."""
_TOP, _BOTTOM = 10, 162
_LEAST_TIME = 0.01
"""Milliseconds at the bottom of a plot of times."""


@value_class
class Bar:
    """A bar: its upper left corner, and how wide and high it is."""

    x: float
    y: float
    width: float
    height: float


@value_class
class Tick:
    """A line across a plot, and what it stands for."""

    y: float
    text: str


@value_class
class LinearScale:
    """A scale from 0 to ``top``."""

    top: float

    @classmethod
    def of(cls, values: Sequence[float]) -> LinearScale:
        """Return the scale that shows values: up to 1, 2 or 5 times a power of ten."""
        highest = max(values, default=0.0)
        power = 10.0 ** floor(log10(highest)) if highest > 0 else 1.0
        return cls(next((step * power for step in (1, 2, 5) if step * power >= highest), 10 * power))

    def y(self, value: float) -> float:
        """Return how far down a value is."""
        return _down(value / self.top)

    @property
    def ticks(self) -> list[Tick]:
        """The lines of the scale."""
        return [Tick(self.y(value), f"{value:g}") for value in (0.0, self.top / 2, self.top)]


@value_class
class LogScale:
    """A scale of milliseconds in decades, from ``low`` to ``high`` as powers of ten."""

    low: int
    high: int

    @classmethod
    def of(cls, values: Sequence[float]) -> LogScale:
        """Return the scale that shows values."""
        known = [max(value, _LEAST_TIME) for value in values]
        low = floor(log10(min(known, default=0.1)))
        return cls(low, max(low + 1, ceil(log10(max(known, default=1.0)))))

    def y(self, value: float) -> float:
        """Return how far down a value is."""
        return _down((log10(max(value, _LEAST_TIME)) - self.low) / (self.high - self.low))

    @property
    def ticks(self) -> list[Tick]:
        """The lines of the scale."""
        return [Tick(self.y(10.0**power), _decade(power)) for power in range(self.low, self.high + 1)]


def _decade(power: int) -> str:
    """Return a power of ten of milliseconds in words."""
    return f"{10 ** (power - 3):g} s" if power >= 3 else f"{10.0**power:g} ms"


def bars(values: Sequence[float], scale: LinearScale) -> list[Bar]:
    """Return a bar for each value that is not 0."""
    return [
        Bar(round(left + 0.5, 1), scale.y(value), round(right - left - 1, 1), round(_BOTTOM - scale.y(value), 1))
        for (left, right), value in zip(_columns(len(values)), values, strict=True)
        if value > 0
    ]


def steps(values: Sequence[float | None], scale: LogScale) -> str:
    """Return the path of values as steps: a level for each column, and nothing where there is no value."""
    pieces: list[str] = []
    is_open = False
    for (left, right), value in zip(_columns(len(values)), values, strict=True):
        if value is not None:
            level = scale.y(value)
            pieces.append(f"{'V' if is_open else f'M{left:g} '}{level:g}H{right:g}")
        is_open = value is not None
    return "".join(pieces)


def _columns(count: int) -> Iterator[tuple[float, float]]:
    width = (RIGHT - LEFT) / count
    return ((round(LEFT + place * width, 1), round(LEFT + (place + 1) * width, 1)) for place in range(count))


def _down(share: float) -> float:
    return round(_BOTTOM - min(1.0, max(0.0, share)) * (_BOTTOM - _TOP), 1)
