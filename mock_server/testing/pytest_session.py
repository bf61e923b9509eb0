"""One server for a test session, in any number of processes, and the coverage of its tests.

The process that began the session (the controller, under pytest-xdist) starts the server at its first use. Other
processes ask it for the URL, at an address that they were given: each connection gets one line of JSON, ``{"url":
...}`` or ``{"error": ...}``.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from mock_server.core.errors import ControlError, MockServerError, UsageError
from mock_server.testing.mock_server import MockServer

_START_SECONDS = 120.0
"""Seconds that another process waits for the server to start."""
_SHOWN = 20
"""Most operations that a summary names."""


class Session:
    """The server of a session. ``meeting`` is the address of the process that has it, None for this process.

    ``options`` holds settings of the server, and ``url``, ``admin_token`` and ``fail_under``; empty ones are as good
    as absent. Raises :class:`UsageError` for one that does not fit.
    """

    def __init__(self, meeting: tuple[str, int] | None, options: Mapping[str, Any]) -> None:
        settings = {name: value for name, value in options.items() if value not in (None, "", [])}
        self.identity: str = uuid4().hex
        """A text that identifies this process of this session."""
        self.least: float | None = _percent(settings.pop("fail_under", None))
        """The percentage of operations that has to be covered, None where no flag asks for one."""
        self._meeting = meeting
        self._url = settings.pop("url", "")
        self._admin_token = settings.pop("admin_token", "")
        self._handle = MockServer.at(self._url, admin_token=self._admin_token) if self._url else MockServer(**settings)
        self._started = False
        self._failed = ""
        self._before: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None

    def server(self) -> MockServer:
        """Return the server, started if it is not. Raises :class:`MockServerError` where it cannot serve."""
        with self._lock:
            if self._failed:
                raise MockServerError(self._failed)
            if not self._started:
                try:
                    if self._meeting and not self._url:
                        self._handle = MockServer.at(_asked(self._meeting), known=True)
                    self._handle.start()
                except Exception as error:
                    self._failed = str(error)
                    raise
                self._started = True
            return self._handle

    def invite(self) -> tuple[str, int]:
        """Return the address at which other processes can ask for the server; it answers from now on."""
        with self._lock:
            if self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
                threading.Thread(
                    target=self._answer, args=(self._listener,), name="mock-server-meeting", daemon=True
                ).start()
            host, port = self._listener.getsockname()
        return host, port

    def _answer(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed
            with connection:
                try:
                    reply = {"url": self.server().url}
                except MockServerError as error:
                    reply = {"error": str(error)}
                except Exception as error:  # who asked must not wait for a thread that has ended
                    reply = {"error": f"the server did not start: {error!r}"}
                try:
                    connection.sendall(json.dumps(reply).encode() + b"\n")
                except OSError:
                    continue  # the other process is gone

    def begin(self) -> None:
        """Note what earlier clients of a running server have covered.

        A process that gets the server from another does not call this. Raises :class:`MockServerError` where there is
        no such server.
        """
        if self._url and self.least is not None:
            self._before = self._exercised()

    def finish(self) -> None:
        """Note what was covered, in all worlds. A process that gets the server from another does not call this."""
        if self._started and self.least is not None:
            try:
                self._counts = {key: count - self._before.get(key, 0) for key, count in self._exercised().items()}
            except MockServerError as error:
                self._failed = str(error)

    def _exercised(self) -> dict[str, int]:
        operations = self.server().coverage(all_worlds=True)["operations"]
        return {str(operation["operation"]): int(operation["count"]) for operation in operations}

    def falls_short(self) -> bool:
        """Tell whether fewer of the operations were covered than required."""
        done = len(self._counts) - len(self._missing)
        return self.least is not None and 100 * done < self.least * max(len(self._counts), 1)

    @property
    def _missing(self) -> list[str]:
        return [key for key, count in self._counts.items() if count <= 0]

    def told(self) -> list[str]:
        """Return the lines of the coverage report."""
        total, missing = len(self._counts), self._missing
        if self._failed:
            return [f"what was exercised is not known: {self._failed}"]
        if not total:
            return [f"no test sent a request to the mock server; expected {self.least:g} % of the operations"]
        done = total - len(missing)
        lines = [f"{done} of {total} operations exercised: {100 * done / total:.1f} %, expected {self.least:g} %"]
        if self.falls_short():
            lines += [f"  not: {key}" for key in missing[:_SHOWN]]
            lines += [f"  and {len(missing) - _SHOWN} more"] * (len(missing) > _SHOWN)
        return lines

    def close(self) -> None:
        """Stop what this process started."""
        if self._listener is not None:
            # A thread within accept is not woken by a close alone.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        if self._started:
            self._handle.stop()


def _asked(meeting: tuple[str, int]) -> str:
    try:
        with socket.create_connection((meeting[0], meeting[1]), timeout=_START_SECONDS) as connection:
            line = connection.makefile("r", encoding="utf-8").readline()
    except OSError as error:
        raise ControlError(f"the process that started this one has no server ({error}); expected its URL") from None
    reply = json.loads(line) if line else {"error": "the process that started this one ended; expected its URL"}
    if "error" in reply:
        raise MockServerError(reply["error"])
    return str(reply["url"])


def _percent(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise UsageError(f"--mock-fail-under: found {text!r}; expected a percentage from 0 to 100")
    return percent
