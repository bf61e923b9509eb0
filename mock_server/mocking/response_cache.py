"""The fast path: an answer that was selected and validated once is sent again from memory.

An answer depends on the contract, on the request and on the state of a world, and on nothing else. So an equal request
in a world with the same state (:attr:`World.revision`) gets what the engine answered the first time. Of its headers
those count that can change the answer (:mod:`mock_server.mocking.selecting_headers`). Journal and coverage record it
like every answer, with all its headers. In a store that other processes change too, an answer is valid as long as its
record does not change (:class:`RecordDependency`).

Where a scenario runs, its turn is decided each time, by counts and states, and the bytes of each turn are remembered
(:mod:`mock_server.mocking.staged_question`).

Not remembered is what depends on more, or does more than answer: turns that a hub decides which several processes
share, or scenarios that ask for a record or for any header; requests with a body or without a host (HTTP/1.0 lets them
pass, HTTP/1.1 does not), delays, streams, answers that break the contract (the log tells of each) and requests from web
pages (CORS is apart).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from sys import getsizeof
from typing import TYPE_CHECKING

from mock_server.core.errors import StoreError
from mock_server.core.eviction import Eviction
from mock_server.core.memory_size import bytes_of
from mock_server.http.asgi import Scope
from mock_server.http.messages import Exchange, ResponseSource
from mock_server.mocking.answer_dependency import dependency_of
from mock_server.mocking.cached_response import CachedResponse, RepeatedResponse, RequestKey
from mock_server.mocking.request_metrics import RequestMetric
from mock_server.mocking.selecting_headers import HeaderNames
from mock_server.mocking.shared_parts import RequestSite, SharedFieldLines, SharedParts
from mock_server.mocking.staged_question import StagedQuestion, StagedTurn
from mock_server.openapi.model import Operation
from mock_server.storage import Store
from mock_server.worlds.coverage import CoverageHits
from mock_server.worlds.world import World

if TYPE_CHECKING:
    from mock_server.worlds.staged_scenarios import ScenarioTurn

MEMORY = 20 * 1024 * 1024
"""Bytes that remembered answers hold together where the settings say nothing else: 20,000 customers, 35,000 packed."""
_LARGEST = 64
"""The part of the memory, as one of so many, that an answer or the headers of its request may have."""
_SLOT = 8
"""Bytes of a place in a queue."""
_BESIDE = frozenset({"content-length", "transfer-encoding", "origin"})
"""Headers of requests with a body, and of web pages: answers to them are not remembered."""
DECIDED = "mock_server.decided"
"""Where a scope holds the :class:`StatefulDecision` for a request whose turn was decided and has no answer yet."""


class ResponseCache:
    """The answers of one load of contracts, by question, in so many bytes of memory.

    ``bounds`` counts the answers that went for want of room, as ``answer_memory``. ``seed`` is what scenarios draw by.
    """

    def __init__(self, memory: int = MEMORY, bounds: Counter[str] | None = None, seed: int = 0) -> None:
        self.limit = memory
        """Bytes that the answers may hold."""
        self._seed = seed
        self._bounds = Counter() if bounds is None else bounds
        self._ready: dict[RequestKey, CachedResponse] = {}
        self._staged: dict[RequestKey, StagedQuestion] = {}
        self._eviction: Eviction[CachedResponse | StagedQuestion] = Eviction(self._drop, self._pack)
        self._parts = SharedParts()
        self._sites = self._parts.sites
        self._lines = SharedFieldLines()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def held(self) -> int:
        """Bytes that the answers hold, with their questions."""
        return self._eviction.held + self._beside

    @property
    def _beside(self) -> int:
        """Bytes of what answers share, and of the tables that they stand in."""
        tables = [table for table in (self._ready, self._staged) if table]
        return self._parts.held + sum([getsizeof(table) + _SLOT * len(table) for table in tables])

    def find(self, scope: Scope, world: World) -> CachedResponse | RepeatedResponse | None:
        """Return the remembered answer to a request, or None.

        Where a scenario runs it may decide whose turn it is and not have the answer: the scope then has the decision.
        """
        site = self._sites.get((scope["method"], scope["raw_path"], scope["query_string"]))
        if site is None:
            return None
        if not world.is_unstaged():
            return self._find_staged(scope, world, site)
        headers = lines = scope["headers"]
        ready = self._ready.get((site, world.revision, *headers)) if site.is_bare else None
        if ready is None and site.selecting is not None:
            lines = site.selecting_lines(scope)
            ready = self._ready.get((site, world.revision, *lines))
        if ready is None:
            return None
        ready.stamp = self._eviction.now
        if ready.dependency is not None and not ready.dependency.still_holds(world):
            return None
        others = ready.others
        if others is not None and others.key == (() if len(lines) == len(headers) else site.other_lines(scope)):
            return ready
        return RepeatedResponse(ready, headers)

    def _find_staged(self, scope: Scope, world: World, site: RequestSite) -> CachedResponse | RepeatedResponse | None:
        """Have a scenario count a request that it matches, and return the remembered answer of the turn, or None."""
        staged, lines = world.staged_here(), site.selecting_lines(scope)
        question = None if staged is None else self._staged.get((site, staged.number, *lines))
        if staged is None or question is None:
            return None
        question.stamp = self._eviction.now
        turn: ScenarioTurn | None = None
        revision: tuple[int, ...] = ()
        if question.places:
            decision = world.hub.decide(world.name, staged.question(question.places, self._seed))
            if decision is None:
                return None
            if decision.turn is not None:
                turn = staged.turn(decision.turn)
                revision = (staged.number, staged.place(turn), decision.turn.answer)
        ready = self._ready.get((site, (world.revision, *revision) if revision else world.revision, *lines))
        if ready is None or (ready.dependency is not None and not ready.dependency.still_holds(world)):
            from mock_server.worlds.stateful_decision import StatefulDecision  # no start waits for it

            scope[DECIDED] = StatefulDecision(turn=turn)
            return None
        ready.stamp = self._eviction.now
        if ready.others is not None and ready.others.key == site.other_lines(scope):
            return ready
        return RepeatedResponse(ready, scope["headers"])

    def remember(
        self,
        scope: Scope,
        world: World,
        base: Store,
        before: int,
        exchange: Exchange,
        operation: Operation | None,
        hits: CoverageHits,
        request_metric: RequestMetric,
        selecting: HeaderNames,
        turn: StagedTurn | None = None,
    ) -> CachedResponse | RepeatedResponse | None:
        """Remember an answer of the engine, if it will be the same again; return what a journal then has of it.

        ``before`` is the revision that the world's records over ``base`` had before the answer was made, ``selecting``
        names the headers that can change the answer, ``turn`` tells whose turn it was where a scenario runs.
        """
        if not self._is_lasting(exchange) or (turn is None and not world.is_unstaged()):
            return None
        try:
            dependency = dependency_of(base, world, exchange.answer, before)
        except StoreError:
            return None
        parts = self._parts
        target = parts.target(scope, exchange, operation, selecting)
        site = target.site
        head, sign = parts.head(exchange, request_metric), parts.sign(hits)
        others = parts.others(site.other_lines(scope))
        lines = [self._lines.shared(line) for line in site.selecting_lines(scope)]
        site.is_bare |= len(lines) == len(scope["headers"])
        revision: Hashable = world.revision
        own = sum([size for _, size in lines])
        if turn is not None:
            self._remember_question(
                StagedQuestion((site, turn.staged.number, *[line for line, _ in lines]), own, turn.places)
            )
            if turn.revision:
                revision = (revision, *turn.revision)
                own += bytes_of(revision)
        key: RequestKey = (site, revision, *[line for line, _ in lines])
        ready = CachedResponse(key, own, target, head, sign, others, exchange.answer.body, dependency)
        if ready.cost > self.limit // _LARGEST or site.selecting != selecting:
            self._release(ready)
            return None
        former = self._ready.pop(key, None)  # has its place until it is its turn, and for nothing
        if former is not None:
            former.stamp = 0
        self._ready[key] = ready
        self._eviction.add(ready, self.limit - self._beside)
        # Others that are new are held by no answer: the journal alone has them.
        return ready if others is not None else RepeatedResponse(ready, scope["headers"])

    def _remember_question(self, question: StagedQuestion) -> None:
        if question.key not in self._staged:
            self._staged[question.key] = question
            self._eviction.add(question, self.limit - self._beside)

    def _release(self, ready: CachedResponse) -> None:
        self._parts.release(ready.target, ready.head, ready.sign, ready.others)

    def _pack(self, ready: CachedResponse | StagedQuestion) -> bool:
        if isinstance(ready, StagedQuestion):
            return False
        packing = ready.head.packing
        before = packing.cost
        is_packed = ready.pack()
        self._parts.held += packing.cost - before
        return is_packed

    def _drop(self, ready: CachedResponse | StagedQuestion) -> None:
        if isinstance(ready, StagedQuestion):
            del self._staged[ready.key]
            return
        self._release(ready)
        if self._ready.get(ready.key) is ready:
            del self._ready[ready.key]
            self._bounds["answer_memory"] += 1

    def _is_lasting(self, exchange: Exchange) -> bool:
        answer, names = exchange.answer, {name for name, _ in exchange.request.headers}
        return (
            "host" in names
            and _BESIDE.isdisjoint(names)
            and not exchange.request.body
            and answer.is_lasting
            and not answer.changes
            and not answer.delay
            and answer.wire is None
            and answer.stream is None
            and not (answer.source is ResponseSource.PROBLEM and answer.status >= 500)
            and len(answer.body) <= self.limit // _LARGEST
        )
