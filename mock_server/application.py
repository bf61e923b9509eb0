"""The ASGI application: requests and answers, the world that they are for, control or contract."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import re
import threading
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from time import perf_counter

from mock_server import bundled
from mock_server.assembly import Served, assembled
from mock_server.contract.model import Contract
from mock_server.control import PREFIX, Control
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange import Answer, Exchange, Request, Route
from mock_server.problem import problem
from mock_server.settings import Settings
from mock_server.store import Stores, open_stores
from mock_server.wire import Delivery, Receive, Scope, Send, send_answer
from mock_server.worlds import PREFIX as WORLD_PREFIX
from mock_server.worlds import World, Worlds, address_of

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

    def __init__(self, settings: Settings, worlds: Worlds, stores: Stores, ending: asyncio.Event) -> None:
        self.served = assembled(settings, stores)
        self.control = Control(self.served, worlds, settings)
        self._apis = [
            api if settings.no_cors else Cors(api, one.contract) for one in self.served for api in [Api(one, ending)]
        ]

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
        for one in self.served:
            with contextlib.suppress(Exception):  # the request that meets it again gets the reason
                one.engine  # noqa: B018
        if not shares_process:
            gc.freeze()  # a contract stays: to look through it for what could go costs a third of the requests


class Application:
    """The ASGI application: it finds the world, and in it control or API, whichever the path says."""

    def __init__(self, settings: Settings, *, shares_process: bool = False) -> None:
        self.settings = settings
        self.shares_process = shares_process
        """Whether the process is somebody else's too, so that nothing of it may be changed for good."""
        self.ending = asyncio.Event()
        self.worlds = Worlds(settings.max_worlds, settings.journal_size, settings.journal_memory * 1024 * 1024)
        self._stores = open_stores(settings.store, settings.max_worlds)
        try:
            self._loaded = _Loaded(settings, self.worlds, self._stores, self.ending)
        except BaseException:
            self._stores.close()
            raise
        self.worlds.begin_over([one.store for one in self.served])

    @property
    def served(self) -> tuple[Served, ...]:
        """What serves now."""
        return self._loaded.served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: HTTP requests. There is no lifespan to take part in: all is loaded before."""
        if scope["type"] != "http":
            return
        try:
            world = self._enter(scope)
        except UsageError as error:
            await send_answer(problem("world", 400, str(error)), send)
            return
        loaded = self._loaded
        if PREFIX in scope["path"] and loaded.control.is_for(scope["path"]):
            await send_answer(await _controlled(loaded.control, scope, receive, world), send)
        else:
            await loaded.api(scope)(scope, receive, send)

    def _enter(self, scope: Scope) -> World:
        """The world that a request is for. From here on its scope has the path within the world."""
        name = ""
        if scope["path"].startswith(WORLD_PREFIX):
            address = address_of(scope["path"], scope.get("raw_path") or b"")
            name, scope["path"], scope["raw_path"] = address.world, address.path, address.raw_path
        world: World = self.worlds.get(name)
        scope[WORLD] = world
        return world

    def warm(self) -> None:
        """Build what answers, beside whatever else goes on."""
        options = {"shares_process": self.shares_process}
        threading.Thread(target=self._loaded.warm, kwargs=options, daemon=True).start()

    def reload(self) -> None:
        """Load contracts and fixtures anew. What cannot be served leaves the old one serving."""
        try:
            gc.unfreeze()
            loaded = _Loaded(self.settings, self.worlds, self._stores, self.ending)
            loaded.warm()
            self._loaded = loaded
            self.worlds.begin_over([one.store for one in loaded.served])
        except MockServerError as error:
            log.error("not reloaded, the contract of before goes on: %s", error)
        else:
            titles = ", ".join(f"{one.contract.title} {one.contract.version}" for one in self.served)
            log.warning("reloaded: %s", titles)

    def close(self) -> None:
        """Let go of the store, when the last request was answered."""
        self._stores.close()

    def watched(self) -> list[Path]:
        """The files and directories whose change means a reload."""
        names = [self.settings.fixtures, *(name for one in self.served for name in one.contract.files)]
        if not self.settings.contract:
            names += [str(bundled.contract().parent), str(bundled.fixtures())]
        return [Path(name).resolve() for name in names if name and Path(name).exists()]


class Api:
    """The contract's own paths as an ASGI application. ``ending`` cuts delays short when the server stops."""

    def __init__(self, served: Served, ending: asyncio.Event) -> None:
        self._served = served
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(scope, receive)
        answer = self._answer(scope, body)
        await Delivery(scope, receive, send, self._ending).deliver(answer)

    def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        """The answer, which the world's journal has before the client does."""
        started = perf_counter()
        world: World = scope[WORLD]
        request = _request(scope, body or b"")
        exchange = Exchange(request, Route(), _too_large(MAX_BODY)) if body is None else self._exchange(request, world)
        self._record(exchange, world, perf_counter() - started)
        return exchange.answer

    def _record(self, exchange: Exchange, world: World, elapsed: float) -> None:
        operation = self._served.contract.operations.get(exchange.route.operation or "")
        try:
            world.journal.add(exchange, operation, elapsed)
            if operation is not None:
                world.coverage.note(self._served.gauge(operation.key), exchange)
        except Exception:
            # A client gets its answer, whatever goes wrong with what is kept of it.
            log.exception("%s %s: not recorded", exchange.request.method, exchange.request.path)

    def _exchange(self, request: Request, world: World) -> Exchange:
        try:
            return self._served.engine.handle(request, world)
        except Exception:
            # Whatever went wrong is ours; the client gets an answer, the log the reason, the next request its turn.
            log.exception("%s %s: the mock server failed", request.method, request.path)
            answer = problem("internal", 500, "The log of the mock server has the reason. Please report it.")
            return Exchange(request, Route(), answer)


async def _controlled(control: Control, scope: Scope, receive: Receive, world: World) -> Answer:
    """Control's answer. Who may not ask is told so before the body is read."""
    peer = (scope.get("client") or ("",))[0]
    refused = control.refusal(_request(scope, b""), peer)
    if refused is not None:
        return refused
    body = await _body(scope, receive, MAX_CONTROL_BODY)
    return _too_large(MAX_CONTROL_BODY) if body is None else control.handle(_request(scope, body), world)


def _too_large(limit: int) -> Answer:
    return problem("invalid-request", 413, f"Found a body of more than {limit:,} bytes; expected fewer.")


def _request(scope: Scope, body: bytes) -> Request:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    host = next((value for name, value in headers if name == "host"), "")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        # A host that is none of a URL would end up in a Location.
        raw_path=scope.get("raw_path", b"").decode("utf-8", "replace"),
        origin=f"{scope['scheme']}://{host if _HOST.fullmatch(host) else 'localhost'}{scope[WORLD].prefix}",
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
