"""ASGI to requests and answers, and uvicorn around it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import re
import signal
import socket
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import Any

import uvicorn

from mock_server import bundled
from mock_server.answer import Ladder
from mock_server.contract.check import Judge
from mock_server.contract.load import load_contract
from mock_server.contract.model import Contract
from mock_server.control import PREFIX, Control
from mock_server.engine import Engine
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange import Answer, Request
from mock_server.fixtures import load_fixtures
from mock_server.log import log_to_stderr
from mock_server.problem import problem
from mock_server.routing import Router
from mock_server.settings import PREFIX as VARIABLE_PREFIX
from mock_server.settings import ROWS, Settings, read_settings
from mock_server.store import MemoryStore, Record

log = logging.getLogger("mock_server")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request body that are read; more is a 413."""
DRAIN_SECONDS = 1
"""How long a stop waits for answers under way."""
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9a-fA-F:.]+\](:[0-9]+)?")


class Served:
    """All that one load of contract and fixtures made. A reload makes another."""

    def __init__(self, settings: Settings, ending: asyncio.Event | None = None) -> None:
        self.contract = contract_of(settings)
        self.store = MemoryStore(records_of(settings, self.contract))
        self.judge = Judge(self.contract)
        self.ladder = Ladder(self.contract, self.store, settings)
        self.engine = Engine(self.contract, self.judge, self.ladder, Router(self.contract).route)
        self.control = Control(self.contract, self.ladder)
        api = Api(self.engine, ending or asyncio.Event())
        self.api = api if settings.no_cors else Cors(api, self.contract)


def contract_of(settings: Settings) -> Contract:
    """The contract that the settings name, with overlays. The one that ships has overlays of its own."""
    if settings.contract:
        return load_contract(settings.contract, settings.overlay, strict=settings.strict)
    overlays = [*map(str, bundled.overlays()), *settings.overlay]
    return load_contract(str(bundled.contract()), overlays, strict=settings.strict)


def records_of(settings: Settings, contract: Contract) -> list[Record]:
    """The fixtures that the settings name; the contract that ships has fixtures of its own."""
    if settings.fixtures:
        return load_fixtures(Path(settings.fixtures), contract)
    return [] if settings.contract else load_fixtures(bundled.fixtures(), contract)


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


class Application:
    """The ASGI application: control or API, whichever the path says."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ending = asyncio.Event()
        self.served = Served(settings, self.ending)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: HTTP requests. There is no lifespan to take part in: all is loaded before."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in ("", "/"):
            await _send(self.served.control.handle(_request(scope, b"")), send)
        else:
            await self.served.api(scope, receive, send)

    def reload(self) -> None:
        """Load contract and fixtures anew. What cannot be served leaves the old one serving."""
        try:
            self.served = Served(self.settings, self.ending)
        except MockServerError as error:
            log.error("not reloaded, the contract of before goes on: %s", error)
        else:
            log.warning("reloaded: %s %s", self.served.contract.title, self.served.contract.version)

    def watched(self) -> list[Path]:
        """The files and directories whose change means a reload."""
        names = [self.settings.contract, self.settings.fixtures, *self.settings.overlay]
        if not self.settings.contract:
            names += [str(bundled.contract().parent), str(bundled.fixtures())]
        return [Path(name).resolve() for name in names if name and Path(name).exists()]


class Api:
    """The contract's own paths as an ASGI application. ``ending`` cuts delays short when the server stops."""

    def __init__(self, engine: Engine, ending: asyncio.Event) -> None:
        self._engine = engine
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(scope, receive)
        answer = self._answer(scope, body)
        if answer.delay:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), answer.delay / 1000)
        await _send(answer, send)

    def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        if body is None:
            return problem("invalid-request", 413, f"Found a body of more than {MAX_BODY:,} bytes; expected fewer.")
        try:
            return self._engine.handle(_request(scope, body)).answer
        except Exception:
            # Whatever went wrong is ours; the client gets an answer, the log the reason, the next request its turn.
            log.exception("%s %s: the mock server failed", scope["method"], scope["path"])
            return problem("internal", 500, "The log of the mock server has the reason. Please report it.")


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
        origin=f"{scope['scheme']}://{host if _HOST.fullmatch(host) else 'localhost'}",
    )


