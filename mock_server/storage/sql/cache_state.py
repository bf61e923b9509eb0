"""What a process knows of a database: rows that it read, the worlds that have any, and the revision of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from mock_server.storage.revision import next_revision
from mock_server.storage.sql.row_cache import OwnRows, Row, RowCache
from mock_server.storage.sql.schema import EVERY_WORLD

Changed: TypeAlias = tuple[int, str, str, str]
"""What was changed: contract, world, resource and handle; all of the world where the last two are empty."""


class CacheState:
    """Rows by key, in so many bytes of memory, and a number for the state of each world.

    It knows nothing to begin with.
    """

    def __init__(self, memory: int) -> None:
        self.own: RowCache[OwnRows] = RowCache(memory // 4)
        """The rows of worlds by contract, world and resource."""
        self.kept: RowCache[Row] = RowCache(memory - memory // 4)
        self.worlds: set[tuple[int, str]] = set()
        """The worlds that have rows of their own, by contract."""
        self.generation = 0
        """A number that is new after each change of what is known."""
        self._revisions: dict[tuple[int, str], int] = {}

    def learn(self, changes: Sequence[Changed]) -> None:
        """Forget the rows that have changed."""
        self.generation = next_revision()
        for contract, world, resource, handle in changes:
            # The fixtures are visible in all worlds, so all of them have changed.
            if world == EVERY_WORLD:
                self._revisions.clear()
            self._revisions.pop((contract, world), None)
            if handle:
                self.kept.drop((contract, world, resource, handle))
                self.own.drop((contract, world, resource, ""))
                self.worlds.add((contract, world))
            else:
                self.kept.drop_world(contract, world)
                self.own.drop_world(contract, world)
                self.worlds.discard((contract, world))
        self.generation = next_revision()  # again: another thread may have taken one for the other in between

    def forget(self, worlds: Iterable[tuple[int, str]]) -> None:
        """Forget everything but which worlds have rows."""
        self.worlds = set(worlds)
        self.kept.clear()
        self.own.clear()
        self._revisions.clear()
        self.generation = next_revision()

    def revision(self, contract: int, world: str) -> int:
        """Return the revision of a world. Worlds without rows of their own have that of the fixtures."""
        key = (contract, world if (contract, world) in self.worlds else EVERY_WORLD)
        revision = self._revisions.get(key)
        if revision is None:
            revision = self._revisions[key] = next_revision()
        return revision
