"""Worlds: servers of their own for the price of a name.

A base URL with the prefix ``/~NAME`` is a world; the one without a prefix is the world ``""``. What a world
holds is made when it is first needed, so that one that was only asked costs next to nothing.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from mock_server.contract.load import WORLDS
from mock_server.coverage import Coverage
from mock_server.errors import UsageError
from mock_server.journal import KEPT as JOURNAL
from mock_server.journal import Journal, Ledger
from mock_server.store import Layer, Records, Store, next_revision

if TYPE_CHECKING:
    from mock_server.scenarios import Scenario
    from mock_server.stage import Stage

PREFIX = WORLDS
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEPT = 10_000
"""How many worlds are kept where the settings say nothing else."""

MEMORY = 256 * 1024 * 1024
"""Bytes that the journals of all worlds hold together where the settings say nothing else."""


class World:
    """What one world has of its own."""

    __slots__ = ("_layers", "coverage", "journal", "name", "revision", "staged")

    def __init__(self, name: str = "", journal_size: int = JOURNAL, ledger: Ledger | None = None) -> None:
        self.name = name
        self.journal = Journal(name, journal_size, ledger)
        self.coverage = Coverage()
        self.revision: int | tuple[int, ...] = 0
        """What of its own a world answers from: nothing (0), or what no world has had before that answers otherwise.

        Where others change its records too, there is a number for each contract.
        """
        self.staged: Stage | None = None
        """The scenarios, limits and clock of this world; None where nothing needed them yet."""
        self._layers: dict[Store, Layer] | None = None

    @property
    def prefix(self) -> str:
        """What stands before every path of this world: ``/~NAME``, or nothing."""
        return f"{PREFIX}{self.name}" if self.name else ""

    def store(self, base: Store) -> Records:
        """The records of this world, over those of ``base``. Nobody changes ``base``."""
        return base if self._layers is None else self._layers.get(base, base)

    def layer(self, base: Store) -> Layer:
        """The same, to be changed: whoever asks is about to."""
        self.revision = next_revision()
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

    def look(self) -> None:
        """See what others have changed in it, for the request that comes now."""

    def reset(self) -> None:
        """Back to how a world begins. Raises :class:`StoreError`, and leaves it as it is, where its store is lost."""
        self.drop_records()
        self.end()

    def end(self) -> None:
        """Let go of what this process alone knows of it."""
        self.staged = None
        self.journal.clear()
        self.coverage.clear()

    def drop_records(self) -> None:
        """Back to the fixtures."""
        self._layers = None
        self.revision = 0

    def begin_over(self, stores: Sequence[Store]) -> None:
        """Have other stores below."""
        self.drop_records()


class SharedWorld(World):
    """A world whose records are in stores that others change too. What it answers from changes when it is looked at.

    So all that one request asks for, finds and leaves behind for the next is of one revision, or of a later one.
    """

    __slots__ = ("_only", "_shared")

    def __init__(
        self, stores: Sequence[Store], name: str = "", journal_size: int = JOURNAL, ledger: Ledger | None = None
    ) -> None:
        super().__init__(name, journal_size, ledger)
        self._shared: dict[Store, Layer]
        self._only: Layer | None
        self.begin_over(stores)

    def store(self, base: Store) -> Records:
        return self._shared[base]

    def layer(self, base: Store) -> Layer:
        return self._shared[base]

    def look(self) -> None:
        if self._only is not None:
            self.revision = self._only.revision
        else:
            self.revision = tuple([layer.revision for layer in self._shared.values()])

    def drop_records(self) -> None:
        for layer in self._shared.values():
            layer.clear()

    def begin_over(self, stores: Sequence[Store]) -> None:
        self._shared = {base: base.layer(self.name) for base in stores}
        self._only = next(iter(self._shared.values())) if len(stores) == 1 else None


class Worlds:
    """The worlds of a server, the least recently used forgotten first. The world ``""`` stays."""

    def __init__(self, kept: int = KEPT, journal_size: int = JOURNAL, journal_memory: int = MEMORY) -> None:
        self._kept = kept
        self._journal_size = journal_size
        self._ledger = Ledger(journal_memory, self._relieve)
        self._stores: Sequence[Store] = ()
        self.is_shared = False
        """Whether others may change the records of a world, so that it has to be looked at with each request."""
        self._past = Coverage()
        """Of worlds that are no more, or were reset."""
        self.plain = World("", journal_size, self._ledger)
        """The world without a name."""
        self._named: OrderedDict[str, World] = OrderedDict()

    def __len__(self) -> int:
        return len(self._named) + 1

    def get(self, name: str) -> World:
        """The world of that name, made where there is none."""
        if not name:
            return self.plain
        world = self._named.get(name)
        if world is None:
            world = self._named[name] = self._made(name)
            if len(self._named) > self._kept:
                _, oldest = self._named.popitem(last=False)
                self._end(oldest)  # what a shared store has of it the store bounds: others may be using it
        else:
            self._named.move_to_end(name)
        return world

    @property
    def journal_entries(self) -> int:
        """Entries of all journals."""
        return sum(len(world.journal) for world in (self.plain, *self._named.values()))

    @property
    def journal_bytes(self) -> int:
        """Bytes that all journals hold together, about."""
        return self._ledger.held

    def forget(self, name: str) -> None:
        """Let a world go; the next request to it finds a fresh one."""
        world = self._named.get(name) if name else self.plain
        if world is not None:
            self.reset(world)
            self._named.pop(name, None)

    def reset(self, world: World) -> None:
        """Take a world back to how it began. What it covered is still told of all worlds.

        Raises :class:`StoreError`, and leaves it as it is, where its store is lost.
        """
        world.drop_records()
        self._end(world)

    def _end(self, world: World) -> None:
        self._past.add(world.coverage)
        world.end()

    def _made(self, name: str) -> World:
        if self.is_shared:
            return SharedWorld(self._stores, name, self._journal_size, self._ledger)
        return World(name, self._journal_size, self._ledger)

    def coverage(self) -> Coverage:
        """What all worlds together have covered, those that are forgotten included."""
        found = Coverage()
        for one in (self._past, self.plain.coverage, *(world.coverage for world in self._named.values())):
            found.add(one)
        return found

    def _relieve(self) -> None:
        """Let older halves of journals go, those of the least recently used worlds first, until there is room again."""
        enough = self._ledger.limit * 9 // 10
        while self._ledger.held > enough:
            for world in (*self._named.values(), self.plain):
                world.journal.shorten()
                if self._ledger.held <= enough:
                    break

    def begin_over(self, stores: Sequence[Store]) -> None:
        """Have these stores below every world from now on; what was changed over others in memory is gone."""
        self._stores = stores
        is_shared = any(base.is_shared for base in stores)
        if is_shared != self.is_shared:
            self.is_shared = is_shared
            self.plain = self._made("")
        for world in (self.plain, *self._named.values()):
            world.begin_over(stores)


def address_of(path: str, raw_path: bytes) -> tuple[str, str, bytes]:
    """The world that a path beginning with ``/~`` names, and the path in it; decoded, and as sent.

    Raises :class:`UsageError` for a name that is none.
    """
    name, _, rest = path[len(PREFIX) :].partition("/")
    if not _is_name(name):
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
