"""The ASGI application: requests and answers, the world that they are for, control or contract."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from mock_server import bundled
from mock_server.assembly import Served, assembled
from mock_server.contract.load import CONTROL
from mock_server.contract.model import Contract
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange import Answer, Exchange, Request, Route
from mock_server.fast import FastPath
from mock_server.journal import Journal, Kept
from mock_server.log import REQUEST
from mock_server.problem import problem
from mock_server.readiness import Readiness
from mock_server.redaction import Redaction, redaction_of
from mock_server.request_id import given_id
from mock_server.settings import Settings
from mock_server.tally import Tallies
from mock_server.vitals import Vitals
from mock_server.watched import SEEN, Seen
from mock_server.wire import Delivery, Receive, Scope, Send, field_of, send_answer
from mock_server.worlds import PREFIX as WORLD_PREFIX
from mock_server.worlds import World, Worlds, address_of

if TYPE_CHECKING:
    from mock_server.control import Control

log = logging.getLogger("mock_server")

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request body that are read; more is a 413."""
MAX_CONTROL_BODY = 1024 * 1024
"""The same for control."""
WORLD = "mock_server.world"
"""Where a scope holds the :class:`World` that the request is for."""
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9a-fA-F:.]+\](:[0-9]+)?")


class Cors:
    """CORS around an API, by Starlette: for requests that come from a web page, and no others."""

    def __init__(self, api: Api, contract: Contract) -> None:
        self._api = api
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3. Without an Origin there is nothing to add (Fetch, 3.3.2), and nothing to pay."""
        if any(name == b"origin" for name, _ in scope["headers"]):
            await self._middleware(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    @cached_property
    def _middleware(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        from starlette.middleware.cors import CORSMiddleware  # 0.1 s that few servers need

        cors = self._contract.manners.cors
        return CORSMiddleware(
            self._api,
            allow_origins=["*"],
            allow_methods=list(cors.allow_methods),
            allow_headers=list(cors.allow_headers),
            allow_credentials=cors.allow_credentials,
            # A browser asks before a public page may reach this machine; who serves a mock there wants it reached.
            allow_private_network=True,
            expose_headers=_exposed(self._contract),
            max_age=cors.max_age,
        )


def _exposed(contract: Contract) -> list[str]:
    """The headers that a page may read. ``*`` is all of them, but not for a request with credentials (Fetch, 3.3.5)."""
    if contract.manners.cors.expose_headers is not None:
        return list(contract.manners.cors.expose_headers)
    responses = [one for operation in contract.operations.values() for one in operation.responses.values()]
    documented = {header.name.lower(): header.name for one in responses for header in one.headers}
    own = {name.lower(): name for name in ("Deprecation", "Location", "Mock-Findings", "Preference-Applied")}
    return ["*", *sorted({**own, **documented}.values())]


class _Loaded:
    """All that one load of contracts and fixtures made. A reload makes another."""

    def __init__(
        self, settings: Settings, worlds: Worlds, tallies: Tallies, readiness: Readiness, ending: asyncio.Event
    ) -> None:
        self.served = assembled(settings)
        self.trouble = "nothing that answers yet"
        """What is in the way of answering; nothing once :meth:`warm` has seen to it."""
        self._worlds = worlds
        self._settings = settings
        self.fast = None if settings.no_fast_path else FastPath()
        self._vitals = Vitals(tallies, readiness, self.fast)
        apis = [Api(one, self.fast, tallies, ending) for one in self.served]
        self._apis = apis if settings.no_cors else [Cors(api, api.contract) for api in apis]

    @cached_property
    def control(self) -> Control:
        """What answers below ``/__admin``."""
        from mock_server.control import Control  # no start waits for it

        return Control(self.served, self._worlds, self._settings, self._vitals)

    def api(self, scope: Scope) -> Api | Cors:
        """The contract that a path is for: the first by base path that has it, or else the first that could."""
        if len(self._apis) == 1:
            return self._apis[0]
        path = scope["path"]
        fitting = [index for index, one in enumerate(self.served) if (path + "/").startswith(one.base_path + "/")]
        for index in fitting[:-1]:
            route = self.served[index].router.route(scope["method"], path, scope["query_string"].decode("latin-1"))
            if route.operation or route.allow or route.redirect:
                return self._apis[index]
        return self._apis[fitting[-1] if fitting else -1]

    def warm(self, *, shares_process: bool = False) -> None:
        """Build what answers before somebody asks."""
        trouble = ""
        for one in self.served:
            try:
                one.engine  # noqa: B018
            except Exception:  # each request that meets it again gets a 500, and who asks for readiness no request
                log.exception("%s: what answers cannot be built", one.contract.name)
                trouble = f"nothing that answers for {one.contract.title} (the log has the reason)"
        self.control  # noqa: B018
        self.trouble = trouble
        if not shares_process:
            gc.freeze()  # a contract stays: to look through it for what could go costs a third of the requests


class Application:
    """The ASGI application: it finds the world, and in it control or API, whichever the path says."""

    def __init__(self, settings: Settings, *, shares_process: bool = False) -> None:
        self.settings = settings
        self.shares_process = shares_process
        """Whether the process is somebody else's too, so that nothing of it may be changed for good."""
        self.ending = asyncio.Event()
        self._is_watched = settings.access_log or settings.otel
        self.worlds = Worlds(settings.max_worlds, settings.journal_size, settings.journal_memory * 1024 * 1024)
        self.tallies = Tallies()
        self.readiness = Readiness()
        """Whoever has more to say of whether requests can be answered adds a check."""
        self.readiness.add("engine", lambda: self._loaded.trouble)
        self.readiness.add("stop", lambda: "the server about to end" if self.ending.is_set() else "")
        self._loaded = self._load()

    def _load(self) -> _Loaded:
        return _Loaded(self.settings, self.worlds, self.tallies, self.readiness, self.ending)

    @property
    def served(self) -> tuple[Served, ...]:
        """What serves now."""
        return self._loaded.served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: HTTP requests. There is no lifespan to take part in: all is loaded before."""
        if scope["type"] != "http":
            return
        started = time()
        path = scope["path"]
        if path.startswith(WORLD_PREFIX):
            try:
                name, path, scope["raw_path"] = address_of(path, scope["raw_path"])
            except UsageError as error:
                await send_answer(problem("world", 400, str(error)), send)
                return
            # From here on the scope has the path within the world.
            scope["path"] = path
            world = self.worlds.get(name)
        else:
            world = self.worlds.plain
        loaded = self._loaded
        ready = loaded.fast.find(scope, world) if loaded.fast is not None else None
        if ready is not None:
            ready.note(world, started)
            if self._is_watched:
                _noted(scope, world, ready.kept, ready.tally.operation)
            await send(ready.start)
            await send({"type": "http.response.body", "body": ready.body})
            return
        scope[WORLD] = world
        if CONTROL in path and loaded.control.is_for(path):
            await send_answer(await _controlled(loaded.control, scope, receive, world), send)
        else:
            await loaded.api(scope)(scope, receive, send)

    def is_control(self, path: str) -> bool:
        """Whether a path, with the prefix of a world or without, is one of control."""
        if path.startswith(WORLD_PREFIX):
            path = "/" + path.removeprefix(WORLD_PREFIX).partition("/")[2]
        return CONTROL in path and self._loaded.control.is_for(path)

    def redaction(self) -> Redaction:
        """What takes the secrets out of what is shown of a request."""
        return redaction_of(self.settings.redact_header, [one.contract for one in self.served])

    def warm(self) -> None:
        """Build what answers before somebody asks.

        Not in a thread beside the requests: where two threads import the same libraries, one of them may find half of
        a module.
        """
        self._loaded.warm(shares_process=self.shares_process)

    def reload(self) -> None:
        """Load contracts and fixtures anew. What cannot be served leaves the old one serving."""
        try:
            gc.unfreeze()
            loaded = self._load()
            loaded.warm()
            self._loaded = loaded
            self.worlds.drop_records()
        except MockServerError as error:
            log.error("not reloaded, the contract of before goes on: %s", error)
        else:
            titles = ", ".join(f"{one.contract.title} {one.contract.version}" for one in self.served)
            log.warning("reloaded: %s", titles)

    def watched(self) -> list[Path]:
        """The files and directories whose change means a reload."""
        names = [self.settings.fixtures, *(name for one in self.served for name in one.contract.files)]
        if not self.settings.contract:
            names += [str(bundled.contract().parent), str(bundled.fixtures())]
        return [Path(name).resolve() for name in names if name and Path(name).exists()]


class Api:
    """The contract's own paths as an ASGI application. ``ending`` cuts delays short when the server stops."""

    def __init__(self, served: Served, fast: FastPath | None, tallies: Tallies, ending: asyncio.Event) -> None:
        self.contract = served.contract
        self._served = served
        self._fast = fast
        self._tallies = tallies
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(scope, receive)
        answer = self._answer(scope, body)
        if answer.delay or answer.wire is not None:
            await Delivery(scope, receive, send, self._ending).deliver(answer)
        else:
            await send_answer(answer, send)

    def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        """The answer, which the world's journal has before the client does."""
        started = time()
        world: World = scope[WORLD]
        request = _request(scope, body or b"")
        # The log names the request as the journal will: nothing else can be added before it is.
        named = REQUEST.set(partial(_name_of, request, world.journal, world.journal.last + 1))
        try:
            too_large = Exchange(request, Route(), _too_large(MAX_BODY)) if body is None else None
            exchange = too_large or self._exchange(request, world)
            self._record(exchange, scope, world, started)
        finally:
            REQUEST.reset(named)
        return exchange.answer

    def _record(self, exchange: Exchange, scope: Scope, world: World, started: float) -> None:
        """Let journal, tally, coverage and fast path have what they keep of an exchange.

        Whatever goes wrong with that, the client gets its answer.
        """
        try:
            self._keep(exchange, scope, world, started)
        except Exception:
            log.exception("%s %s: not recorded", exchange.request.method, exchange.request.path)

    def _keep(self, exchange: Exchange, scope: Scope, world: World, started: float) -> None:
        operation = self.contract.operations.get(exchange.route.operation or "")
        kept = Kept(exchange, operation)
        elapsed = time() - started
        world.journal.add(kept, started, elapsed)
        gauge = None if operation is None else self._served.gauge(operation.key)
        tally = self._tallies.of(gauge.name if gauge else "", exchange.request.method, exchange.answer.status)
        tally.take(elapsed, kept.findings)
        self._tallies.handled += 1
        _noted(scope, world, kept, tally.operation)
        if gauge is None:
            return
        shown = gauge.shown(exchange)
        world.coverage.note(shown)
        if self._fast is not None and not self._served.engine.always_staged:
            self._fast.remember(scope, world, exchange.answer, kept, shown, tally)

    def _exchange(self, request: Request, world: World) -> Exchange:
        try:
            return self._served.engine.handle(request, world)
        except Exception:
            # Whatever went wrong is ours; the client gets an answer, the log the reason, the next request its turn.
            log.exception("%s %s: the mock server failed", request.method, request.path)
            name = REQUEST.get()
            reason = f"The log of the mock server has the reason (request {name() if name else '-'})."
            return Exchange(request, Route(), problem("internal", 500, f"{reason} Please report it."))


