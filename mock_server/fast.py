"""The fast path: an answer that was selected and validated once is sent again from memory.

An answer depends on the contract, on the request and on the state of a world, and on nothing else. So an equal request,
header for header, in a world with the same state (:attr:`World.revision`), gets what the engine answered the first
time. Journal and coverage record it like every answer. In a store that other processes change too, an answer is valid
as long as its record does not change (:class:`Sight`).

Not remembered is an answer that depends on more, or does more than answer: in worlds in which a scenario runs, to
requests with a body, with delays, streams, answers that are not valid (the log has each) and answers to web pages (CORS
is handled apart).
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
"""Most bytes that remembered answers take together, about: some 10,800 customers."""
_LARGEST = MEMORY // 64
_OVERHEAD = 1400
"""Bytes of a remembered answer in addition to its body, as measured."""
_BESIDE = frozenset({"content-length", "transfer-encoding", "origin"})
"""Headers of requests with a body, and of web pages: answers to them are not remembered."""


class Sight:
    """The record that an answer was made from, in a store that others change too; or that there was no record."""

    __slots__ = ("_base", "_record", "_revision", "_sought")

    def __init__(self, base: Store, sought: tuple[str, str], record: Record | None, revision: int) -> None:
        self._base = base
        self._sought = sought
        self._record = record
        self._revision = revision

    def still_holds(self, world: World) -> bool:
        """Tell whether the record is unchanged. While nothing in the store changes, this only compares two numbers."""
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
        # Another record has changed: until the next change it is enough to compare numbers again.
        if same:
            self._revision = revision
        return same


def _sight_of(base: Store, world: World, answer: Answer, before: int) -> Sight | None:
    """Return the record that an answer depends on; None where it depends on none, or the store is not shared.

    Raises :class:`StoreError` where the store has changed meanwhile, or is lost.
    """
    if answer.sought is None or not base.is_shared:
        return None
    records = world.store(base)
    record = records.get(*answer.sought)
    # Nothing tells whether the answer is from before the change or after it, so it is not remembered.
    if before < 0 or records.revision != before:
        raise StoreLostError("the store has changed while an answer was made")
    return Sight(base, answer.sought, record, before)


class Ready:
    """An answer as ASGI messages, what journal and coverage record of it, and the tally that counts it."""

    __slots__ = ("_simple", "body", "kept", "shown", "sight", "start", "tally")

    def __init__(self, answer: Answer, kept: Kept, shown: Shown, tally: Tally, sight: Sight | None = None) -> None:
        self.sight = sight
        self.start = start_of(answer.status, answer.headers, len(answer.body))
        self.body = answer.body
        self.kept = kept
        self.shown = shown
        self.tally = tally
        self._simple = -1.0 if kept.findings else QUICK
        """Seconds up to which a request only adds to the count and the sum of times."""

    def note(self, world: World, started: float) -> None:
        """Record in a world that this is the answer to a request that came at ``started`` (seconds since 1970)."""
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
    """The answers of one load of contracts, by request; the oldest are removed when they take too much memory."""

    def __init__(self, memory: int = MEMORY) -> None:
        self.limit = memory
        """Most bytes that the answers may take."""
        self._room = memory
        self._ready: OrderedDict[tuple[Any, ...], Ready] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def held(self) -> int:
        """Bytes that the answers take, about."""
        return self.limit - self._room

    def find(self, scope: Scope, world: World) -> Ready | None:
        """Return the remembered answer to a request, or None."""
        staged = world.staged
        # A running scenario may answer instead, and has to count the requests that it matches.
        if staged is not None and not staged.is_empty:
            return None
        ready = self._ready.get(_question(scope, world))
        if ready is None or ready.sight is None or ready.sight.still_holds(world):
            return ready
        return None

    def remember(
        self, scope: Scope, world: World, base: Store, before: int, answer: Answer, kept: Kept, shown: Shown,
        tally: Tally,
    ) -> None:  # fmt: skip
        """Remember an answer of the engine, if it will be the same again.

        ``before`` is the revision that the world's records over ``base`` had before the answer was made.
        """
        if not _is_lasting(answer, kept) or (world.staged is not None and not world.staged.is_empty):
            return
        try:
            sight = _sight_of(base, world, answer, before)
        except StoreError:
            return
        # Keys that share their parts take less memory, and less of it is read to compare them.
        common = {"method": intern(scope["method"]), "raw_path": _common(scope["raw_path"])}
        question = _question({**scope, **common, "headers": [field_of(line)[0] for line in scope["headers"]]}, world)
        # Removed and added again, so that it is the newest entry.
        former = self._ready.pop(question, None)
        ready = self._ready[question] = Ready(answer, kept, shown, tally, sight)
        self._room -= _size(ready) - (_size(former) if former is not None else 0)
        while self._room < 0:
            self._room += _size(self._ready.popitem(last=False)[1])


def _question(scope: Scope, world: World) -> tuple[Any, ...]:
    """Return the key of a request: all that an answer depends on.

    The path is the one within the world, so that worlds share the answers that they can.
    """
    return (world.revision, scope["method"], scope["raw_path"], scope["query_string"], *scope["headers"])


def _is_lasting(answer: Answer, kept: Kept) -> bool:
    return (
        not answer.delay
        and answer.wire is None
        and answer.stream is None
        # A failure of the server or the store may be over with the next request.
        and not (answer.reason == "problem" and answer.status >= 500)
        and len(answer.body) <= _LARGEST
        and not any(name in _BESIDE for name, _ in kept.request.headers)
    )


def _size(ready: Ready) -> int:
    return _OVERHEAD + len(ready.body)


@lru_cache(1024)
def _common(path: bytes) -> bytes:
    """Return one object for all equal paths, to save memory."""
    return path
