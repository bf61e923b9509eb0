"""Sending of answers, whole or with the faults of a scenario.

Faults of the transport are beyond ASGI: uvicorn passes its connection in the scope (``extensions``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from mock_server.core.sized_cache import LONGEST
from mock_server.http.messages import Headers, Response, TransportFault

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONNECTION = "mock_server.connection"
"""The extension of a scope that has the ``transport`` of its connection (:class:`asyncio.Transport`)."""
TICKS = 20
"""How often a second a part of a trickling body is sent."""
_OVERSTATED = 64
"""Bytes that are announced and not sent."""
_RESET = struct.pack("ii", 1, 0)
"""The value of SO_LINGER, on with 0 seconds: closing the connection resets it (socket(7))."""


log = logging.getLogger("mock_server")

Field = tuple[bytes, bytes]
"""A field line as ASGI has it, the name in lower case."""


def field_of(line: Field) -> tuple[Field, tuple[str, str]]:
    """Return a field line and its texts. Clients send the same lines again and again: all requests share one object.

    Of a line of more than :data:`LONGEST` bytes nothing is remembered: some thousands are, whatever their size.
    """
    return _shared(line) if len(line[0]) + len(line[1]) <= LONGEST else _read(line)


def _read(line: Field) -> tuple[Field, tuple[str, str]]:
    name, value = line
    return line, (name.decode("latin-1"), value.decode("latin-1"))


_shared = lru_cache(4096)(_read)


def host_trouble(scope: Scope) -> str:
    """Return what is wrong with the lines of ``Host``: HTTP/1.1 wants one (RFC 9112, 3.2); empty where nothing is."""
    count = [name for name, _ in scope["headers"]].count(b"host")
    if count == 1 or (count == 0 and scope["http_version"] == "1.0"):
        return ""
    return f"header host: found {count or 'none'}; expected one. Send the host and port of the URL in it."


class ClientGoneError(Exception):
    """The connection ended before the request did: there is nothing to handle, and nobody to answer."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """Return the body; None where it has more bytes than the limit. A request without one is not waited for.

    Raises :class:`ClientGoneError` where it does not come to its end.
    """
    if _FRAMES.isdisjoint([name for name, _ in scope["headers"]]):
        return b""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        more = message.get("more_body", False)
    # Read to its end even where it is too large: a client that is still sending would not see the answer.
    return b"".join(parts) if size <= limit else None


_FRAMES = frozenset({b"content-length", b"transfer-encoding"})
"""The fields of a request that has a body (RFC 9112, 6)."""


async def send_answer(answer: Response, send: Send) -> None:
    """Send an answer as it is."""
    start = response_start(answer.status, answer.headers, len(answer.body))
    await send({**start, "headers": [*start["headers"]]})  # CORS adds to it
    await send({"type": "http.response.body", "body": answer.body})


async def send_in_pieces(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer; where its body comes in pieces, each when its turn has come and the client has read.

    Clients of HTTP/1.0 know no chunks (RFC 9112, 6.1): they get it in one piece. Where a piece cannot be made the log
    has the reason, and the connection is closed: so the client sees that the body is not whole (RFC 9112, 8).
    """
    if answer.pieces is None:
        await send_answer(answer, send)
        return
    if scope.get("http_version") == "1.0":
        await send_answer(replace(answer, body=b"".join(answer.pieces), pieces=None), send)
        return
    transport = scope.get("extensions", {}).get(CONNECTION, {}).get("transport")
    start = response_start(answer.status, answer.headers, None)
    await send({**start, "headers": [*start["headers"]]})
    for piece in _told_of(answer.pieces, scope) if scope["method"] != "HEAD" else ():
        if piece is None:
            if transport is not None and not transport.is_closing():
                transport.close()
            await until_gone(receive)
            return
        if transport is not None and transport.is_closing():  # the client has gone
            return
        if piece:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


