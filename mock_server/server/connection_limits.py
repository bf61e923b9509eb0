"""What bounds connections: how long each may take over a request, and how many there are.

Time is counted in looks at all connections, twice a second, and a second at most from one look to the next: while the
event loop is held up nobody is read from, and nobody is to blame for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from heapq import nsmallest
from time import monotonic
from typing import Protocol

from mock_server.http.asgi import Receive, Scope, Send, send_answer
from mock_server.http.messages import Response
from mock_server.http.problem_details import problem_response
from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.settings import Settings

RESTING, HEAD, BODY, NEW, CLOSING = range(5)
"""The stages of a connection: nothing is to come before the next request (false, so that it is quickly told), a head or
a body is under way, no byte has come yet, nothing more is read."""
BODY_WINDOW = 10
"""Seconds over which the rate of a body is measured."""
CONTROL_ROOM = 32
"""Connections beyond the most that wait for what they ask: control is answered."""
LINGER = 2
"""Seconds in which a client may read why its connection ends; to close it at once would have the answer taken back
where more of the request is on its way (RFC 9112, 9.6)."""
_BATCH = 256
"""Connections that are chosen at once to make room, since to choose is to look at all."""
_CHOICE_SECONDS = 0.05
"""How soon after a choice of few another one is worth a look at all."""
RETRY = (("Retry-After", "1"), ("Connection", "close"))


class Connection(Protocol):
    """What is asked of a connection; see :class:`mock_server.server.uvicorn_protocol.ReachableConnection`."""

    stage: int
    since: float
    received: int
    unsent: int
    """Bytes that the last look saw waiting for the client to take them."""
    taken_at: float
    """When the client took some of them last, or they began to wait."""

    @property
    def waiting(self) -> int:
        """Bytes of answers that wait for the client to take them."""

    @property
    def idle_until(self) -> float | None:
        """When it ends if nothing more is asked; None while something is."""

    @property
    def is_held(self) -> bool:
        """Whether this side keeps it from being read, an answer is to go out yet, or it closes already."""

    def refuse(self, answer: Response) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def answer_only(self, wrap: Callable[[App], App]) -> None: ...


class App(Protocol):
    """An ASGI application."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]: ...


