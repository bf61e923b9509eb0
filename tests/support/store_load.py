"""Clients that write and read without a pause, and all that they were told: what was acknowledged, and when."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from time import monotonic
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.support.customers import ME

CUSTOMERS = "/__admin/fixtures/customers"
OLDEST = 0.2
"""Seconds that an answer may be old."""
PATIENCE = 30.0
"""Seconds that a client waits; a request that takes as long has had no answer."""


@dataclass
class Handle:
    """A record with one writer: numbers that were sent, and those that were acknowledged, with the time of that."""

    name: str
    sent: int = 0
    acknowledged: list[tuple[float, int]] = field(default_factory=list)

    def due(self, moment: float) -> int:
        """Return the number that whoever asks at a moment has to see, or a later one."""
        return max((number for at, number in [*self.acknowledged] if at <= moment - OLDEST), default=0)


@dataclass(frozen=True)
class Asked:
    """A request: when it was sent, how many seconds it took, and its status; 0 where the connection broke."""

    method: str
    at: float
    seconds: float
    status: int


class Load:
    """Two writers and two readers for each server, who read what all of them write, until the end of the ``with``."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = [*urls, *urls]
        run = uuid4().hex[:8]
        self.handles = [Handle(f"load-{run}-{place}") for place in range(len(self._urls))]
        self.asked: dict[str, list[Asked]] = {url: [] for url in urls}
        self.stale: list[str] = []
        """What was older than it may be, in words."""
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lines: list[Line] = []

    def __enter__(self) -> Load:
        shipped: Mapping[str, Any] = json.loads(self._until_well("GET", f"{CUSTOMERS}/individual"))
        for handle in self.handles:
            self._until_well("PUT", f"{CUSTOMERS}/{handle.name}", {**shipped, "handle": handle.name, "name": "0"})
        for url, handle in zip(self._urls, self.handles, strict=True):
            value = {**shipped, "handle": handle.name}
            writing, reading = Line(url, self.asked[url]), Line(url, self.asked[url])
            self._lines += [writing, reading]
            self._threads.append(threading.Thread(target=self._write, args=(writing, handle, value), daemon=True))
            self._threads.append(threading.Thread(target=self._read, args=(reading, url), daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE + 10)

    def wait(self, seconds: float) -> None:
        """Let the load go on for so long."""
        self._ended.wait(seconds)

    def wait_until_well(self) -> float:
        """Let it go on until each client was last told that all is well; return the time of that.

        Each client has a connection of its own, and so a worker: one may be well while another is not.
        """
        began = monotonic()
        while not all(line.is_well(began) for line in self._lines):
            assert monotonic() - began < PATIENCE, {url: self.statuses(url, began) for url in self._urls}
            self._ended.wait(0.05)
        return monotonic()

    def _until_well(self, method: str, path: str, body: object = None) -> bytes:
        """Ask the first server until it does so: a worker that nobody asked may find its store lost only now."""
        began = monotonic()
        while True:
            status, content = ask_once(self._urls[0], method, path, body)
            if status in (200, 201):
                return content
            assert monotonic() - began < PATIENCE, (status, content)

    def statuses(self, url: str, since: float, until: float = float("inf")) -> set[int]:
        """Return the statuses of requests to a server that were both sent and answered in between."""
        return {one.status for one in [*self.asked[url]] if since <= one.at and one.at + one.seconds < until}

    def longest(self, url: str) -> float:
        """Return the seconds that the slowest request to a server took."""
        return max(one.seconds for one in self.asked[url])

    def _write(self, line: Line, handle: Handle, value: Mapping[str, Any]) -> None:
        while not self._ended.wait(0.005):
            handle.sent += 1
            number = handle.sent
            body = {**value, "name": f"{number}"}
            if line.ask("PUT", f"{CUSTOMERS}/{handle.name}", body)[0] in (200, 201):
                handle.acknowledged.append((monotonic(), number))
        line.close()

    def _read(self, line: Line, url: str) -> None:
        turn = 0
        while not self._ended.wait(0.002):
            handle = self.handles[turn % len(self.handles)]
            turn += 1
            started = monotonic()
            status, content = line.ask("GET", ME, token=f"polar_cst_{handle.name}")
            if status == 200:
                number, due = int(json.loads(content)["name"]), handle.due(started)
                if not due <= number <= handle.sent:
                    ago = started - min(at for at, one in [*handle.acknowledged] if one > number)
                    self.stale.append(f"{handle.name}: {number}, {due} was due; older by {ago:.3f} s ({url})")
        line.close()


class Line:
    """A connection that is kept, and made anew where it breaks."""

    def __init__(self, url: str, asked: list[Asked]) -> None:
        self._address = urlsplit(url)
        self._asked = asked
        self._connection = self._made()
        self._last: Asked | None = None

    def is_well(self, since: float) -> bool:
        """Tell whether the last request was answered as it should be, and was sent after a moment."""
        last = self._last
        return last is not None and last.status == 200 and last.at >= since

    def _made(self) -> HTTPConnection:
        return HTTPConnection(self._address.hostname or "", self._address.port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, bytes]:
        """Ask; the status 0 means that the connection broke."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        started, status, content = monotonic(), 0, b""
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            content = answer.read()
            status = answer.status
        except (OSError, HTTPException):
            self._connection.close()
            self._connection = self._made()
        self._last = Asked(method, started, monotonic() - started, status)
        self._asked.append(self._last)
        return status, content

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()


def ask_once(url: str, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Ask on a connection of its own."""
    line = Line(url, [])
    try:
        return line.ask(method, path, body)
    finally:
        line.close()
