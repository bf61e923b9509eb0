"""The ASGI application: requests and answers, the world that they are for, control or contract."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from sys import intern
from time import time
from typing import TYPE_CHECKING

from mock_server import bundled
from mock_server.assembly import Served, assembled
from mock_server.contract.load import CONTROL
from mock_server.contract.model import Contract
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange import JSON, Answer, Exchange, Request, Route
from mock_server.fast import FastPath
from mock_server.journal import Journal, Kept
from mock_server.log import REQUEST
from mock_server.problem import problem
from mock_server.readiness import Readiness
from mock_server.redaction import Redaction, redaction_of
from mock_server.request_id import given_id
from mock_server.settings import Settings
from mock_server.store import Stores, open_stores
from mock_server.tally import Tallies
from mock_server.vitals import Vitals
from mock_server.watched import SEEN, Seen
from mock_server.wire import Delivery, Receive, Scope, Send, body_of, field_of, send_answer
from mock_server.worlds import PREFIX as WORLD_PREFIX
from mock_server.worlds import World, Worlds, address_of

if TYPE_CHECKING:
    from mock_server.control import Control
    from mock_server.peers import Peers

log = logging.getLogger("mock_server")

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request body that are read; more is a 413."""
MAX_CONTROL_BODY = 1024 * 1024
"""The same for control."""
COLLECTIONS = (50_000, 20, 100)
"""Thresholds of Python's garbage collection (700, 10, 10 otherwise): requests leave little behind that is a circle, and
remembered answers are much to look through. Worlds and tokens by the thousand are answered a tenth faster."""
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
        self, settings: Settings, worlds: Worlds, stores: Stores, tallies: Tallies, readiness: Readiness,
        ending: asyncio.Event, peers: Peers | None,
    ) -> None:  # fmt: skip
        self.served = assembled(settings, stores)
        self.trouble = "nothing that answers yet"
        """What is in the way of answering; nothing once :meth:`warm` has seen to it."""
        self._worlds = worlds
        self._settings = settings
        self.fast = None if settings.no_fast_path else FastPath()
        self._vitals = Vitals(tallies, readiness, self.fast)
        self.apis = [Api(one, self.fast, tallies, ending, peers) for one in self.served]
        self._ways = self.apis if settings.no_cors else [Cors(api, api.contract) for api in self.apis]

    @cached_property
    def control(self) -> Control:
        """What answers below ``/__admin``."""
        from mock_server.control import Control  # no start waits for it

        return Control(self.served, self._worlds, self._settings, self._vitals)

    def api(self, scope: Scope) -> Api | Cors:
        """The contract that a path is for: the first by base path that has it, or else the first that could."""
        if len(self._ways) == 1:
            return self._ways[0]
        path = scope["path"]
        fitting = [index for index, one in enumerate(self.served) if (path + "/").startswith(one.base_path + "/")]
        for index in fitting[:-1]:
            route = self.served[index].router.route(scope["method"], path, scope["query_string"].decode("latin-1"))
            if route.operation or route.allow or route.redirect:
                return self._ways[index]
        return self._ways[fitting[-1] if fitting else -1]

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
            gc.set_threshold(*COLLECTIONS)
            gc.enable()


