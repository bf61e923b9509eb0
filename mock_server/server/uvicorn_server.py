"""uvicorn with the application: the port, the processes, the signals, the watch on files."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, TypeAlias, cast

import uvicorn

from mock_server.core.errors import UsageError
from mock_server.core.logging import log_to_stderr
from mock_server.hub.temporary import temporary_hub
from mock_server.mocking.mounts import ApiMount, build_mounts
from mock_server.plugins import activate
from mock_server.server.application import Application
from mock_server.server.connection_capacity import backlog, most_connections, raise_file_limit
from mock_server.server.connection_limits import ConnectionLimits
from mock_server.server.hangup import HangupHandler
from mock_server.server.listeners import ServerAddress, open_listeners
from mock_server.server.observability.middleware import Observer, ObserverMiddleware
from mock_server.server.observers import build_observers, check_observers
from mock_server.server.settings_extras import check_settings_extras
from mock_server.server.shutdown_guard import tell_guard, tell_guard_of_end
from mock_server.server.stall_watchdog import StallWatchdog
from mock_server.server.tls import ServerCertificate
from mock_server.server.uvicorn_protocol import ReachableConnection
from mock_server.server.workers import OnReady, Workers, parent_is_gone
from mock_server.settings import Settings
from mock_server.storage import open_stores, temporary_database

if TYPE_CHECKING:
    from mock_server.server.observability.request_lines import LineForm

log = logging.getLogger("mock_server")

Announce: TypeAlias = Callable[[ServerAddress, Sequence[ApiMount]], None]
"""Says where a server is reached and what it serves."""
DRAIN_SECONDS = 1
"""Seconds that a stop waits for answers under way."""
FIRST_ANSWERS = 0.1
"""Seconds after the ready line in which nothing but requests is worked on: who waited for the server asks now."""

TICKS_A_LOOK = 5
"""Ticks (a tenth of a second each) from one look at all connections to the next."""
TICKS_A_BEAT = 5
"""Ticks from one sign of life of a worker to the next."""


class _Server(uvicorn.Server):
    """uvicorn, with a callback when it is ready, a watch on files, and exit code 0 after a signal."""

    def __init__(
        self,
        application: Application,
        watchers: Sequence[Observer],
        on_ready: Callable[[], None],
        *,
        certificate: ServerCertificate | None = None,
        is_worker: bool = False,
        beat: Callable[[], None] | None = None,
    ) -> None:
        self._limits = ConnectionLimits(application.settings, application.request_metrics, application.is_control)
        config = uvicorn.Config(
            ObserverMiddleware(application, watchers) if watchers else application,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http=cast("type[asyncio.Protocol]", partial(ReachableConnection, self._limits)),
            backlog=backlog(),
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            timeout_keep_alive=application.settings.keep_alive_timeout or sys.maxsize,
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
        super().__init__(config)
        self._on_ready = on_ready
        self._application = application
        self._watchers = watchers
        self._is_worker = is_worker
        self._beat = beat
        self._hang_ups = HangupHandler()
        self._is_reload_asked = False
        self._reload: asyncio.Task[None] | None = None
        self._stall: StallWatchdog | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._is_worker:
            self._application.warm()  # before clients wait for this one of several processes
        await super().startup(sockets)
        self._application.dispatcher.start(asyncio.get_running_loop())
        self._on_ready()
        if not self._is_worker:
            self._application.warm_api()
        asyncio.get_running_loop().call_later(FIRST_ANSWERS, self._prepare)
        self._watch_for_stalls()
        if self._application.settings.reload:
            self._watch = asyncio.create_task(_reload_on_change(self._application))

    def _prepare(self) -> None:
        """Build what was left for after the first answers: the admin API, then, in a thread, what most answers need.

        The one is done before the other begins: where two threads import the same libraries, one of them may see a
        half-imported module.
        """
        self._application.warm_control()
        if not self._application.ending.is_set():
            self._application.prepare()

    def _watch_for_stalls(self) -> None:
        application = self._application
        if threading.current_thread() is threading.main_thread():
            tell_guard()
        if application.settings.stall_timeout:
            self._stall = StallWatchdog(
                application.settings.stall_timeout,
                application.request_metrics,
                shares_process=application.shares_process,
            )

    async def on_tick(self, counter: int) -> bool:
        if self._is_worker and parent_is_gone():
            self.should_exit = True
        if self._is_reload_asked and (self._reload is None or self._reload.done()):
            self._is_reload_asked = False
            self._reload = asyncio.create_task(asyncio.to_thread(self._application.reload))
        if self._stall is not None:
            self._stall.turn()
        if self._beat is not None and counter % TICKS_A_BEAT == 0:
            self._beat()
        if counter % TICKS_A_LOOK == 0:
            self._limits.look(cast("set[ReachableConnection]", self.server_state.connections))
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tell_guard_of_end()
        self._application.ending.set()
        if self._stall is not None:
            self._stall.stop()
        delivered = asyncio.create_task(self._application.dispatcher.stop())
        await super().shutdown(sockets)
        await delivered
        for watcher in self._watchers:
            watcher.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # signals are the main thread's
            return
        # uvicorn's own raises the signal again at the end, which would make the exit code 143.
        handlers = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        unheard = self._hang_ups.handle(self._hung_up)
        try:
            yield
        finally:
            unheard()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _hung_up(self) -> None:
        """Load anew, or end with the terminal that the server was started from."""
        if self._hang_ups.is_terminal_gone:
            self.should_exit = True
        else:
            self._is_reload_asked = True


async def _reload_on_change(application: Application) -> None:
    from watchfiles import awatch

    directories: set[Path] = set()
    while directories != (directories := _directories(application)):
        async for changes in awatch(*directories):
            changed = [Path(name) for _, name in changes]
            watched = application.watched()
            if any(
                path == changed_path or path in changed_path.parents for changed_path in changed for path in watched
            ):
                await asyncio.to_thread(application.reload)
                if _directories(application) != directories:
                    break  # the contract refers to files in other directories now


def _directories(application: Application) -> set[Path]:
    # Editors write a new file and give it the old one's name, so it is the directory that is watched.
    return {path if path.is_dir() else path.parent for path in application.watched()}


def serve(
    settings: Settings,
    announce: Announce,
    lines: LineForm | None = None,
    loading: AbstractContextManager[object] | None = None,
) -> None:
    """Serve until a signal ends it. ``announce`` is called with the address once requests are answered.

    With ``lines``, standard output has a line for each request; ``loading`` is around the load of contracts. Raises
    :class:`MockServerError` where contract or fixtures cannot be served or the port is not available.
    """
    announce = partial(_announce_with_warning, settings, announce)
    raise_file_limit(settings.max_connections)
    settings = _within_files(settings)
    check_settings_extras(settings)
    if settings.workers > 1:
        _serve_with_workers(settings, announce, lines, loading)
        return
    with loading or contextlib.nullcontext():
        application = Application(settings)
    with closing(application):
        watchers = build_observers(application, lines)
        with open_listeners(settings) as listeners:
            ready = partial(announce, listeners.address, application.served)
            _Server(application, watchers, ready, certificate=listeners.certificate).run([*listeners.sockets])


def _announce_with_warning(
    settings: Settings,
    announce: Announce,
    address: ServerAddress,
    served: Sequence[ApiMount],
) -> None:
    """Say that requests are answered, and where replicas will differ."""
    announce(address, served)
    if settings.hub != "memory" and settings.store == "memory":
        log.warning(
            "--hub: found --store memory; expected one that all replicas share, such as postgresql://USER@HOST/DATABASE."
            " A record that is changed is changed at one of them alone"
        )


def _within_files(settings: Settings) -> Settings:
    return replace(settings, max_connections=most_connections(settings.max_connections))


def _serve_with_workers(
    settings: Settings,
    announce: Announce,
    lines: LineForm | None,
    loading: AbstractContextManager[object] | None,
) -> None:
    if settings.reload:
        raise UsageError(f"--reload: found --workers {settings.workers} too; expected one process. Leave one out.")
    if find_spec("fcntl") is None:
        raise UsageError(
            f"--workers: found {settings.workers} on a system without locks of files (fcntl), such as Windows; expected"
            f" one process, since that is how several act as one. Leave it out."
        )
    check_observers(settings)
    with temporary_hub(settings.hub) as hub, temporary_database(settings.store) as store:
        settings = replace(settings, store=store, hub=hub)
        # Read, seeded and closed again: a connection must not be shared with forked processes.
        with closing(open_stores(store, settings.max_worlds)) as stores, loading or contextlib.nullcontext():
            served = build_mounts(settings, stores)
        for name in _NEEDED_BY_WORKERS:
            import_module(name)
        with open_listeners(settings) as listeners:
            # The fixtures are loaded: once, whatever the number of workers.
            work = partial(_work, replace(settings, seed_store="never"), token_hex(8), lines, listeners.certificate)
            ready = partial(announce, listeners.address, served)
            Workers(work, listeners.sockets, settings.stall_timeout).run(ready)


_NEEDED_BY_WORKERS = (
    "mock_server.mocking.engine",
    "mock_server.openapi.validation.validator",
    "mock_server.admin.app",
)
"""Modules that answer requests and are not imported yet: workers, as copies of this process, have them already."""


def _work(
    settings: Settings,
    name: str,
    lines: LineForm | None,
    certificate: ServerCertificate | None,
    listener: socket.socket,
    ready: OnReady,
) -> None:
    """Run one worker. Each has a validator of its own; all of them share records, worlds and journals."""
    log_to_stderr(settings.log_format)
    activate(is_enabled=not settings.no_plugins)  # where this process is no copy of the one that started it
    with closing(Application(settings, server=name)) as application:
        watchers = build_observers(application, lines)
        server = _Server(application, watchers, ready, certificate=certificate, is_worker=True, beat=ready.beat)
        server.run([listener])


class Background:
    """A server in the background of this process: it takes no signals and is stopped by a call.

    Raises :class:`MockServerError` where contract or fixtures cannot be served or the port is not available.
    """

    def __init__(self, settings: Settings) -> None:
        self._application = application = Application(_within_files(settings), shares_process=True)
        self._ready = threading.Event()
        try:
            application.warm()
            watchers = build_observers(application)
            self._opened = ExitStack()
            self._listeners = self._opened.enter_context(open_listeners(settings))
        except BaseException:
            application.close()
            raise
        self.url = self._listeners.address.url
        self._server = _Server(application, watchers, self._ready.set, certificate=self._listeners.certificate)

    def run(self) -> None:
        """Serve until :meth:`stop`; this is for a thread of its own."""
        try:
            with closing(self._application), self._opened:
                self._server.run([*self._listeners.sockets])
        finally:
            self._ready.set()

    def wait_until_ready(self) -> bool:
        """Wait until requests are answered; return False where the server ended before."""
        self._ready.wait()
        return self._server.started

    def stop(self) -> None:
        """Make :meth:`run` return; it waits at most a second for answers under way."""
        self._server.should_exit = True