class ConnectionLimits:
    """The bounds of one server's connections. ``is_control`` says of a path whether it is one of control.

    ``now`` is the time in seconds as connections are told of it, ``most`` how many of them there may be, ``most_bytes``
    and ``most_lines`` what a head may have.
    """

    def __init__(self, settings: Settings, request_metrics: RequestMetrics, is_control: Callable[[str], bool]) -> None:
        self.now = 0.0
        self.most = settings.max_connections
        self.most_bytes = settings.max_head * 1024
        self.most_lines = settings.max_header_lines
        self._settings = settings
        self._request_metrics = request_metrics
        self._is_control = is_control
        self._looked = monotonic()
        self._chosen: list[tuple[Connection, int, float]] = []
        self._chose = 0.0
        self._is_scarce = False

    def look(self, connections: Collection[Connection]) -> None:
        """End what takes too long; to be called every half second or so."""
        now = monotonic()
        self.now += min(now - self._looked, 1.0)
        self._looked = now
        for connection in [*connections]:
            waiting = connection.waiting
            if waiting or connection.unsent:
                self._look_at_unsent(connection, waiting)
            if connection.stage == RESTING:
                until = connection.idle_until
                if until is not None and until <= self.now:
                    self._request_metrics.bounds["keep_alive_timeout"] += 1
                    connection.close()
            else:
                self._look_at(connection, self.now - connection.since)

    def _look_at_unsent(self, connection: Connection, waiting: int) -> None:
        """Leave a client that takes nothing: what it is to read stays in memory, and what makes it waits."""
        timeout = self._settings.send_timeout
        if not connection.unsent or waiting < connection.unsent:
            connection.taken_at = self.now
        elif 0 < timeout <= self.now - connection.taken_at:
            self._request_metrics.bounds["send_timeout"] += 1
            connection.abort()
            waiting = 0
        connection.unsent = waiting

    def _look_at(self, connection: Connection, waited: float) -> None:
        settings = self._settings
        if connection.stage == NEW:
            if 0 < settings.first_byte_timeout <= waited:
                self._request_metrics.bounds["first_byte_timeout"] += 1
                connection.close()
        elif connection.stage == HEAD:
            if 0 < settings.head_timeout <= waited:
                self._request_metrics.bounds["head_timeout"] += 1
                actual = f"Found part of a head after {waited:.0f} s"
                connection.refuse(_timeout(f"{actual}; expected the whole within {settings.head_timeout} s."))
        elif connection.stage == BODY:
            self._look_at_body(connection, waited)
        elif waited >= LINGER and not connection.is_held:
            connection.close()

    def _look_at_body(self, connection: Connection, waited: float) -> None:
        rate = self._settings.min_body_rate
        if connection.is_held:
            connection.since, connection.received = self.now, 1
        elif waited >= BODY_WINDOW:
            if connection.received < rate * waited:
                self._request_metrics.bounds["min_body_rate"] += 1
                actual = f"Found {connection.received / waited:,.0f} bytes of the body a second over {waited:.0f} s"
                connection.refuse(_timeout(f"{actual}; expected at least {rate:,}."))
            connection.since, connection.received = self.now, 1

    def too_large(self, name: str, actual: str) -> Response:
        """Return the answer to a head that is more than the setting of that name allows."""
        self._request_metrics.bounds[name] += 1
        most = f"{self._settings.max_head} KB" if name == "max_head" else f"{self.most_lines} header lines"
        detail = f"Found {actual}; expected {most} at most. Send less, or start the server with another --{name}."
        return problem_response("large-head", 431, detail.replace("_", "-"), headers=RETRY[1:])

    def make_room(self, newcomer: Connection, connections: Collection[Connection]) -> None:
        """See to a connection beyond the most there may be.

        Another that nobody needs now is closed for it. Where there is none, it is asked what it wants.
        """
        self._request_metrics.bounds["max_connections"] += 1
        other = self._dispensable(newcomer, connections)
        if other is not None:
            if other.stage in (HEAD, BODY):
                other.refuse(self._full())
            other.close()
        elif len(connections) > self.most + CONTROL_ROOM:
            newcomer.refuse(self._full())
            newcomer.close()
        else:
            newcomer.answer_only(lambda app: _Overflow(app, self._is_control, self._full(), connections, self.most))

    def _full(self) -> Response:
        detail = (
            f"Found {self.most:,} connections; expected fewer. Close some, or start the server with --max-connections."
        )
        return problem_response("connections", 503, detail, headers=RETRY)

    def _dispensable(self, newcomer: Connection, connections: Collection[Connection]) -> Connection | None:
        """Return the connection that can best be spared, or None.

        A batch of them is chosen at once, and each looked at again when its turn comes.
        """
        for is_anew in (False, True):
            if is_anew:
                self._choose(newcomer, connections)
            while self._chosen:
                connection, stage, since = self._chosen.pop()
                is_as_it_was = (connection.stage, connection.since) == (stage, since)
                is_free = stage != RESTING or connection.idle_until is not None
                if connection is not newcomer and is_as_it_was and is_free:
                    return connection
            if self._is_scarce and monotonic() - self._chose < _CHOICE_SECONDS:
                break
        return None

    def _choose(self, newcomer: Connection, connections: Collection[Connection]) -> None:
        ranked = [
            (rank, connection)
            for connection in connections
            if connection is not newcomer and (rank := self._rank(connection)) is not None
        ]
        chosen = nsmallest(_BATCH, ranked, key=lambda pair: pair[0])
        self._chosen = [(connection, connection.stage, connection.since) for _, connection in reversed(chosen)]
        self._is_scarce = len(chosen) < min(_BATCH, len(connections) // 8)
        self._chose = monotonic()

    def _rank(self, connection: Connection) -> tuple[int, float] | None:
        """Return a place in the order of those that can be spared, the first the least; None for one that cannot.

        Those that end anyway go first, then those that have said nothing, then those that have not said all, then
        those that wait for the next request; those that have waited longest before others.
        """
        stage = connection.stage
        if stage == RESTING:
            until = connection.idle_until
            return None if until is None else (3, until)
        if connection.is_held:
            return None
        if stage == BODY:
            waited = self.now - connection.since
            is_slow = waited >= 1 and connection.received < self._settings.min_body_rate * waited
            return (4, connection.since) if is_slow else None
        return (CLOSING, NEW, HEAD).index(stage), connection.since


def _timeout(detail: str) -> Response:
    return problem_response("timeout", 408, detail, headers=RETRY[1:])


class _Overflow:
    """An application whose control answers, and whose contract does as soon as there is room."""

    def __init__(
        self,
        app: App,
        is_control: Callable[[str], bool],
        full: Response,
        connections: Collection[Connection],
        most: int,
    ) -> None:
        self._app = app
        self._is_control = is_control
        self._full = full
        self._connections = connections
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(self._connections) <= self._most or self._is_control(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await send_answer(self._full, send)
