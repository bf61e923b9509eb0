"""Ways to run the server of a test: in a thread of this process, in a process of its own, or outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Protocol, TextIO, TypeAlias, TypedDict

from mock_server.core.errors import MockServerError, UsageError
from mock_server.core.text import did_you_mean
from mock_server.plugins import activate
from mock_server.settings import ROWS, Option, Settings, read_settings

Place: TypeAlias = str | os.PathLike[str]
STOP_SECONDS = 5.0
"""Seconds after which a process is killed, and a thread left to end by itself; usually either takes less than two."""


class Options(TypedDict, total=False):
    """The settings of a server as keywords: those of the command line, with underscores. ``port`` is 0 if not given.

    They are the rows of :class:`Settings` once more, in their order, because type checkers read no keywords that are
    derived; a test holds the two against each other.
    """

    contract: Place | Sequence[Place]
    host: str
    port: int
    uds: Place
    tls: bool
    tls_cert: Place
    tls_key: Place
    fixtures: Place
    overlay: Place | Sequence[Place]
    store: str
    seed_store: str
    scenario: str | Sequence[str]
    seed: int
    dynamic: bool
    state: str
    records: str
    fill: int
    stream_interval: int
    validate_requests: str
    workers: int
    hub: str
    reload: bool
    no_cors: bool
    no_fill_properties: bool
    allow_remote_refs: bool
    no_cache: bool
    no_fast_path: bool
    record_memory: int
    state_memory: int
    answer_memory: int
    max_worlds: int
    journal_size: int
    journal_memory: int
    max_head: int
    max_header_lines: int
    max_connections: int
    first_byte_timeout: int
    keep_alive_timeout: int
    head_timeout: int
    min_body_rate: int
    send_timeout: int
    stall_timeout: int
    no_webhooks: bool
    webhook: str | Sequence[str]
    webhook_secret: str
    webhook_allow: str | Sequence[str]
    max_deliveries: int
    redact_header: str | Sequence[str]
    redact_body: str | Sequence[str]
    no_redaction: bool
    admin_token: str
    allowed_host: str | Sequence[str]
    admin_origin: str | Sequence[str]
    no_plugins: bool
    strict: bool
    quiet: bool
    verbose: bool
    open: bool
    access_log: bool
    otel: bool
    log_format: str


class ServerRunner(Protocol):
    """A server that has a base URL between its start and its stop."""

    def start(self) -> str:
        """Start it; return the base URL. Raises :class:`MockServerError` where nothing can be served."""

    def stop(self) -> None:
        """Stop it; it may be called more than once."""


class ThreadServer:
    """A server in a thread of this process, on an event loop of its own. It takes no signals."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._settings = settings_of(options)
        for name, fine in (("workers", 1), ("reload", False)):
            if options.get(name) not in (None, fine):
                raise UsageError(
                    f"{name}: found {options[name]!r}; expected a server in a thread to do without."
                    " MockServer.subprocess() takes it."
                )
        self._end: Callable[[], None] = _nothing

    def start(self) -> str:
        from mock_server.server.uvicorn_server import Background  # the server takes long to import

        activate(is_enabled=not self._settings.no_plugins)
        background = Background(self._settings)
        thread = threading.Thread(target=background.run, name="mock-server", daemon=True)
        thread.start()

        def end() -> None:
            background.stop()
            thread.join(STOP_SECONDS)

        self._end = end
        if not background.wait_until_ready():
            raise MockServerError(f"{background.url}: the server ended before it was ready; the log has the reason")
        return background.url

    def stop(self) -> None:
        self._end()
        self._end = _nothing


class ProcessServer:
    """``mock-server serve`` in a process of its own. Its log goes to the standard error of this one."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        settings_of(options)
        self._arguments = _arguments({"port": 0, **options})
        self._process: subprocess.Popen[str] | None = None
        self._drains: list[threading.Thread] = []

    def start(self) -> str:
        own = {row.variable for row in ROWS} | {"PORT"}
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "mock_server", "serve", *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={name: value for name, value in os.environ.items() if name not in own},
        )
        assert self._process.stdout is not None
        match = re.search(r"https?://\S+", self._process.stdout.readline())
        if match is None:
            _, errors = self._process.communicate(timeout=STOP_SECONDS)
            raise MockServerError(errors.strip().removeprefix("mock-server: ") or "the server ended without a word")
        # A full pipe would block the process.
        pipes = ((self._process.stdout, None), (self._process.stderr, sys.stderr))
        self._drains = [threading.Thread(target=_drain, args=pipe, daemon=True) for pipe in pipes]
        for drain in self._drains:
            drain.start()
        return match.group()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for drain in self._drains:
            drain.join(STOP_SECONDS)


class ExternalServer:
    """A server that is started and stopped elsewhere; one that is ``known`` to answer is not checked."""

    def __init__(self, url: str, *, known: bool = False) -> None:
        self._url = url.rstrip("/")
        self._known = known

    def start(self) -> str:
        from mock_server.server.healthcheck import ask

        trouble = "" if self._known else ask(self._url)
        if trouble:
            raise UsageError(f"{self._url}: {trouble}")
        return self._url

    def stop(self) -> None:
        """Do nothing: the server keeps running."""


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Return the settings from keywords alone: no variable of the environment can change a test.

    Raises :class:`TypeError` for a keyword that is not a setting, :class:`UsageError` for an invalid value.
    """
    rows = {row.name: row for row in ROWS}
    for name in options:
        if name not in rows:
            raise TypeError(f"MockServer: there is no setting {name!r}{did_you_mean(name, rows)}")
    flags = {"port": "0", **{name: _flag(rows[name], value) for name, value in options.items() if value is not None}}
    return read_settings(flags, {})


def _flag(row: Option, value: object) -> str | bool | tuple[str, ...]:
    """Return a value as the settings read it: a text, a switch, several texts; raises :class:`UsageError`."""
    if isinstance(row.default, tuple):
        several = [value] if isinstance(value, (str, os.PathLike)) else value
        if not isinstance(several, Sequence):
            raise UsageError(f"{row.name}: found {value!r}; expected a path, or several")
        return tuple(os.fspath(path) for path in several)
    if row.is_switch:
        if not isinstance(value, bool):
            raise UsageError(f"{row.name}: found {value!r}; expected True or False")
        return value
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _arguments(options: Mapping[str, Any]) -> list[str]:
    arguments: list[str] = []
    contracts: list[str] = []
    for row in ROWS:
        value = options.get(row.name)
        if value is None:
            continue
        flag = _flag(row, value)
        several = flag if isinstance(flag, tuple) else (flag,)
        if row.name == "contract":
            contracts += [str(item) for item in several]
        elif row.is_switch:
            arguments += [row.flag] * (flag is True)
        else:
            arguments += [f"{row.flag}={item}" for item in several]
    return [*arguments, "--", *contracts]


def _drain(source: IO[str], target: TextIO | None) -> None:
    """Copy lines to a target, or only read them where there is none."""
    with source:
        for line in source:
            if target is not None:
                target.write(line)


def _nothing() -> None:
    """Do nothing: there is no server to stop."""
