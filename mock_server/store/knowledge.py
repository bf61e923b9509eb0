"""What a process knows of a database: rows that it read, which worlds have any, and what has changed since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from mock_server.store.kept import Kept
from mock_server.store.revision import next_revision

Changed: TypeAlias = tuple[int, str, str, str]
"""What was changed: contract, world, resource and handle; all of the world where the last two are empty."""


class Knowledge:
    """Rows by key, and for each world the number of its newest change. It knows nothing to begin with."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.worlds: set[tuple[int, str]] = set()
        """The worlds that have rows of their own, by contract."""
        self.generation = 0
        """Another after everything that was learnt."""
        self._generations: dict[tuple[int, str], int] = {}
        self._floor = 0

    def learn(self, changes: Sequence[Changed]) -> None:
        """Forget what was read of what has changed."""
        self.generation = number = next_revision()
        for contract, world, resource, handle in changes:
            self._generations[contract, world] = number
            if handle:
                self.kept.drop((contract, world, resource, handle))
                self.worlds.add((contract, world))
            else:
                self.kept.drop_world(contract, world)
                self.worlds.discard((contract, world))

    def forget(self, worlds: Iterable[tuple[int, str]]) -> None:
        """Know nothing but which worlds have rows."""
        self.worlds = set(worlds)
        self.kept.clear()
        self._generations.clear()
        self.generation = self._floor = next_revision()

    def newest(self, contract: int, worlds: Iterable[str]) -> int:
        """The newest change of these worlds, as a number that no other change has."""
        return max(self._generations.get((contract, world), self._floor) for world in worlds)
