"""Worlds: isolated environments within one server, for the price of a name.

A base URL with the prefix ``/~NAME`` is a world; the one without a prefix is the world ``""``. The state of a world is
made when it is first needed, so that a world that only got requests costs next to nothing. What is staged in it and
what it has decided is the hub's (:mod:`mock_server.hub`).
"""

from __future__ import annotations

import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING

from mock_server.core.errors import UsageError
from mock_server.hub import Hub, MemoryHub
from mock_server.hub.model import ClockState, HubFigures
from mock_server.openapi.loading.loader import WORLDS
from mock_server.openapi.model import Contract
from mock_server.storage import NO_CAUSE, Cause, RecordChange, RecordReader, RecordWriter, Store, next_revision
from mock_server.worlds.coverage import Coverage, CoverageHits, CoverageNotes, CoverageTarget
from mock_server.worlds.journal import KEPT as JOURNAL
from mock_server.worlds.journal import Journal, JournalWriter, LoggedExchange
from mock_server.worlds.memory_budget import MemoryBudget

if TYPE_CHECKING:
    from mock_server.scenarios.model import Scenario
    from mock_server.worlds.staged_scenarios import StagedScenarios

PREFIX = WORLDS
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_NAME = 64
KEPT = 10_000
"""Most worlds that are kept where the settings give no other number."""

_REAL_TIME = ClockState()
_QUIET = 60.0
"""Seconds between two lines of the log about worlds that were lost."""

log = logging.getLogger("mock_server")

MEMORY = 256 * 1024 * 1024
"""Most bytes of the journals of all worlds together where the settings give no other number."""


class World:
    """The state of one world."""

    __slots__ = ("_layers", "_staged", "coverage", "hub", "journal", "name", "revision")

    def __init__(
        self,
        name: str = "",
        hub: Hub | None = None,
        journal: JournalWriter | None = None,
        coverage: CoverageNotes | None = None,
    ) -> None:
        self.name = name
        self.hub = hub or MemoryHub()
        self.journal = Journal(name) if journal is None else journal
        self.coverage = Coverage() if coverage is None else coverage
        self.revision: int | str = 0
        """Which remembered answers are this world's: those of all worlds without changes (0), or its own."""
        self._staged: StagedScenarios | None = None
        self._layers: dict[Store, RecordWriter] | None = None

    @property
    def prefix(self) -> str:
        """The prefix of every path of this world: ``/~NAME``, or empty."""
        return f"{PREFIX}{self.name}" if self.name else ""

    @property
    def has_changes(self) -> bool:
        """Whether a test would miss this world: it has records of its own, or something is staged in it.

        What lies in a store that others share stays there, whatever becomes of the world.
        """
        layers = self._layers
        has_records = layers is not None and not all(base.is_shared for base in layers)
        return has_records or self.hub.has_changes(self.name)

    def store(self, base: Store) -> RecordReader:
        """Return the records of this world, over those of ``base``, which is read-only."""
        layer = None if self._layers is None else self._layers.get(base)
        return layer or (self.layer(base) if base.is_shared else base)

    def changed_layer(self, base: Store) -> RecordWriter | None:
        """Return the records of this world where they may differ from ``base``, None where nobody changed any.

        Calling this counts as no change.
        """
        return self.layer(base) if base.is_shared else (self._layers or {}).get(base)

    def layer(self, base: Store) -> RecordWriter:
        """Return the records of this world for changes; calling this counts as a change, unless ``base`` is shared."""
        # In a shared store others may change this world. Its answers are remembered under its name, and each is
        # compared with its record before it is sent again.
        self.revision = self.name if base.is_shared else next_revision()
        if self._layers is None:
            self._layers = {}
        if base not in self._layers:
            self._layers[base] = base.layer(self.name)
        return self._layers[base]

    def apply(self, base: Store, changes: Sequence[RecordChange], cause: Cause = NO_CAUSE) -> bool:
        """Make changes of this world's records over ``base``, all or none; ``cause`` is for its history.

        Return False where one of the records is not what it was before the change. Raises :class:`StoreError`.
        """
        if base.is_shared:
            return self.layer(base).apply(changes, cause)
        layer = None if self._layers is None else self._layers.get(base)
        if layer is None:
            layer = base.layer(self.name)
            if not layer.apply(changes, cause):
                return False
            self._layers = {**(self._layers or {}), base: layer}
            # From now on answers are this world's own; each depends on the versions of what it was made from.
            self.revision = next_revision()
            return True
        return layer.apply(changes, cause)

    def now(self) -> float:
        """Return the time of this world, in seconds since 1970. Raises :class:`HubError`."""
        return self.clock().now(self.hub.now())

    def clock(self) -> ClockState:
        """Return whether the time of this world stands or how far it is ahead. Raises :class:`HubError`."""
        version, staged = self.hub.version(self.name), self._staged
        if not version:
            return _REAL_TIME
        if staged is None or staged.version != version:
            staged = self.staged_scenarios(() if staged is None else tuple(staged.standing))
        return staged.clock

    def staged_scenarios(self, standing: tuple[Scenario, ...] = (), *, anew: bool = False) -> StagedScenarios:
        """Return the scenarios that run, where ``standing`` run in every world. Raises :class:`HubError`.

        The hub is asked where other ones run since the last time, or ``anew``.
        """
        staged, version = self._staged, self.hub.version(self.name)
        if staged is not None and not anew and staged.version == version and staged.standing is standing:
            return staged
        from mock_server.worlds.staged_scenarios import StagedScenarios  # the start does not wait for it

        if version or anew:
            staged = StagedScenarios.of(self.hub.staging(self.name), standing, staged)
        else:
            staged = StagedScenarios.standing_alone(standing)
        self._staged = staged
        return staged

    def is_unstaged(self) -> bool:
        """Return whether no scenario runs but standing ones, as far as is known without asking the hub."""
        version = self.hub.version(self.name)
        staged = self._staged
        return not version or (staged is not None and staged.version == version and not staged.running)

    def staged_here(self) -> StagedScenarios | None:
        """Return the scenarios that run where their turns are decided in this process; None where that is not known."""
        staged = self._staged
        if staged is None or not isinstance(self.hub, MemoryHub) or staged.version != self.hub.version(self.name):
            return None
        return staged

    def note(self, logged: LoggedExchange, started: float, elapsed: float, hits: CoverageHits | None) -> None:
        """Note an exchange that has just ended, and what it covers of an operation (None for no operation).

        ``started`` in seconds since 1970, ``elapsed`` in seconds.
        """
        self.journal.add(logged, started, elapsed)
        if hits is not None:
            self.coverage.note(hits)

    def reset(self) -> None:
        """Reset the world to its initial state."""
        self.hub.reset(self.name)
        self.let_go_of_records()
        self.journal.clear()
        self.coverage.clear()

    def clear_records(self, stores: Sequence[Store]) -> None:
        """Drop all changes of records, also in stores where others may have changed the records of this world.

        Raises :class:`StoreError` where one of them cannot be reached.
        """
        for base in stores:
            if base.is_shared:
                self.layer(base).clear()
        self.let_go_of_records()

    def let_go_of_records(self) -> None:
        """Hold no records here: in memory that resets them to the fixtures, in a shared store they stay."""
        for base, layer in ({} if self._layers is None else self._layers).items():
            if not base.is_shared:
                layer.clear()
        self._layers = None
        self.revision = 0


