"""uvicorn's HTTP/1.1 within bounds, whose scopes know their connection: a scenario may close it, a stream has to.

How far a request has come is the ``stage`` of its connection. What bounds it (:class:`ConnectionLimits`) is looked at
where a part came that is not the whole, and twice a second for all connections; a request that comes in one piece, as
nearly all do, pays for a few comparisons.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from mock_server.http.asgi import CONNECTION, response_start
from mock_server.http.messages import Response
from mock_server.server.connection_limits import BODY, CLOSING, HEAD, NEW, RESTING, App, ConnectionLimits

log = logging.getLogger("uvicorn.error")

SLICE = 16 * 1024
"""Bytes that are parsed before a look at what came of them."""
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)(.*)", re.DOTALL)
"""A request target in absolute form: its authority, and its path and query (RFC 9112, 3.2.2)."""
_MALFORMED = "Invalid HTTP request received."


class _RefusedRequestError(Exception):
    """The parser is not to go on."""


class ReachableConnection(HttpToolsProtocol):
    """A connection whose scopes have its transport among their extensions.

    ``unframe`` has the body of the answer that is about to begin go without chunks, until the connection ends: clients
    of HTTP/1.0 know no others of unknown length, and uvicorn sends them chunks all the same (RFC 9112, 6.1).

    ``since`` is when the stage began (:attr:`ConnectionLimits.now`; of a body, when the window did in which its rate is
    measured). ``received`` is how many bytes came since, without the part in which it began, which may hold the end of
    something else: 0 as long as no part was left over, 1 after the first.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._most_lines = limits.most_lines
        self._slice = min(SLICE, limits.most_bytes)  # what comes in one part is within the bounds
        self.stage = NEW
        self.since = limits.now
        self.received = 0
        self.unsent = 0
        self.taken_at = 0.0
        self._idle_since = limits.now
        self._beside = 0
        """Bytes of the request that came after its head and since the last ones of its body."""
        self._begun: RequestResponseCycle | None = None
        """What answers, where a request stands behind the one that it answers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # What the scopes of all requests of the connection have alike (ASGI 3, "HTTP Connection Scope").
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "extensions": {CONNECTION: {"transport": transport, "unframe": self._unframe}},
        }
        if len(self.connections) > self._limits.most:
            self._limits.make_room(self, cast("set[ReachableConnection]", self.connections))

    def data_received(self, data: bytes) -> None:
        if len(data) > self._slice:
            view = memoryview(data)
            for begin in range(0, len(data), self._slice):
                self.data_received(cast("bytes", view[begin : begin + self._slice]))
            return
        if self.stage == CLOSING:
            return  # whatever else comes is not read
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if self.stage != CLOSING:
                log.warning(_MALFORMED)
                self.refuse(Response(400, (("Content-Type", "text/plain; charset=utf-8"),), _MALFORMED.encode()))
        except httptools.HttpParserUpgrade:
            self._unsupported_upgrade_warning()
        if self.stage:
            self._note_part(len(data))

    def _note_part(self, size: int) -> None:
        """Note that a request is not here whole, and that so many bytes of it have come."""
        if self.stage not in (HEAD, BODY):
            return
        if self.received:
            self.received += size
            self._beside += size
        else:
            self.received = 1
            self._beside = 0
            self.since = self._limits.now
        self._check_head(self.received if self.stage == HEAD else self._beside)

    def _check_head(self, size: int) -> None:
        """Refuse a head, or what stands for one after a body, of more bytes or lines than it may have."""
        if len(self.headers) > self._most_lines:
            self.refuse(self._limits.too_large("max_header_lines", f"{len(self.headers)} header lines or more"))
        elif size > self._limits.most_bytes:
            self.refuse(self._limits.too_large("max_head", f"a head of {size // 1024} KB or more"))

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self.scope = cast("Any", {**self._scope, "headers": self.headers})
        self.stage = HEAD
        self.received = 0

    def on_headers_complete(self) -> None:
        if self.received or len(self.headers) > self._most_lines:  # a head of one part is not too long
            self._check_head(sum(len(name) + len(value) + 4 for name, value in self.headers) + len(self.url))
            if self.stage == CLOSING:
                raise _RefusedRequestError
        if self.url[:1] != b"/":
            self._take_authority()
        former = self.cycle
        super().on_headers_complete()
        if self.pipeline and self._begun is None:
            self._begun = former
        self.stage = BODY
        self.received = 0
        self.headers = []  # trailers are no part of what the scope says

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.stage = RESTING
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Go on with the next request. That none comes for long is seen when all connections are looked at.

        uvicorn sets a timer after each answer, and takes it back at the next request.
        """
        self.server_state.total_requests += 1
        self._idle_since = self._limits.now
        if self.transport.is_closing():
            self._begun = None
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._begun, app = self.pipeline.pop()
            self._start_asgi_task(self._begun, app)
        else:
            self._begun = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell what answers, and not only the last request: others wait behind it where clients do not wait."""
        if self._begun is not None:
            self._begun.disconnected = True
            self._begun.message_event.set()
            self.pipeline.clear()
        super().connection_lost(exc)

    def _take_authority(self) -> None:
        """Let the authority of a target in absolute form be the host, whatever ``Host`` says (RFC 9112, 3.2.2)."""
        target = _ABSOLUTE.fullmatch(self.url)
        if target is None:
            return  # OPTIONS *, CONNECT
        authority, rest = target.groups()
        self.url = rest if rest.startswith(b"/") else b"/" + rest
        self.headers[:] = [(name, authority if name == b"host" else value) for name, value in self.headers]

    @property
    def waiting(self) -> int:
        """Bytes that were written and that the system has not taken, since the client reads none."""
        return self.transport.get_write_buffer_size()

    @property
    def is_held(self) -> bool:
        """Whether this side keeps it from being read, an answer is to go out before it closes, or it closes already."""
        is_closing = self.transport.is_closing()
        return is_closing or self.flow.read_paused or (self.stage == CLOSING and self._is_answering())

    @property
    def idle_until(self) -> float | None:
        """When it ends if nothing more is asked, as :attr:`ConnectionLimits.now` counts; None while something is."""
        if self._is_answering() or self.transport.is_closing():
            return None
        return self._idle_since + self.timeout_keep_alive

    def _is_answering(self) -> bool:
        return self.cycle is not None and not (self.cycle.response_complete or self.cycle.disconnected)

    def answer_only(self, wrap: Callable[[App], App]) -> None:
        """Have another application answer, made from the one that does."""
        self.app = cast("Any", wrap(cast("App", self.app)))

    def refuse(self, answer: Response) -> None:
        """Read no more and close, with an answer to what has come in part; what came before it is answered first."""
        stage, self.stage = self.stage, CLOSING
        self.since = self._limits.now
        if self.transport.is_closing():
            return
        if self._is_answering():
            if stage != BODY:
                self.cycle.keep_alive = False
                return
            if self.cycle.response_started or self.pipeline:
                self.transport.close()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        elif stage == BODY:
            self.transport.close()  # it has its answer
            return
        self._write(answer)

    def _write(self, answer: Response) -> None:
        start = response_start(answer.status, answer.headers, len(answer.body))
        fields = [*self.server_state.default_headers, *start["headers"], (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % (name, value) for name, value in dict(fields).items())
        self.transport.write(STATUS_LINE[answer.status] + lines + b"\r\n" + answer.body)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def close(self) -> None:
        """Close when what was sent has gone out."""
        self.stage = CLOSING
        if not self.transport.is_closing():
            self.transport.close()

    def abort(self) -> None:
        """End at once, whatever has not gone out."""
        self.stage = CLOSING
        self.transport.abort()

    def shutdown(self) -> None:
        if self.stage == CLOSING and not self._is_answering():
            self.transport.close()
        else:
            super().shutdown()

    def _unframe(self) -> None:
        self.cycle.chunked_encoding = False
        self.cycle.expected_content_length = sys.maxsize
