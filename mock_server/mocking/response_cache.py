"""The fast path: an answer that was selected and validated once is sent again from memory.

An answer depends on the contract, on the request and on the state of a world, and on nothing else. So an equal request
in a world with the same state (:attr:`World.revision`) gets what the engine answered the first time. Of its headers
those count that can change the answer (:mod:`mock_server.mocking.selecting_headers`). Journal and coverage record it
like every answer, with all its headers. In a store that other processes change too, an answer is valid as long as its
record does not change (:class:`RecordDependency`).

Not remembered is what depends on more, or does more than answer: worlds in which a scenario runs, requests with a
body or without a host (HTTP/1.0 lets them pass, HTTP/1.1 does not), delays, streams, answers that break the contract
(the log tells of each) and requests from web pages (CORS is apart).
"""

from __future__ import annotations

from collections import Counter
from sys import getsizeof

from mock_server.core.errors import StoreError
from mock_server.core.eviction import Eviction
from mock_server.http.asgi import Scope
from mock_server.http.messages import Exchange, ResponseSource
from mock_server.mocking.answer_dependency import dependency_of
from mock_server.mocking.cached_response import CachedResponse, RepeatedResponse, RequestKey
from mock_server.mocking.request_metrics import RequestMetric
from mock_server.mocking.selecting_headers import HeaderNames
from mock_server.mocking.shared_parts import OtherLines, SharedFieldLines, SharedParts
from mock_server.openapi.model import Operation
from mock_server.storage import Store
from mock_server.worlds.coverage import CoverageHits
from mock_server.worlds.world import World

MEMORY = 20 * 1024 * 1024
"""Bytes that remembered answers hold together where the settings say nothing else: 20,000 customers, 35,000 packed."""
_LARGEST = 64
"""The part of the memory, as one of so many, that an answer or the headers of its request may have."""
_SLOT = 8
"""Bytes of a place in a queue."""
_BESIDE = frozenset({"content-length", "transfer-encoding", "origin"})
"""Headers of requests with a body, and of web pages: answers to them are not remembered."""


class ResponseCache:
    """The answers of one load of contracts, by question, in so many bytes of memory.

    ``bounds`` counts the answers that went for want of room, as ``answer_memory``.
    """

    def __init__(self, memory: int = MEMORY, bounds: Counter[str] | None = None) -> None:
        self.limit = memory
        """Bytes that the answers may hold."""
        self._bounds = Counter() if bounds is None else bounds
        self._ready: dict[RequestKey, CachedResponse] = {}
        self._eviction = Eviction(self._drop, self._pack)
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
        return self._parts.held + (getsizeof(self._ready) + _SLOT * len(self._ready) if self._ready else 0)

    def find(self, scope: Scope, world: World) -> CachedResponse | RepeatedResponse | None:
        """Return the remembered answer to a request, or None."""
        # A running scenario may answer instead, and has to count the requests that it matches.
        if not world.is_unstaged():
            return None
        site = self._sites.get((scope["method"], scope["raw_path"], scope["query_string"]))
        if site is None:
            return None
        headers = scope["headers"]
        others: OtherLines = ()
        ready = self._ready.get((site, world.revision, *headers)) if site.is_bare else None
        if ready is None and site.selecting is not None:
            lines = site.selecting_lines(scope)
            ready = self._ready.get((site, world.revision, *lines))
            others = () if len(lines) == len(headers) else site.other_lines(scope)
        if ready is None:
            return None
        ready.stamp = self._eviction.now
        if ready.dependency is not None and not ready.dependency.still_holds(world):
            return None
        if ready.others is not None and ready.others.key == others:
            return ready
        return RepeatedResponse(ready, headers)

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
    ) -> None:
        """Remember an answer of the engine, if it will be the same again.

        ``before`` is the revision that the world's records over ``base`` had before the answer was made, ``selecting``
        names the headers that can change the answer.
        """
        if not self._is_lasting(exchange) or not world.is_unstaged():
            return
        try:
            dependency = dependency_of(base, world, exchange.answer, before)
        except StoreError:
            return
        parts = self._parts
        target = parts.target(scope, exchange, operation, selecting)
        site = target.site
        head, sign = parts.head(exchange, request_metric), parts.sign(hits)
        others = parts.others(site.other_lines(scope))
        lines = [self._lines.shared(line) for line in site.selecting_lines(scope)]
        site.is_bare |= len(lines) == len(scope["headers"])
        key: RequestKey = (site, world.revision, *[line for line, _ in lines])
        own = sum([size for _, size in lines])
        ready = CachedResponse(key, own, target, head, sign, others, exchange.answer.body, dependency)
        if ready.cost > self.limit // _LARGEST or site.selecting != selecting:
            self._release(ready)
            return
        former = self._ready.pop(key, None)  # has its place until it is its turn, and for nothing
        if former is not None:
            former.stamp = 0
        self._ready[key] = ready
        self._eviction.add(ready, self.limit - self._beside)

    def _release(self, ready: CachedResponse) -> None:
        self._parts.release(ready.target, ready.head, ready.sign, ready.others)

    def _pack(self, ready: CachedResponse) -> bool:
        packing = ready.head.packing
        before = packing.cost
        is_packed = ready.pack()
        self._parts.held += packing.cost - before
        return is_packed

    def _drop(self, ready: CachedResponse) -> None:
        self._release(ready)
        if self._ready.get(ready.key) is ready:
            del self._ready[ready.key]
            self._bounds["answer_memory"] += 1

    def _is_lasting(self, exchange: Exchange) -> bool:
        answer = exchange.answer
        return (
            not exchange.request.body
            and answer.is_lasting
            and not answer.changes
            and not answer.delay
            and answer.wire is None
            and answer.stream is None
            and not (answer.source is ResponseSource.PROBLEM and answer.status >= 500)
            and len(answer.body) <= self.limit // _LARGEST
            and not any(name in _BESIDE for name, _ in exchange.request.headers)
            and any(name == "host" for name, _ in exchange.request.headers)
        )