def _name_of(request: Request, journal: Journal, number: int) -> str:
    """The id that the client gave, or that of the journal's entry."""
    return given_id(request.headers) or str(journal.id_of(number))


def _seen(scope: Scope) -> Seen:
    if SEEN not in scope:
        scope[SEEN] = Seen(scope)
    seen: Seen = scope[SEEN]
    return seen


def _noted(scope: Scope, world: World, kept: Kept, operation: str) -> None:
    """Let those who watch know what the journal was told, if there are any."""
    seen: Seen | None = scope.get(SEEN)
    if seen is not None:
        seen.note(world, kept, operation)


async def _controlled(control: Control, scope: Scope, receive: Receive, world: World) -> Answer:
    """Control's answer. Who may not ask is told so before the body is read."""
    peer = (scope.get("client") or ("",))[0]
    refused = control.refusal(_request(scope, b""), peer)
    if refused is not None:
        return refused
    body = await _body(scope, receive, MAX_CONTROL_BODY)
    if body is None:
        return _too_large(MAX_CONTROL_BODY)
    named = REQUEST.set(lambda: _seen(scope).request_id)
    try:
        return control.handle(_request(scope, body), world)
    finally:
        REQUEST.reset(named)


def _too_large(limit: int) -> Answer:
    return problem("invalid-request", 413, f"Found a body of more than {limit:,} bytes; expected fewer.")


def _request(scope: Scope, body: bytes) -> Request:
    headers = tuple([field_of(line)[1] for line in scope["headers"]])
    host = next((value for name, value in headers if name == "host"), "")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        # A host that is none of a URL would end up in a Location.
        raw_path=scope.get("raw_path", b"").decode("utf-8", "replace"),
        origin=f"{scope['scheme']}://{host if _HOST.fullmatch(host) else 'localhost'}",
    )


async def _body(scope: Scope, receive: Receive, limit: int = MAX_BODY) -> bytes | None:
    """The body; None where it is too large. A request without one is not waited for."""
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]):
        return b""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        more = message.get("more_body", False)
    # Read to its end even where it is too large: a client that is still sending would not see the answer.
    return b"".join(parts) if size <= limit else None
