"""The paths of one contract as an ASGI application: it answers, and notifies the journal, coverage and observers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from time import monotonic, time
from typing import TYPE_CHECKING

from mock_server.core.errors import HubError, StoreError
from mock_server.core.logging import REQUEST
from mock_server.http.asgi import Receive, ResponseSender, Scope, Send, field_of, read_body, send_answer
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.http.problem_details import hub_problem_response, problem_response, store_problem_response
from mock_server.http.request_id import client_request_id
from mock_server.mocking.mounts import ApiMount
from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.mocking.response_cache import DECIDED, ResponseCache
from mock_server.mocking.selecting_headers import SelectingHeaders
from mock_server.mocking.staged_question import turn_of
from mock_server.server.observability.middleware import SEEN, RequestObservation
from mock_server.server.stream_sender import StreamSender
from mock_server.server.worker_thread import WorkerThread
from mock_server.storage import Store
from mock_server.worlds.journal import JournalWriter, LoggedExchange
from mock_server.worlds.world import World

if TYPE_CHECKING:  # the engine is imported with the first request, so that the start does not wait for it
    from mock_server.mocking.examined_request import Admitted, Examined
    from mock_server.worlds.staged_scenarios import ScenarioMatches
    from mock_server.worlds.stateful_decision import StatefulDecision

log = logging.getLogger("mock_server")

LARGE_BODY = 64 * 1024
"""Bytes of a request body from which on it is read and validated in a thread from the start."""
MAX_BODY = 16 * 1024 * 1024
"""Most bytes of a request body that are read; a longer one is a 413."""
CONTENDED_SECONDS = 5.0
"""How long a request at least goes on to change records that others change all the time, before it is refused."""
PENDING_SECONDS = 1.0
"""How long a request waits for another one with the same idempotency key."""
_PENDING_PAUSE = 0.02
WORLD = "mock_server.world"
"""Where a scope holds the :class:`World` that the request is for."""
_LONGEST_HOST = 260
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9a-fA-F:.]+\](:[0-9]+)?")


class ContractApp:
    """The contract's own paths as an ASGI application. ``ending`` cuts delays short when the server stops."""

    def __init__(
        self,
        served: ApiMount,
        fast: ResponseCache | None,
        request_metrics: RequestMetrics,
        ending: asyncio.Event,
        aside: WorkerThread,
        meet: Callable[[World], None] | None = None,
    ) -> None:
        self._aside = aside
        self._meet = meet
        """Called with the world of each request, where its records may be older than this process."""
        self.contract = served.contract
        self.base_path = served.base_path
        self._served = served
        self._fast = fast
        self._selecting = SelectingHeaders(served.contract)
        self._request_metrics = request_metrics
        self._ending = ending
        self._turn = asyncio.Lock()
        """Held by whoever makes an answer anew because others have changed its records."""

    def remember_in(self, fast: ResponseCache) -> None:
        """Have answers remembered elsewhere from now on."""
        self._fast = fast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(scope, receive, MAX_BODY)
        world: World = scope[WORLD]
        if self._meet is not None:
            self._meet(world)
        request = request_of(scope, body or b"")
        with _ExchangeRecorder(self, request, world, scope, self._served.store) as recorder:
            too_long = Exchange(request, Route(), body_too_large(MAX_BODY)) if body is None else None
            recorder.exchange = exchange = too_long or await self._answered(request, world, recorder)
        answer = exchange.answer
        if answer.stream is not None:
            await self._transmit(exchange, scope, receive, send)
        elif answer.delay or answer.wire is not None:
            await ResponseSender(scope, receive, send, self._ending).deliver(answer)
        else:
            await send_answer(answer, send)

    async def _transmit(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a stream.

        Journal and coverage record it when it ends, in this process, even where another one chose it.
        """
        world: World = scope[WORLD]
        started = monotonic()

        def ended(answer: Response, size: int) -> None:
            sent = replace(exchange, answer=answer)
            self.record(sent, scope, world, 0, started, size)

        def name() -> str:
            return _name_of(exchange.request, world.journal, world.journal.last + 1)

        named = REQUEST.set(name)
        try:
            engine = self._served.engine
            await StreamSender(scope, receive, send, self._ending, engine, ended).deliver(exchange.answer)
        finally:
            REQUEST.reset(named)

    async def _answered(self, request: Request, world: World, recorder: _ExchangeRecorder) -> Exchange:
        try:
            return await self._in_steps(request, world, recorder)
        except HubError as error:
            return Exchange(request, Route(), hub_problem_response(error))
        except Exception:
            return _failed(request)

    async def _in_steps(self, request: Request, world: World, recorder: _ExchangeRecorder) -> Exchange:
        """Answer a request without blocking the event loop: work that takes long goes on in a thread."""
        engine = self._served.engine
        run = self._aside.run_aside if len(request.body) > LARGE_BODY else self._aside.run
        examined, admitted, first = await run(self._begun, request, world, recorder.decision)
        if admitted is not None:
            if first is None or first.answer.changes:
                first = await self._committed(admitted, first)
            return engine.settle(admitted, first)
        matches = await run(engine.matches, examined, world) if request.body else None
        admitted = recorder.admitted = await self._admitted(examined, world, matches, recorder.decision)
        try:
            exchange = await self._committed(admitted)
        except Exception:
            await self._aside.run(engine.give_up, admitted)
            raise
        return await self._aside.run(engine.settle, admitted, exchange)

    def _begun(
        self, request: Request, world: World, decision: StatefulDecision | None
    ) -> tuple[Examined, Admitted | None, Exchange | None]:
        """Examine a request. Where nothing before it counts, admit it; where no steps may be due, respond as well."""
        engine = self._served.engine
        examined = engine.examine(request, world)
        if decision is not None or engine.is_stateful(world):
            return examined, None, None
        admitted = engine.admit(examined, world)
        return examined, admitted, None if engine.has_later else engine.respond(admitted)

    async def _committed(self, admitted: Admitted, first: Exchange | None = None) -> Exchange:
        """Respond, and make the changes that the answer stands for; begin anew where others changed the same.

        Whoever begins anew waits for its turn: a hundred clients that create the same at once would otherwise be in
        each other's way until some of them gave up. A slow replica loses to quicker ones until these have no more to
        do: so it is not the number of tries that ends them, but the time. ``first`` is the first response where it
        was made already.
        """
        engine = self._served.engine
        try:
            if engine.has_later:
                await self._aside.run(engine.catch_up, admitted)
        except StoreError as error:
            return Exchange(admitted.examined.request, admitted.examined.route, store_problem_response(error))
        exchange = await self._aside.run(engine.respond, admitted) if first is None else first
        try:
            if not exchange.answer.changes or await self._commit(admitted, exchange):
                return exchange
            async with self._turn:
                until = monotonic() + CONTENDED_SECONDS
                tries = 0
                while tries < engine.tries or monotonic() < until:
                    tries += 1
                    exchange = await self._aside.run(engine.respond, admitted)
                    if not exchange.answer.changes or await self._commit(admitted, exchange):
                        return exchange
        except StoreError as error:
            return replace(exchange, answer=store_problem_response(error))
        return engine.busy(exchange)

    async def _commit(self, admitted: Admitted, exchange: Exchange) -> bool:
        """Make the changes that an answer stands for; return False where others changed the same meanwhile."""
        engine = self._served.engine
        if self._served.store.is_shared:
            is_done = await self._aside.run(engine.commit, admitted, exchange)
        else:  # in memory it takes microseconds, and what may be started twice would find its own changes there
            is_done = engine.commit(admitted, exchange)
        if is_done and engine.has_later:
            with suppress(StoreError):  # the request is answered; what is due is so before the next one, too
                await self._aside.run(engine.catch_up, admitted)
        return is_done

    async def _admitted(
        self, examined: Examined, world: World, matches: ScenarioMatches | None, decision: StatefulDecision | None
    ) -> Admitted:
        """Have the world decide. While another request with the same idempotency key is under way, its end is awaited.

        Two requests at once would otherwise be two changes, or a 409 for a client that did nothing wrong.
        """
        engine = self._served.engine
        admitted = await self._aside.run(engine.admit, examined, world, matches, decision)
        until = monotonic() + PENDING_SECONDS
        while admitted.is_pending and monotonic() < until:
            await asyncio.sleep(_PENDING_PAUSE)
            admitted = await self._aside.run(engine.admit_again, admitted, world)
        return admitted

    def record(
        self,
        exchange: Exchange,
        scope: Scope | None,
        world: World,
        before: int,
        started: float,
        size: int | None = None,
        admitted: Admitted | None = None,
    ) -> None:
        """Record an exchange in the journal, the tally, the coverage and the fast path.

        An error in this is logged and not raised: the client gets its answer. ``size`` is the number of bytes of the
        body where less of it is at hand.
        """
        try:
            self._keep(exchange, scope, world, before, started, size, admitted)
        except Exception:
            log.exception("%s %s: not recorded", exchange.request.method, exchange.request.path)

    def _keep(
        self,
        exchange: Exchange,
        scope: Scope | None,
        world: World,
        before: int,
        started: float,
        size: int | None,
        admitted: Admitted | None,
    ) -> None:
        operation = self.contract.operations.get(exchange.route.operation or "")
        coverage_target = None if operation is None else self._served.coverage_target(operation.key)
        hits = None if coverage_target is None else coverage_target.shown(exchange)
        request_metric = self._request_metrics.of(
            coverage_target.name if coverage_target else "", exchange.request.method, exchange.answer.status
        )
        journaled: LoggedExchange | None = None
        if hits is not None and self._fast is not None and scope is not None and not self._served.always_stateful:
            store, selecting = self._served.store, self._selecting.of(hits.coverage_target.operation)
            turn = None if admitted is None else turn_of(admitted, world)
            journaled = self._fast.remember(
                scope, world, store, before, exchange, operation, hits, request_metric, selecting, turn
            )
        if journaled is None:
            journaled = world.journal.logged(exchange, operation, size)
        elapsed = monotonic() - started
        world.note(journaled, time() - elapsed, elapsed, hits)
        request_metric.take(elapsed, exchange.findings)
        self._request_metrics.handled += 1
        if scope is not None:
            note_observation(scope, world, journaled, request_metric.operation, world.journal.last)


class _ExchangeRecorder:
    """Context manager around an exchange: it names the request in the log, and records the exchange at the end."""

    exchange: Exchange

    def __init__(self, api: ContractApp, request: Request, world: World, scope: Scope | None, store: Store) -> None:
        self._api = api
        self._world = world
        self._scope = scope
        self._started = monotonic()
        self._before = world.store(store).revision if store.is_shared else 0
        self._revision = world.revision
        self.decision: StatefulDecision | None = None if scope is None else scope.get(DECIDED)
        """What was decided for the request before it came here."""
        self.admitted: Admitted | None = None
        """The request with what its world decided, where that may depend on requests before it."""
        # The log uses the number that the journal will most likely give the request once it is answered.
        self._name = partial(_name_of, request, world.journal, world.journal.last + 1)

    def __enter__(self) -> _ExchangeRecorder:
        self._token = REQUEST.set(self._name)
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        try:
            if kind is None and self.exchange.answer.stream is None:
                is_same = self._world.revision == self._revision  # otherwise it is an answer of before a change
                scope = self._scope if is_same else None
                self._api.record(self.exchange, scope, self._world, self._before, self._started, admitted=self.admitted)
        finally:
            REQUEST.reset(self._token)


def _failed(request: Request) -> Exchange:
    """Log an exception of the server with its traceback, and return the 500 that the client gets."""
    log.exception("%s %s: the mock server failed", request.method, request.path)
    name = REQUEST.get()
    reason = f"The log of the mock server has the reason (request {name() if name else '-'})."
    return Exchange(request, Route(), problem_response("internal", 500, f"{reason} Please report it."))


def _name_of(request: Request, journal: JournalWriter, number: int) -> str:
    """Return the id that the client gave its request, or else the id that the entry in the journal will have."""
    return client_request_id(request.headers) or str(journal.id_of(number))


def observation_of(scope: Scope) -> RequestObservation:
    """Return what observers see of a request; make it and put it into the scope the first time."""
    if SEEN not in scope:
        scope[SEEN] = RequestObservation(scope)
    seen: RequestObservation = scope[SEEN]
    return seen


def note_observation(scope: Scope, world: World, journaled: LoggedExchange, operation: str, number: int) -> None:
    """Pass an entry of the journal on to the observers of the request, if there are any."""
    seen: RequestObservation | None = scope.get(SEEN)
    if seen is not None:
        seen.note(world, journaled, operation, number)


def body_too_large(limit: int) -> Response:
    """Return the answer 413 to a body of more bytes than ``limit``."""
    return problem_response("invalid-request", 413, f"Found a body of more than {limit:,} bytes; expected fewer.")


def request_of(scope: Scope, body: bytes) -> Request:
    """Return the request of an ASGI scope as a :class:`Request`."""
    headers = tuple([field_of(line)[1] for line in scope["headers"]])
    host = ""
    for name, value in headers:
        if name == "host":
            host = value
            break
    query, raw_path = scope["query_string"], scope.get("raw_path", b"")
    return Request(
        scope["method"],
        scope["path"],
        query.decode("latin-1") if query else "",
        headers,
        body,
        _origin(scope["scheme"], host),
        raw_path.decode("utf-8", "replace"),
    )


def _origin(scheme: str, host: str) -> str:
    # A host that is none of a URL would end up in a Location. The longest name has 253 characters (RFC 1035, 2.3.4).
    return _known_origin(scheme, host if len(host) <= _LONGEST_HOST else "")


@lru_cache(256)
def _known_origin(scheme: str, host: str) -> str:
    return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"
