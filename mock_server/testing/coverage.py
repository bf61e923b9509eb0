"""What the tests of a session exercised of the contract, over all its worlds and all its processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Covered:
    """Operations by key, and how often each was exercised."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, counts: Mapping[str, int] | None) -> None:
        """Add what was exercised elsewhere: operations by key, 0 for one that was not."""
        for key, count in (counts or {}).items():
            self._counts[key] = self._counts.get(key, 0) + count

    def add_coverage(self, coverage: Mapping[str, Any]) -> None:
        """Add the coverage of a world, as ``/__admin/coverage`` tells it."""
        self.add({str(one["operation"]): int(one["count"]) for one in coverage["operations"]})

    def as_json(self) -> dict[str, int]:
        """What :meth:`add` takes in another process."""
        return {**self._counts}

    @property
    def total(self) -> int:
        """How many operations there are; 0 where no world was asked."""
        return len(self._counts)

    @property
    def missing(self) -> list[str]:
        """The operations that nothing exercised."""
        return [key for key, count in self._counts.items() if not count]

    @property
    def percent(self) -> float:
        """The share of operations that were exercised; 0 where no world was asked."""
        return 100 * (self.total - len(self.missing)) / self.total if self.total else 0.0
