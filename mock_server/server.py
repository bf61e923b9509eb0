"""ASGI to requests and answers, and uvicorn around it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Generator, MutableMapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import uvicorn

from mock_server import bundled
from mock_server.assembly import Served, assembled
from mock_server.contract.model import Contract
from mock_server.control import PREFIX, Control
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange import Answer, Request
from mock_server.log import log_to_stderr
from mock_server.problem import problem
from mock_server.settings import PREFIX as VARIABLE_PREFIX
from mock_server.settings import ROWS, Settings, read_settings

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

    def __init__(self, settings: Settings, ending: asyncio.Event) -> None:
        self.served = assembled(settings)
        self.control = Control(self.served)
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

    def warm(self) -> None:
        """Build what answers before somebody asks."""
        for one in self.served:
            with contextlib.suppress(Exception):  # the request that meets it again gets the reason
                one.engine  # noqa: B018
        gc.freeze()  # a contract stays: to look through it for what could go costs a third of the requests


class Application:
    """The ASGI application: control or API, whichever the path says."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ending = asyncio.Event()
        self._loaded = _Loaded(settings, self.ending)

    @property
    def served(self) -> tuple[Served, ...]:
        """What serves now."""
        return self._loaded.served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: HTTP requests. There is no lifespan to take part in: all is loaded before."""
        if scope["type"] != "http":
            return
        loaded = self._loaded
        request = _request(scope, b"") if PREFIX in scope["path"] else None
        answer = loaded.control.handle(request) if request is not None else None
        if answer is not None:
            await _send(answer, send)
        else:
            await loaded.api(scope)(scope, receive, send)

    def warm(self) -> None:
        """Build what answers, beside whatever else goes on."""
        threading.Thread(target=self._loaded.warm, daemon=True).start()

    def reload(self) -> None:
        """Load contracts and fixtures anew. What cannot be served leaves the old one serving."""
        try:
            gc.unfreeze()
            loaded = _Loaded(self.settings, self.ending)
            loaded.warm()
            self._loaded = loaded
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

    def __init__(self, served: Served, ending: asyncio.Event) -> None:
        self._served = served
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
            return self._served.engine.handle(_request(scope, body)).answer
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
        if self._application is not None:
            self._application.warm()
        if self._application is not None and self._application.settings.reload:
            self._watch = asyncio.create_task(_reload_on_change(self._application))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._application is not None:
            self._application.ending.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # signals are the main thread's
            return
        # uvicorn's own raises the signal again at the end, which would make the exit code 143.
        kept = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in kept.items():
                signal.signal(one, handler)


async def _reload_on_change(application: Application) -> None:
    from watchfiles import awatch

    directories: set[Path] = set()
    while directories != (directories := _directories(application)):
        async for changes in awatch(*directories):
            changed = [Path(name) for _, name in changes]
            watched = application.watched()
            if any(path == one or path in one.parents for one in changed for path in watched):
                await asyncio.to_thread(application.reload)
                if _directories(application) != directories:
                    break  # it refers to files elsewhere now


def _directories(application: Application) -> set[Path]:
    # Editors write a new file and give it the old one's name, so it is the directory that is watched.
    return {path if path.is_dir() else path.parent for path in application.watched()}


def serve(settings: Settings, announce: Callable[[str, Sequence[Served]], None]) -> None:
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
        if settings.workers > 1:
            _serve_with_workers(settings, listener, lambda: announce(url, application.served))
        else:
            config = _config(application)
            _Server(config, lambda: announce(url, application.served), application).run([listener])


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
    application = Application(settings)
    application.warm()
    return application


def _variables(settings: Settings) -> dict[str, str]:
    def text(value: object) -> str:
        if isinstance(value, tuple):
            return os.pathsep.join(value)
        return str(value).lower() if isinstance(value, bool) else str(value)

    return {VARIABLE_PREFIX + row.name.upper(): text(getattr(settings, row.name)) for row in ROWS}


class Background:
    """A server beside whatever else this process does: it takes no signals and is stopped by a call.

    Raises :class:`MockServerError` where contract or fixtures cannot be served or the port cannot be had.
    """

    def __init__(self, settings: Settings) -> None:
        application = Application(settings)
        self._ready = threading.Event()
        self._listener = _listen(settings.host, settings.port)
        self.url = _url(self._listener)
        self._server = _Server(_config(application), self._ready.set, application)

    def run(self) -> None:
        """Serve until :meth:`stop`: for a thread of its own."""
        try:
            with self._listener:
                self._server.run([self._listener])
        finally:
            self._ready.set()

    def wait_until_ready(self) -> None:
        """Return when requests are answered."""
        self._ready.wait()

    def stop(self) -> None:
        """Make :meth:`run` return; at most a second is waited for answers under way."""
        self._server.should_exit = True
