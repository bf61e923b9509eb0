"""Requests a second and times of answers over a span, from the entries of a journal: nothing is kept for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

COLUMNS = 60
"""Parts of a span."""
PERCENTILES = (50, 95, 99)


@dataclass(slots=True)
class Column:
    """One part of a span. ``start`` in seconds since 1970, ``times`` in milliseconds in the order of the entries."""

    start: float
    times: list[float] = field(default_factory=list)
    refused: int = 0

    def percentile(self, share: int) -> float | None:
        """Return the time within which a share of the answers came (nearest rank); None for none."""
        ordered = sorted(self.times)
        return ordered[max(0, ceil(share / 100 * len(ordered)) - 1)] if ordered else None


class RequestRates:
    """The requests of a span that ends at ``end`` (seconds since 1970) and is ``seconds`` long."""

    def __init__(self, end: float, seconds: int) -> None:
        self.seconds = seconds
        self.width = seconds / COLUMNS
        # Columns begin at whole multiples of their width: a page that is loaded again shows the same ones.
        self.start = (end // self.width + 1) * self.width - seconds
        self.columns = [Column(self.start + place * self.width) for place in range(COLUMNS)]
        self.statuses: Counter[int] = Counter()

    def add(self, started: float, elapsed: float, status: int) -> bool:
        """Count a request; tell whether it is in the span."""
        place = int((started - self.start) // self.width)
        if not 0 <= place < COLUMNS:
            return False
        column = self.columns[place]
        column.times.append(max(0.0, elapsed * 1000))
        column.refused += status >= 400
        self.statuses[status] += 1
        return True

    @property
    def count(self) -> int:
        """How many requests there were."""
        return sum(self.statuses.values())

    @property
    def rates(self) -> Sequence[float]:
        """Requests a second of each column."""
        return [len(column.times) / self.width for column in self.columns]

    @property
    def refused_rates(self) -> Sequence[float]:
        """Requests a second that were answered with a status of 400 or more."""
        return [column.refused / self.width for column in self.columns]

    def percentile(self, share: int) -> float | None:
        """Return the time in milliseconds within which a share of all answers came; None for none."""
        return Column(self.start, [time for column in self.columns for time in column.times]).percentile(share)
