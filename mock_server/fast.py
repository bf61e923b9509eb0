"""Ready bytes: an answer that was found and judged once is sent again without asking anybody.

An answer depends on the contract, on the request and on what a world has of its own, and on nothing else. So whoever
asks the same, header for header, in a world that answers from the same (:attr:`World.revision`), gets what the engine
found the first time. Journal and coverage note it as they do everything. In a store that other processes change too,
an answer holds as long as the record does that it was made from (:class:`Sight`).

Not remembered is what depends on more, or does more than answer: worlds in which a scenario runs, requests with a
body, delays, streams, answers that break the contract (the log tells of each) and requests from web pages (CORS is
apart).
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from sys import intern
from time import time
from typing import Any

from mock_server.coverage import Shown
from mock_server.errors import StoreError, StoreLostError
from mock_server.exchange import Answer
from mock_server.journal import Kept
from mock_server.store import Record, Store
from mock_server.tally import QUICK, Tally
from mock_server.wire import Scope, field_of, start_of
from mock_server.worlds import World

MEMORY = 20 * 1024 * 1024
"""Bytes that remembered answers hold together, about: some 10,800 customers."""
_LARGEST = MEMORY // 64
_OVERHEAD = 1400
"""Bytes of a remembered answer beside its body, as measured."""
_BESIDE = frozenset({"content-length", "transfer-encoding", "origin"})
"""The headers of requests with a body, and of web pages."""


class Sight:
    """The record that an answer was made from, in a store that others change too; or that there was none."""

    __slots__ = ("_base", "_record", "_revision", "_sought")

    def __init__(self, base: Store, record_key: tuple[str, str], record: Record | None, revision: int) -> None:
        self._base = base
        self._sought = record_key
        self._record = record
        self._revision = revision

    def still_holds(self, world: World) -> bool:
        """Whether the record is what it was. While nothing in the store changes, that is to compare two numbers."""
        records = world.store(self._base)
        revision = records.revision
        if revision == self._revision:
            return True
        if revision < 0:  # the store is lost
            return False
        try:
            same = records.get(*self._sought) == self._record
        except StoreError:
            return False
        if same:
            self._revision = revision
        return same


def _sight_of(base: Store, world: World, answer: Answer, before: int) -> Sight | None:
    """What an answer was made from. Raises :class:`StoreError` where that has changed meanwhile, or is lost."""
    if answer.sought is None or not base.is_shared:
        return None
    records = world.store(base)
    record = records.get(*answer.sought)
    if before < 0 or records.revision != before:
        raise StoreLostError("the store has changed while an answer was made")
    return Sight(base, answer.sought, record, before)


class Ready:
    """An answer as ASGI sends it, and what journal and coverage note of it and where it is counted."""

    __slots__ = ("_simple", "body", "kept", "shown", "sight", "start", "tally")

    def __init__(self, answer: Answer, journaled: Kept, hits: Shown, tally: Tally, sight: Sight | None = None) -> None:
        self.sight = sight
        self.start = start_of(answer.status, answer.headers, len(answer.body))
        self.body = answer.body
        self.kept = journaled
        self.shown = hits
        self.tally = tally
        self._simple = -1.0 if journaled.findings else QUICK
        """Seconds up to which there is no more to count than the request and its time."""

    def note(self, world: World, started: float) -> None:
        """Note in a world that this is the answer to a request that came at ``started`` (seconds since 1970)."""
        elapsed = time() - started
        world.journal.add(self.kept, started, elapsed)
        world.coverage.note(self.shown)
        tally = self.tally
        if 0.0 <= elapsed <= self._simple:  # what take() would do, without the call
            tally.count += 1
            tally.seconds += elapsed
        else:
            tally.take(elapsed, self.kept.findings)


class FastPath:
    """The answers of one load of contracts, by question; the oldest go when there are too many."""

    def __init__(self, memory: int = MEMORY) -> None:
        self.limit = memory
        """Bytes that the answers may hold."""
        self._room = memory
        self._ready: OrderedDict[tuple[Any, ...], Ready] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def held(self) -> int:
        """Bytes that the answers hold, about."""
        return self.limit - self._room

    def find(self, scope: Scope, world: World) -> Ready | None:
        """The answer to a request, where it is known."""
        staged = world.staged
        if staged is not None and not staged.is_empty:
            return None
        ready = self._ready.get(_question(scope, world))
        if ready is None or ready.sight is None or ready.sight.still_holds(world):
            return ready
        return None

    def remember(
        self, scope: Scope, world: World, base: Store, before: int, answer: Answer, journaled: Kept, hits: Shown,
        tally: Tally,
    ) -> None:  # fmt: skip
        """Remember an answer that the engine found, if it will be the same again.

        ``before`` is the revision that the world's records over ``base`` had before the answer was made.
        """
        if not _is_lasting(answer, journaled) or (world.staged is not None and not world.staged.is_empty):
            return
        try:
            sight = _sight_of(base, world, answer, before)
        except StoreError:
            return
        # Kept with what all have in common, the question costs less, and to compare it touches less memory.
        common = {"method": intern(scope["method"]), "raw_path": _common(scope["raw_path"])}
        question = _question({**scope, **common, "headers": [field_of(line)[0] for line in scope["headers"]]}, world)
        former = self._ready.pop(question, None)
        ready = self._ready[question] = Ready(answer, journaled, hits, tally, sight)
        self._room -= _size(ready) - (_size(former) if former is not None else 0)
        while self._room < 0:
            self._room += _size(self._ready.popitem(last=False)[1])


def _question(scope: Scope, world: World) -> tuple[Any, ...]:
    """All that an answer depends on. The path is the one within the world, so that worlds share what they can."""
    return (world.revision, scope["method"], scope["raw_path"], scope["query_string"], *scope["headers"])


def _is_lasting(answer: Answer, journaled: Kept) -> bool:
    return (
        not answer.delay
        and answer.wire is None
        and answer.stream is None
        and not (answer.reason == "problem" and answer.status >= 500)
        and len(answer.body) <= _LARGEST
        and not any(name in _BESIDE for name, _ in journaled.request.headers)
    )


def _size(ready: Ready) -> int:
    return _OVERHEAD + len(ready.body)


@lru_cache(1024)
def _common(path: bytes) -> bytes:
    """One object for all paths that are the same."""
    return path
