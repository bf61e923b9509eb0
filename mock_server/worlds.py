"""Worlds: servers of their own for the price of a name.

A base URL with the prefix ``/~NAME`` is a world; the one without a prefix is the world ``""``. What a world
holds is made when it is first needed, so that one that was only asked costs next to nothing.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING

from mock_server.contract.load import WORLDS
from mock_server.coverage import Coverage
from mock_server.errors import UsageError
from mock_server.journal import KEPT as JOURNAL
from mock_server.journal import Journal
from mock_server.ledger import Ledger
from mock_server.store import Layer, Records, Store, next_revision

if TYPE_CHECKING:
    from mock_server.scenarios import Scenario
    from mock_server.stage import Stage

PREFIX = WORLDS
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_NAME = 64
KEPT = 10_000
"""How many worlds are kept where the settings say nothing else."""

_QUIET = 60.0
"""Seconds between two lines of the log about worlds that were lost."""

log = logging.getLogger("mock_server")

MEMORY = 256 * 1024 * 1024
"""Bytes that the journals of all worlds hold together where the settings say nothing else."""


class World:
    """What one world has of its own."""

    __slots__ = ("_layers", "coverage", "journal", "name", "revision", "staged")

    def __init__(
        self, name: str = "", journal_size: int = JOURNAL, ledger: Ledger | None = None, after: int = 0
    ) -> None:
        self.name = name
        self.journal = Journal(name, journal_size, ledger, after)
        self.coverage = Coverage()
        self.revision: int | str = 0
        """Which remembered answers are this world's: those of all worlds that changed nothing (0), or its own."""
        self.staged: Stage | None = None
        """The scenarios, limits and clock of this world; None where nothing needed them yet."""
        self._layers: dict[Store, Layer] | None = None

    @property
    def prefix(self) -> str:
        """What stands before every path of this world: ``/~NAME``, or nothing."""
        return f"{PREFIX}{self.name}" if self.name else ""

    @property
    def has_changes(self) -> bool:
        """Whether a test would miss this world: it has records of its own, or something is staged in it.

        What lies in a store that others share stays there, whatever becomes of the world.
        """
        layers = self._layers
        is_staged = self.staged is not None and self.staged.has_changes
        return is_staged or (layers is not None and not all(base.is_shared for base in layers))

    def store(self, base: Store) -> Records:
        """The records of this world, over those of ``base``. Nobody changes ``base``."""
        layer = None if self._layers is None else self._layers.get(base)
        return layer or (self.layer(base) if base.is_shared else base)

    def layer(self, base: Store) -> Layer:
        """The same, to be changed. Unless others share them, whoever asks is about to."""
        self.revision = self.name if base.is_shared else next_revision()
        if self._layers is None:
            self._layers = {}
        if base not in self._layers:
            self._layers[base] = base.layer(self.name)
        return self._layers[base]

    def stage(self, standing: tuple[Scenario, ...] = ()) -> Stage:
        """What is staged, made where there is none: with the scenarios that every world begins with."""
        if self.staged is None:
            from mock_server.stage import Stage  # no start waits for it

            self.staged = Stage(standing)
        return self.staged

    def reset(self) -> None:
        """Back to how a world begins."""
        self.staged = None
        self.let_go_of_records()
        self.journal.clear()
        self.coverage.clear()

    def clear_records(self, stores: Sequence[Store]) -> None:
        """Back to the fixtures, also in stores where others may have changed the records of this world.

        Raises :class:`StoreError` where one of them cannot be asked.
        """
        for base in stores:
            if base.is_shared:
                self.layer(base).clear()
        self.let_go_of_records()

    def let_go_of_records(self) -> None:
        """Hold no records here: in memory that takes the world back to the fixtures, elsewhere they stay."""
        self._layers = None
        self.revision = 0


class Worlds:
    """The worlds of a server. The world ``""`` stays.

    Where there are too many, those go first that nobody would miss, the least recently used of them; so that whoever
    makes up names takes nothing from a test. The numbers of journal entries begin after ``after``; ``bounds`` counts
    how often something came up against each bound, by the name of its setting.
    """

    def __init__(
        self, kept: int = KEPT, journal_size: int = JOURNAL, journal_memory: int = MEMORY, after: int = 0,
        bounds: Counter[str] | None = None,
    ) -> None:  # fmt: skip
        self._kept = kept
        self._bounds: Counter[str] = Counter() if bounds is None else bounds
        self._journal_size = journal_size
        self._after = after
        self._ledger = Ledger(journal_memory, self._relieve, self._bounds)
        self.stores: Sequence[Store] = ()
        """What has their records, of each contract."""
        self._past = Coverage()
        """Of worlds that are no more, or were reset."""
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

    def get(self, name: str) -> World:
        """The world of that name, made where there is none."""
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
        if len(self._named) + len(self._changed) > self._kept:
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
                "forgot %d worlds with changes (the last one is %s): all %s that are kept have some; expected fewer, or"
                " a larger --max-worlds",
                self._lost, world.name, f"{self._kept:,}",
            )  # fmt: skip
            self._told, self._lost = now, 0

    def find(self, name: str) -> World | None:
        """The world of that name, where there is one; that it was looked for is no use of it."""
        return (self._named.get(name) or self._changed.get(name)) if name else self.plain

    def __iter__(self) -> Iterator[World]:
        return iter((self.plain, *self._named.values(), *self._changed.values()))

    def _made(self, name: str) -> World:
        """A world that was not there."""
        return World(name, self._journal_size, self._ledger, self._after)

    def _evict(self, world: World) -> None:
        """Let a world go that nobody has used for long. What a shared store has of it the store bounds."""
        self._end(world)

    @property
    def journal_entries(self) -> int:
        """Entries of all journals."""
        return sum(len(world.journal) for world in self)

    @property
    def journal_bytes(self) -> int:
        """Bytes that all journals hold together, about."""
        return self._ledger.held

    def forget(self, name: str) -> None:
        """Let a world go; the next request to it finds a fresh one."""
        world = self.find(name)
        if world is not None:
            self.reset(world)
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._named.pop(name, None)
        self._changed.pop(name, None)

    def reset(self, world: World) -> None:
        """Take a world back to how it began. What it covered is still told of all worlds."""
        world.clear_records(self.stores)
        self._end(world)

    def _end(self, world: World) -> None:
        self._past.add(world.coverage)
        world.reset()

    def coverage(self) -> Coverage:
        """What all worlds together have covered, those that are forgotten included."""
        found = Coverage()
        for one in (self._past, *(world.coverage for world in self)):
            found.add(one)
        return found

    def release(self) -> bool:
        """Release some of what journals have let go of; tell whether there is more."""
        return self._ledger.release()

    def _relieve(self) -> None:
        """Let older halves of journals go, those of the least recently used worlds first, until there is room again."""
        enough = self._ledger.limit * 9 // 10
        while self._ledger.held > enough:
            for world in (*self._named.values(), *self._changed.values(), self.plain):
                world.journal.shorten(lambda: self._ledger.held <= enough)
                if self._ledger.held <= enough:
                    break

    def begin_over(self, stores: Sequence[Store]) -> None:
        """Have these stores from now on; what was changed over others in memory is gone."""
        self.stores = stores
        for world in self:
            world.let_go_of_records()


def address_of(path: str, raw_path: bytes) -> tuple[str, str, bytes]:
    """The world that a path beginning with ``/~`` names, and the path in it; decoded, and as sent.

    Raises :class:`UsageError` for a name that is none.
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
