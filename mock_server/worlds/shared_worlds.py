"""The worlds of a server with several processes: what this process knows of them, over what all share in a hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mock_server.hub import SharedHub
from mock_server.hub.model import CoverageNote, Covered, HubFigures
from mock_server.openapi.model import Contract
from mock_server.storage import Store
from mock_server.worlds.coverage import Coverage, CoverageHits, CoverageTarget
from mock_server.worlds.coverage import key_of as coverage_key
from mock_server.worlds.exchange_codec import ExchangeCodec
from mock_server.worlds.journal import LoggedExchange
from mock_server.worlds.shared_journal import SharedEntries, SharedJournal
from mock_server.worlds.world import World, Worlds


class SharedCoverage:
    """What was covered in one world, as this process adds to it. To read it is a round trip (:meth:`read`)."""

    __slots__ = ("_hub", "_name")

    def __init__(self, name: str, hub: SharedHub) -> None:
        self._name = name
        self._hub = hub

    def note(self, hits: CoverageHits) -> None:
        """Note what an exchange covers."""
        self._hub.note(CoverageNote(self._name, hits.covering))

    def read(self, targets: Iterable[CoverageTarget]) -> Coverage:
        """Return what all processes have noted of some operations. Raises :class:`HubError`."""
        return _coverage_of(self._hub.coverage(self._name), targets)

    def clear(self) -> None:
        """Forget nothing: that is the hub's, which resets the whole world."""


def _coverage_of(covered: Covered, targets: Iterable[CoverageTarget]) -> Coverage:
    coverage = Coverage()
    for target in targets:
        if target.name in covered:
            count, names = covered[target.name]
            coverage.take(target, map(coverage_key, names), count)
    return coverage


class SharedWorld(World):
    """A world of which this process has nothing but what it adds."""

    __slots__ = ()
    journal: SharedJournal

    def note(self, logged: LoggedExchange, started: float, elapsed: float, hits: CoverageHits | None) -> None:
        """Note an exchange that has just ended, and what it covers: both as one."""
        self.journal.add(logged, started, elapsed, hits)


class SharedWorlds(Worlds):
    """The worlds that this process has met. One that is forgotten here is still there, in the hub."""

    is_shared = True
    hub: SharedHub

    def __init__(self, hub: SharedHub, capacity: int, journal_size: int, bounds: Counter[str] | None = None) -> None:
        self.entries = SharedEntries(hub, journal_size)
        super().__init__(capacity, journal_size, bounds=bounds, hub=hub)
        hub.listen(self._hear)

    def exists(self, name: str) -> bool:
        """Return whether any process has met a world of that name, or it has records of its own in a shared store.

        What the admin API alone was asked is in no journal, so the hub may not know of it. Raises :class:`HubError`, or
        :class:`StoreError`.
        """
        return super().exists(name) or self.hub.has_world(name) or self._has_records(name)

    def _has_records(self, name: str) -> bool:
        layers = [store.layer(name) for store in self.stores if store.is_shared]
        return any(layer.own(resource) for layer in layers for resource in layer.resources())

    def figures(self) -> HubFigures:
        """Return how much the hub has. Raises :class:`HubError`."""
        return self.hub.figures()

    def coverage(self, targets: Iterable[CoverageTarget]) -> Coverage:
        """Return the coverage of all worlds together, removed ones included. Raises :class:`HubError`."""
        return _coverage_of(self.hub.coverage(), targets)

    def begin_over(self, stores: Sequence[Store], contracts: Sequence[tuple[str, Contract]] = ()) -> None:
        """Use these stores, and contracts by their base paths, from now on."""
        self.entries.codec = ExchangeCodec(contracts)
        super().begin_over(stores)

    def _made(self, name: str) -> World:
        return SharedWorld(name, self.hub, SharedJournal(name, self.entries), SharedCoverage(name, self.hub))

    def _evict(self, world: World) -> None:
        """Let go of nothing but the object: what the world has is in the hub and in the store."""

    def _end(self, world: World) -> None:
        self.hub.reset(world.name)
        world.let_go_of_records()

    def _hear(self, event: str, text: str) -> None:
        """Hear that a world was reset or forgotten, in a thread of the hub's."""
        world = self.find(text) if event in ("reset", "forgotten") else None
        if world is not None:
            world.let_go_of_records()
        if event == "forgotten":
            self._bounds["max_worlds"] += 1