async def _body(scope: Scope, receive: Receive) -> bytes | None:
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
        if size <= MAX_BODY:
            parts.append(part)
        more = message.get("more_body", False)
    # Read to its end even where it is too large: a client that is still sending would not see the answer.
    return b"".join(parts) if size <= MAX_BODY else None


async def _send(answer: Answer, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), _field(value)) for name, value in answer.headers]
    if answer.status >= 200 and answer.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _field(value: str) -> bytes:
    """A field value (RFC 9110, 5.5): no control characters, whatever an example holds."""
    return re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b" ", value.encode("latin-1", "replace")).strip()


class _Server(uvicorn.Server):
    """uvicorn, with a word when it is ready, a watch on files, and exit code 0 after a signal."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], application: Application | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._application = application

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()
        if self._application is not None and self._application.settings.reload:
            self._watch = asyncio.create_task(_reload_on_change(self._application))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._application is not None:
            self._application.ending.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn's own raises the signal again at the end, which would make the exit code 143.
        kept = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in kept.items():
                signal.signal(one, handler)


async def _reload_on_change(application: Application) -> None:
    from watchfiles import awatch

    watched = application.watched()
    # Editors write a new file and give it the old one's name, so it is the directory that is watched.
    directories = {path if path.is_dir() else path.parent for path in watched}
    async for changes in awatch(*directories):
        changed = [Path(name) for _, name in changes]
        if any(path == one or path in one.parents for one in changed for path in watched):
            await asyncio.to_thread(application.reload)


def serve(settings: Settings, announce: Callable[[str, Contract], None]) -> None:
    """Serve until a signal ends it. ``announce`` is called with the URL once requests are answered.

    Raises :class:`MockServerError` where contract or fixtures cannot be served or the port cannot be had.
    """
    if settings.reload and settings.workers > 1:
        raise UsageError(
            f"--reload: found --workers {settings.workers} beside it; expected one process. Leave one out."
        )
    application = Application(settings)
    with _listen(settings.host, settings.port) as listener:
        url = _url(listener)
        contract = application.served.contract
        if settings.workers > 1:
            _serve_with_workers(settings, listener, lambda: announce(url, contract))
        else:
            config = _config(application)
            _Server(config, lambda: announce(url, contract), application).run([listener])


def _config(application: Any, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="httptools",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        **options,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. It is made when everything is loaded, so that an open port means ready."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise UsageError(f"{host}:{port}: {_why(error)}") from None
    listener.set_inheritable(True)
    return listener


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "found the port in use; expected a free one. Choose another with --port (0 for any)."
    if error.errno == errno.EACCES:
        return "found a port that this user may not open; expected one above 1023. Choose another with --port."
    return (
        f"found an address that cannot be listened on ({error.strerror}); expected one of this machine. Check --host."
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _serve_with_workers(settings: Settings, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Several processes on one socket. They read the settings from variables, which is how they travel."""
    from uvicorn.supervisors import Multiprocess

    os.environ.update(_variables(settings))
    config = _config("mock_server.server:worker", factory=True, workers=settings.workers)

    class Supervisor(Multiprocess):
        def init_processes(self) -> None:
            super().init_processes()
            if all(process.wait_until_ready(60) for process in self.processes):
                on_ready()

    Supervisor(config, [listener]).run()


def worker() -> Application:
    """The application of one worker process."""
    settings = read_settings({}, os.environ)
    log_to_stderr(settings.log_format)
    return Application(settings)


def _variables(settings: Settings) -> dict[str, str]:
    def text(value: object) -> str:
        if isinstance(value, tuple):
            return os.pathsep.join(value)
        return str(value).lower() if isinstance(value, bool) else str(value)

    return {VARIABLE_PREFIX + row.name.upper(): text(getattr(settings, row.name)) for row in ROWS}