def _told_of(pieces: Iterator[bytes], scope: Scope) -> Iterator[bytes | None]:
    """Yield pieces; None, once the log has the reason, where the next one cannot be made."""
    try:
        yield from pieces
    except Exception:
        log.exception("%s %s: the admin API failed, its answer is cut off", scope["method"], scope["path"])
        yield None


async def until_gone(receive: Receive) -> None:
    """Wait until the connection has ended."""
    while (await receive())["type"] != "http.disconnect":
        pass


def response_start(status: int, headers: Headers, length: int | None) -> Message:
    """Return the message with which an answer begins whose body has so many bytes; None for nobody knows how many.

    Answers whose heads are alike and short have the same message, which nobody may change.
    """
    is_short = sum([len(value) for _, value in headers]) <= LONGEST
    return _shared_start(status, headers, length) if is_short else _start(status, headers, length)


def _start(status: int, headers: Headers, length: int | None) -> Message:
    fields = [(name.lower().encode("latin-1"), _field(value)) for name, value in headers]
    if length is not None and status >= 200 and status not in (204, 304):
        fields.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": status, "headers": fields}


_shared_start = lru_cache(1024)(_start)


def _field(value: str) -> bytes:
    """Return a field value (RFC 9110, 5.5) without control characters, which an example may have."""
    return re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b" ", value.encode("latin-1", "replace")).strip()


class ResponseSender:
    """Sends one answer. ``ending`` is set when the server stops; it cuts all waits short."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, ending: asyncio.Event) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._ending = ending

    async def deliver(self, answer: Response) -> None:
        """Wait for the delay, then send the answer, with its fault if it has one."""
        if answer.delay:
            await self._wait(answer.delay / 1000)
        if answer.wire is None:
            await send_answer(answer, self._send)
        else:
            await self._spoil(answer, answer.wire)

    async def _spoil(self, answer: Response, wire: TransportFault) -> None:
        if wire.hang:
            await self._until_gone()
            await self._close(reset=True)
        elif wire.cut == "before_headers":
            await self._close(reset=True)
        else:
            is_short = bool(wire.overstate or wire.cut)
            # A cut has to leave something out: an answer without a body announces one.
            short_of = _OVERSTATED if wire.overstate or (wire.cut and len(answer.body) < 2) else 0
            body = answer.body[: len(answer.body) // 2] if wire.cut else answer.body
            await self._send(response_start(answer.status, answer.headers, len(answer.body) + short_of))
            whole = await self._trickle(body, wire.trickle) if wire.trickle else True
            rest = b"" if wire.trickle else body
            if whole and not is_short:
                await self._send({"type": "http.response.body", "body": rest})
                return
            if rest:
                await self._send({"type": "http.response.body", "body": rest, "more_body": True})
            await self._close(reset=False)

    async def _trickle(self, body: bytes, rate: int) -> bool:
        """Send a body slowly; return whether all of it was sent."""
        size = max(1, rate // TICKS)
        for begin in range(0, len(body), size):
            if begin and await self._wait(size / rate):
                return False
            await self._send({"type": "http.response.body", "body": body[begin : begin + size], "more_body": True})
        return True

    async def _wait(self, seconds: float) -> bool:
        """Wait so many seconds, or until the server stops; return whether it stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)
        return self._ending.is_set()

    async def _until_gone(self) -> None:
        """Wait until the client is gone or the server stops."""
        tasks = [asyncio.ensure_future(until_gone(self._receive)), asyncio.ensure_future(self._ending.wait())]
        _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()

    async def _close(self, *, reset: bool) -> None:
        """Close the connection: at once with a reset, or after everything was sent."""
        transport = self._scope.get("extensions", {}).get(CONNECTION, {}).get("transport")
        if transport is None:
            raise ConnectionError("this server does not let its connections be closed")
        if not transport.is_closing():
            connection = transport.get_extra_info("socket")
            if reset and connection is not None:
                with contextlib.suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            if reset:
                transport.abort()
            else:
                transport.close()
        await until_gone(self._receive)