class Application:
    """The ASGI application: it finds the world, and in it control or API, whichever the path says.

    ``sockets`` is the directory in which the workers of one server find each other.
    """

    def __init__(self, settings: Settings, *, shares_process: bool = False, sockets: Path | None = None) -> None:
        self.settings = settings
        self.shares_process = shares_process
        """Whether the process is somebody else's too, so that nothing of it may be changed for good."""
        self.ending = asyncio.Event()
        self._is_watched = settings.access_log or settings.otel
        self.peers = self._peers(sockets) if sockets is not None or settings.peers else None
        """Other processes that share the worlds; None where there are none."""
        self.worlds = self._worlds() if self.peers is None else self.peers.worlds
        self.tallies = Tallies()
        self.readiness = Readiness()
        """Whoever has more to say of whether requests can be answered adds a check."""
        self.readiness.add("engine", lambda: self._loaded.trouble)
        self.readiness.add("stop", lambda: "the server about to end" if self.ending.is_set() else "")
        if self.peers is not None:
            self.readiness.add("peers", self.peers.trouble)
        self._stores = open_stores(settings.store, settings.max_worlds)
        try:
            self._loaded = self._load()
        except BaseException:
            self._stores.close()
            raise
        self.worlds.begin_over([one.store for one in self.served])

    def _load(self) -> _Loaded:
        return _Loaded(
            self.settings, self.worlds, self._stores, self.tallies, self.readiness, self.ending, self.peers
        )  # fmt: skip

    def _worlds(self) -> Worlds:
        settings = self.settings
        return Worlds(settings.max_worlds, settings.journal_size, settings.journal_memory * 1024 * 1024)

    def _peers(self, sockets: Path | None) -> Peers:
        from mock_server.peers import Peers, check_peers  # a server alone has no use for them

        if sockets is None:
            check_peers(self.settings)
        return Peers(self, self.settings, sockets)

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
                _noted(scope, world, ready.kept, ready.tally.operation, world.journal.last)
            await send(ready.start)
            await send({"type": "http.response.body", "body": ready.body})
            return
        scope[WORLD] = world
        if CONTROL in path and loaded.control.is_for(path):
            await self._control(scope, receive, send, world)
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

    async def _control(self, scope: Scope, receive: Receive, send: Send, world: World) -> None:
        if self.peers is not None and world is self.worlds.plain and self.peers.is_for(scope["path"]):
            await self.peers.endpoint(scope, receive, send)
        else:
            await send_answer(await self._controlled(scope, receive, world), send)

    async def _controlled(self, scope: Scope, receive: Receive, world: World) -> Answer:
        """Control's answer. Who may not ask is told so before the body is read."""
        client = (scope.get("client") or ("",))[0]
        refused = self._loaded.control.refusal(_request(scope, b""), client)
        if refused is not None:
            return refused
        body = await body_of(scope, receive, MAX_CONTROL_BODY)
        if body is None:
            return _too_large(MAX_CONTROL_BODY)
        request = _request(scope, body)
        named = REQUEST.set(lambda: _seen(scope).request_id)
        try:
            return self.controlled(request, world) if self.peers is None else await self.peers.control(request, world)
        finally:
            REQUEST.reset(named)

    def controlled(
        self, request: Request, world: World, worlds: Worlds | None = None, figures: Sequence[JSON] = ()
    ) -> Answer:
        """Control's answer from what this process knows; about other worlds than its own, with others' figures."""
        return self._loaded.control.handle(request, world, worlds, figures)

    def figures(self) -> JSON:
        """What a monitor has to know of this process."""
        return self._loaded.control.figures()

    def answered(self, base_path: str, request: Request, world: World) -> tuple[Exchange, int]:
        """An exchange with the contract at a base path, and its number in the world's journal."""
        (api,) = [one for one in self._loaded.apis if one.base_path == base_path]
        return api.answered(request, world)

    def warm(self) -> None:
        """Build what answers before somebody asks.

        Not in a thread beside the requests: where two threads import the same libraries, one of them may find half of
        a module.
        """
        self._loaded.warm(shares_process=self.shares_process)

    def reload(self) -> None:
        """Load contracts and fixtures anew. What cannot be served leaves the old one serving."""
        try:
            if not self.shares_process:
                gc.unfreeze()
            loaded = self._load()
            loaded.warm(shares_process=self.shares_process)
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

    def __init__(
        self, served: Served, fast: FastPath | None, tallies: Tallies, ending: asyncio.Event, peers: Peers | None
    ) -> None:
        self.contract = served.contract
        self.base_path = served.base_path
        self._served = served
        self._fast = fast
        self._tallies = tallies
        self._ending = ending
        self._peers = peers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(scope, receive, MAX_BODY)
        world: World = scope[WORLD]
        request = _request(scope, body or b"")
        if self._peers is not None and body is not None and self._peers.is_elsewhere(world):
            answer = await self._from_owner(self._peers, request, world, scope)
        else:
            answer = self.answered(request, world, scope, is_too_large=body is None)[0].answer
        if answer.delay or answer.wire is not None:
            await Delivery(scope, receive, send, self._ending).deliver(answer)
        else:
            await send_answer(answer, send)

    async def _from_owner(self, peers: Peers, request: Request, world: World, scope: Scope) -> Answer:
        exchange, number = await peers.answer(self.base_path, request, world)
        operation = self.contract.operations.get(exchange.route.operation or "")
        name = self._served.gauge(operation.key).name if operation is not None else ""
        _noted(scope, world, Kept(exchange, operation), name, number)
        return exchange.answer

    def answered(
        self, request: Request, world: World, scope: Scope | None = None, *, is_too_large: bool = False
    ) -> tuple[Exchange, int]:
        """An exchange, and the number of its entry in the world's journal, which has it before the client does.

        The fast path remembers the answers of requests that come with their ``scope``.
        """
        started = time()
        store = self._served.store
        before = world.store(store).revision if store.is_shared else 0
        # The log names the request as the journal will: nothing else can be added before it is.
        number = world.journal.last + 1
        named = REQUEST.set(partial(_name_of, request, world.journal, number))
        try:
            too_large = Exchange(request, Route(), _too_large(MAX_BODY)) if is_too_large else None
            exchange = too_large or self._exchange(request, world)
            self._record(exchange, scope, world, before, started)
        finally:
            REQUEST.reset(named)
        return exchange, number

    def _record(self, exchange: Exchange, scope: Scope | None, world: World, before: int, started: float) -> None:
        """Let journal, tally, coverage and fast path have what they keep of an exchange.

        Whatever goes wrong with that, the client gets its answer.
        """
        try:
            self._keep(exchange, scope, world, before, started)
        except Exception:
            log.exception("%s %s: not recorded", exchange.request.method, exchange.request.path)

    def _keep(self, exchange: Exchange, scope: Scope | None, world: World, before: int, started: float) -> None:
        operation = self.contract.operations.get(exchange.route.operation or "")
        kept = Kept(exchange, operation)
        elapsed = time() - started
        world.journal.add(kept, started, elapsed)
        gauge = None if operation is None else self._served.gauge(operation.key)
        tally = self._tallies.of(gauge.name if gauge else "", exchange.request.method, exchange.answer.status)
        tally.take(elapsed, kept.findings)
        self._tallies.handled += 1
        if scope is not None:
            _noted(scope, world, kept, tally.operation, world.journal.last)
        if gauge is None:
            return
        shown = gauge.shown(exchange)
        world.coverage.note(shown)
        if self._fast is not None and scope is not None and not self._served.always_staged:
            self._fast.remember(scope, world, self._served.store, before, exchange.answer, kept, shown, tally)

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


def _noted(scope: Scope, world: World, kept: Kept, operation: str, number: int) -> None:
    """Let those who watch know what a journal was told, if there are any."""
    seen: Seen | None = scope.get(SEEN)
    if seen is not None:
        seen.note(world, kept, operation, number)


def _too_large(limit: int) -> Answer:
    return problem("invalid-request", 413, f"Found a body of more than {limit:,} bytes; expected fewer.")


def _request(scope: Scope, body: bytes) -> Request:
    headers = tuple([field_of(line)[1] for line in scope["headers"]])
    host = next((value for name, value in headers if name == "host"), "")
    return Request(
        method=scope["method"],
        path=intern(scope["path"]),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        raw_path=intern(scope.get("raw_path", b"").decode("utf-8", "replace")),
        origin=_origin(scope["scheme"], host),
    )


@lru_cache(256)
def _origin(scheme: str, host: str) -> str:
    # A host that is none of a URL would end up in a Location.
    return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"
