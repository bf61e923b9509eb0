"""uvicorn around the application: the port, the processes, the signals, the watch on files."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from mock_server.application import Application
from mock_server.assembly import Served
from mock_server.connection import ReachableConnection
from mock_server.errors import UsageError
from mock_server.log import log_to_stderr
from mock_server.settings import PREFIX as VARIABLE_PREFIX
from mock_server.settings import ROWS, Settings, read_settings
from mock_server.store import shared_address

DRAIN_SECONDS = 1
"""How long a stop waits for answers under way."""


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
    with shared_address(settings.store, settings.workers) as store:
        settings = replace(settings, store=store)
        with closing(Application(settings)) as application, _listen(settings.host, settings.port) as listener:
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
        http=ReachableConnection,
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
        self._application = application = Application(settings, shares_process=True)
        self._ready = threading.Event()
        try:
            self._listener = _listen(settings.host, settings.port)
        except BaseException:
            application.close()
            raise
        self.url = _url(self._listener)
        self._server = _Server(_config(application), self._ready.set, application)

    def run(self) -> None:
        """Serve until :meth:`stop`: for a thread of its own."""
        try:
            with closing(self._application), self._listener:
                self._server.run([self._listener])
        finally:
            self._ready.set()

    def wait_until_ready(self) -> bool:
        """Return when requests are answered; false where the server ended before."""
        self._ready.wait()
        return self._server.started

    def stop(self) -> None:
        """Make :meth:`run` return; at most a second is waited for answers under way."""
        self._server.should_exit = True