class Worlds:
    """The worlds of a server. The world ``""`` stays.

    Where there are too many, those go first that nobody would miss, the least recently used of them; so that whoever
    makes up names takes nothing from a test. ``bounds`` counts how often something came up against each bound, by the
    name of its setting.
    """

    is_shared = False
    """Whether other processes have the same worlds, so that to read them may be a round trip."""

    def __init__(
        self,
        capacity: int = KEPT,
        journal_size: int = JOURNAL,
        journal_memory: int = MEMORY,
        bounds: Counter[str] | None = None,
        hub: Hub | None = None,
    ) -> None:
        self.hub: Hub = hub or MemoryHub()
        self._capacity = capacity
        self._bounds: Counter[str] = Counter() if bounds is None else bounds
        self._journal_size = journal_size
        self._memory_budget = MemoryBudget(journal_memory, self._relieve, self._bounds)
        self.stores: Sequence[Store] = ()
        """The stores of the worlds' records, one for each contract."""
        self._past = Coverage()
        """The coverage of worlds that were removed or reset."""
        self.plain = self._made("")
        """The world without a name."""
        self._named: OrderedDict[str, World] = OrderedDict()
        """Those without changes, and those that have got some since they were last looked at."""
        self._changed: OrderedDict[str, World] = OrderedDict()
        self._lost = 0
        """Worlds with changes that were forgotten for want of room and are not yet told of."""
        self._told = -_QUIET

    def __len__(self) -> int:
        return len(self._named) + len(self._changed) + 1

    def exists(self, name: str) -> bool:
        """Return whether there is a world of that name."""
        return self.find(name) is not None

    def get(self, name: str) -> World:
        """Return the world of that name; make it where there is none."""
        if not name:
            return self.plain
        return self.known(name) or self._new(name)

    def known(self, name: str) -> World | None:
        """Return the world of that name, which is used from now on; None where there is none."""
        world = self._named.get(name)
        if world is not None:
            self._named.move_to_end(name)
            return world
        world = self._changed.get(name)
        if world is not None:
            self._changed.move_to_end(name)
        return world

    def _new(self, name: str) -> World:
        world = self._named[name] = self._made(name)
        if len(self._named) + len(self._changed) > self._capacity:
            self._make_room(world)
        return world

    def _make_room(self, new: World) -> None:
        """Forget the world that is missed least: the least recently used without changes, if there is one."""
        self._bounds["max_worlds"] += 1
        while (world := next(iter(self._named.values()))) is not new:
            del self._named[world.name]
            if not world.has_changes:
                self._evict(world)
                return
            self._changed[world.name] = world
        _, oldest = self._changed.popitem(last=False)
        if oldest.has_changes:
            self._tell_of_loss(oldest)
        self._evict(oldest)

    def _tell_of_loss(self, world: World) -> None:
        """Log that tests may miss a world, once in :data:`_QUIET` seconds."""
        self._lost += 1
        now = monotonic()
        if now - self._told >= _QUIET:
            log.warning(
                "forgot %d worlds with changes (the last one is %s): all %s worlds that are kept have some; expected"
                " fewer, or a larger --max-worlds",
                self._lost,
                world.name,
                f"{self._capacity:,}",
            )
            self._told, self._lost = now, 0

    def find(self, name: str) -> World | None:
        """Return the world of that name, or None; looking it up does not count as use."""
        return (self._named.get(name) or self._changed.get(name)) if name else self.plain

    def __iter__(self) -> Iterator[World]:
        return iter((self.plain, *self._named.values(), *self._changed.values()))

    def _made(self, name: str) -> World:
        """Return a new world."""
        return World(name, self.hub, Journal(name, self._journal_size, self._memory_budget))

    def _evict(self, world: World) -> None:
        """Remove a world that was not used for long. A shared store bounds the records of worlds itself."""
        self._end(world)

    @property
    def journal_bytes(self) -> int:
        """The bytes that all journals take together, about."""
        return self._memory_budget.held

    def figures(self) -> HubFigures:
        """Return how much there is: worlds, entries of journals and their bytes, about. Raises :class:`HubError`."""
        return HubFigures(len(self), sum(len(world.journal.read()) for world in self), self.journal_bytes)

    def forget(self, name: str) -> None:
        """Remove a world; the next request to it gets a new one."""
        world = self.find(name)
        if world is not None:
            self.reset(world)
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._named.pop(name, None)
        self._changed.pop(name, None)

    def reset(self, world: World) -> None:
        """Reset a world to its initial state. Its coverage still counts for all worlds."""
        world.clear_records(self.stores)
        self._end(world)

    def _end(self, world: World) -> None:
        self._past.add(world.coverage.read(()))
        world.reset()

    def coverage(self, targets: Iterable[CoverageTarget]) -> Coverage:
        """Return the coverage of some operations in all worlds together, removed ones included."""
        total = Coverage()
        for part in (self._past, *(world.coverage.read(targets) for world in self)):
            total.add(part)
        return total

    def release(self) -> bool:
        """Release some of what journals have let go of; tell whether there is more."""
        return self._memory_budget.release()

    def _relieve(self) -> None:
        """Remove the older halves of journals, of the least recently used worlds first, until there is enough room."""
        # A tenth more than needed is freed, so that not each of the next requests has to free memory.
        enough = self._memory_budget.limit * 9 // 10
        while self._memory_budget.held > enough:
            for world in (*self._named.values(), *self._changed.values(), self.plain):
                world.journal.read().shorten(lambda: self._memory_budget.held <= enough)
                if self._memory_budget.held <= enough:
                    break

    def begin_over(self, stores: Sequence[Store], contracts: Sequence[tuple[str, Contract]] = ()) -> None:
        """Use these stores, and contracts by their base paths, from now on.

        Changes over other stores in memory are lost.
        """
        self.stores = stores
        for world in self:
            world.let_go_of_records()


def address_of(path: str, raw_path: bytes) -> tuple[str, str, bytes]:
    """Return the world that a path beginning with ``/~`` names, and the path in it; decoded, and as sent.

    Raises :class:`UsageError` for an invalid name.
    """
    name, _, rest = path[len(PREFIX) :].partition("/")
    if len(name) > _LONGEST_NAME or not _is_name(name):
        raise UsageError(
            f"path {PREFIX}{name[:80]}: found {name[:80]!r} for the name of a world; expected 1 to 64 letters, digits,"
            " dots, dashes and underscores. Rename the world in the base URL."
        )
    # A name has nothing to encode, so that the first slash after it is the same in both.
    _, _, raw_rest = raw_path[1:].partition(b"/")
    return name, "/" + rest, b"/" + raw_rest if raw_path else b""


@lru_cache(KEPT)
def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None
