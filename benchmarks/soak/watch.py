"""What is looked at while the clients are at work: memory, health, and how long a remembered answer takes."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.servers import Server

ASKED = 400
"""Remembered answers of a quiet look."""


@dataclass(frozen=True)
class Timing:
    """A request: seconds since the start, milliseconds that it took, and those that went by for want of a core."""

    at: float
    took: float
    held_up: float = 0.0

    @property
    def own(self) -> float:
        """Milliseconds that it took by the server's own doing."""
        return max(0.0, self.took - self.held_up)


@dataclass
class Samples:
    """All that was looked at, in the order in which it was."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start, MB (10⁶ bytes) of resident memory."""
    health: list[Timing] = field(default_factory=list)
    loaded: list[Timing] = field(default_factory=list)
    """Remembered answers while clients are at work."""
    quiet: list[Timing] = field(default_factory=list)
    """The 99th percentile of as many as :data:`ASKED` remembered answers while the clients rest."""


class Watch:
    """Looks at a server, in threads, from the call of :meth:`begin` to that of :meth:`end`."""

    def __init__(self, server: Server) -> None:
        self.samples = Samples()
        self._server = server
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._every, args=(seconds, look), daemon=True)
            for seconds, look in ((1.0, self._memory), (0.25, self._health), (0.1, self._loaded))
        ]
        self._health_connection = _connection(server.url)
        self._connection = _connection(server.url)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def begin(self) -> None:
        """Begin to look."""
        for thread in self._threads:
            thread.start()

    def end(self) -> Samples:
        """Stop looking; what was seen."""
        self._ended.set()
        for thread in self._threads:
            thread.join(30)
        return self.samples

    def look_quietly(self) -> None:
        """Ask for remembered answers back to back; the clients have to rest."""
        connection = _connection(self._server.url)
        took = [self._asked(connection, "/me").own for _ in range(ASKED)]
        connection.close()
        self.samples.quiet.append(Timing(self.elapsed, statistics.quantiles(took, n=100)[-1]))

    def _every(self, seconds: float, look: Callable[[], None]) -> None:
        while not self._ended.wait(seconds):
            look()

    def _memory(self) -> None:
        self.samples.memory.append((self.elapsed, self._server.memory()))

    def _health(self) -> None:
        self.samples.health.append(self._asked(self._health_connection, "/__admin/health"))

    def _loaded(self) -> None:
        self.samples.loaded.append(self._asked(self._connection, "/me"))

    def _asked(self, connection: HTTPConnection, target: str) -> Timing:
        """Ask, and tell how long it took until the answer was there, or was given up."""
        at, waited, started = self.elapsed, self._waited(), time.perf_counter()
        try:
            connection.request("GET", target, headers={"Authorization": "Bearer cst_ada"})
            connection.getresponse().read()
        except OSError:
            connection.close()
        return Timing(at, (time.perf_counter() - started) * 1000, self._waited().since(waited))

    def _waited(self) -> _Waits:
        """Return how long the threads of the server and this one were ready and had no core until now."""
        process = Path(f"/proc/{self._server.process.pid}")
        try:
            names = os.listdir(process / "task")
        except OSError:
            names = []
        threads = {name: _queued(process / "task" / name / "schedstat") for name in names}
        loop = threads.pop(process.name, 0.0)
        return _Waits(loop, threads, _queued(Path("/proc/thread-self/schedstat")))


@dataclass(frozen=True)
class _Waits:
    """Milliseconds for want of a core: of the server's event loop, of its other threads by name, and of the asker."""

    loop: float
    others: dict[str, float]
    asker: float

    def since(self, former: _Waits) -> float:
        """Return what an answer may have waited.

        Of the other threads one counts, since one at a time has Python's lock, which the event loop waits for.
        """
        others = max((now - former.others.get(name, 0.0) for name, now in self.others.items()), default=0.0)
        return self.loop - former.loop + others + self.asker - former.asker


def _queued(file: Path) -> float:
    """Return the milliseconds of a thread in the run queue (sched-stats.rst of Linux); 0 where nobody counts them."""
    try:
        return int(file.read_text(encoding="ascii").split()[1]) / 1e6
    except (OSError, IndexError):
        return 0.0


def _connection(url: str) -> HTTPConnection:
    address = urlsplit(url)
    return HTTPConnection(address.hostname or "", address.port, timeout=30)


def thirds(samples: Sequence[tuple[float, float]], begin: float) -> list[float]:
    """Return the medians of the first, second and last third, by time, of what was seen after ``begin`` seconds."""
    seen = [(at, value) for at, value in samples if at >= begin]
    if not seen:
        return []
    width = (seen[-1][0] - begin) / 3 or 1.0
    parts: list[list[float]] = [[], [], []]
    for at, value in seen:
        parts[min(2, int((at - begin) / width))].append(value)
    return [statistics.median(part) for part in parts if part]
