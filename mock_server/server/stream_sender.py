"""Sending of streams: item by item at intervals, until the last one, a cut, or the end of client or server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mock_server.core.errors import BrokenItemError, GenerationError
from mock_server.http.asgi import CONNECTION, Receive, ResponseSender, Scope, Send, response_start, until_gone
from mock_server.http.messages import Response, Stream, TransportFault
from mock_server.worlds.journal import LONGEST_BODY

if TYPE_CHECKING:  # imported with the first request, so that the start does not wait for it
    from mock_server.mocking.engine import Engine

log = logging.getLogger("mock_server")

Ended = Callable[[Response, int], None]
"""Is called with the answer as it was sent (of a long body the beginning), and the number of bytes of the body."""


class StreamSender(ResponseSender):
    """Sends one answer that is a stream. ``ended`` is called when it ends, before the client can know."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, ending: asyncio.Event, engine: Engine, ended: Ended
    ) -> None:
        super().__init__(scope, receive, send, ending)
        self._engine = engine
        self._ended = ended
        self._answer = Response(0)
        self._kept = bytearray()
        self._size = 0
        self._sent = 0
        self._is_told = False
        self._has_failed = False
        self._is_held_back = False
        self._is_left = False

    async def deliver(self, answer: Response) -> None:
        """Wait for the delay, then send one item after the other, each made when it is sent."""
        stream = answer.stream
        assert stream is not None
        self._answer, wire = answer, answer.wire or TransportFault()
        if answer.delay:
            await self._wait(answer.delay / 1000)
        if wire.hang or wire.cut == "before_headers":
            self._tell("cut")
            await self._spoil(answer, wire)
            return
        is_head = self._scope["method"] == "HEAD"
        # HTTP/1.0 has no chunks: the end of the connection ends the body (RFC 9112, 6.3).
        is_old = self._scope.get("http_version") == "1.0" and not is_head
        if is_old:
            self._scope.get("extensions", {}).get(CONNECTION, {}).get("unframe", _nothing)()
        start = response_start(answer.status, answer.headers, None)
        await self._send({**start, "headers": [*start["headers"]]})  # CORS adds to it
        if is_head:
            self._tell("complete")
            await self._send({"type": "http.response.body", "body": b""})
            return
        client = asyncio.ensure_future(until_gone(self._receive))
        server = asyncio.ensure_future(self._ending.wait())
        server.add_done_callback(self._let_go)
        try:
            end = await self._items(stream, answer.status, wire, client, server)
        finally:
            client.cancel()
            server.cancel()
        await self._finish(end, closes=is_old or wire.overstate)

    async def _items(
        self,
        stream: Stream,
        status: int,
        wire: TransportFault,
        client: asyncio.Future[None],
        server: asyncio.Task[Literal[True]],
    ) -> str:
        """Send the items; return how the stream ended."""
        frames = self._frames(stream, status)
        middle = stream.count // 2 if wire.cut else -1
        for index in range(stream.count):
            if index == wire.cut_after:
                return "cut"
            if index:
                # Even without an interval other requests have their turn between two items.
                await asyncio.wait(
                    (client, server), timeout=stream.interval / 1000, return_when=asyncio.FIRST_COMPLETED
                )
                if server.done():
                    return "server stopped"
                if client.done():
                    return "client gone"
            frame = next(frames, b"")
            if not frame:
                break
            if index == middle:
                await self._pass_on(frame[: len(frame) // 2], wire)
                return "cut"
            self._sent += 1
            await self._pass_on(frame, wire)
        if self._has_failed:
            return "failed"
        if wire.cut or wire.cut_after is not None:
            return "cut"
        last = self._engine.end(stream)
        if last and not wire.overstate:
            self._take(last)
            self._tell("complete")
            await self._pass_on(last, wire)
        return "cut" if wire.overstate else "complete"

    def _frames(self, stream: Stream, status: int) -> Iterator[bytes]:
        """Yield the encoded items, up to one that cannot be sent: the reason for it is logged."""
        try:
            yield from self._engine.items(stream, status)
        # The response has begun: all that is left is to cut it off.
        except (GenerationError, BrokenItemError) as error:
            self._has_failed = True
            log.error("%s: a stream was cut off after %d items: %s", stream.operation, self._sent, error)
        except Exception:  # a bug of the server, which the log has with its traceback
            self._has_failed = True
            log.exception("%s: the mock server failed after %d items of a stream", stream.operation, self._sent)

    def _take(self, part: bytes) -> None:
        """Count the bytes of a part before it is sent, and keep the beginning of the body for the journal."""
        self._size += len(part)
        room = LONGEST_BODY - len(self._kept)
        if room > 0:
            self._kept += part[:room]

    async def _pass_on(self, part: bytes, wire: TransportFault) -> None:
        if not self._is_told:
            self._take(part)
        if wire.trickle:
            await self._trickle(part, wire.trickle)
        elif part:
            self._is_held_back = True
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
            self._is_held_back = False

    def _let_go(self, server: asyncio.Task[Literal[True]]) -> None:
        """Abort the connection where the server stops while a client does not read."""
        transport = self._scope.get("extensions", {}).get(CONNECTION, {}).get("transport")
        if self._is_held_back and not server.cancelled() and transport is not None:
            self._is_left = True
            transport.abort()

    async def _finish(self, end: str, *, closes: bool) -> None:
        """End the message, or close the connection.

        The connection is closed where only that ends the message, or where the message must not seem complete.
        """
        self._tell(end)
        if end == "client gone" or self._is_left:
            return
        if closes or end in ("cut", "failed"):
            await self._close(reset=False)
        else:
            await self._send({"type": "http.response.body", "body": b""})

    def _tell(self, end: str) -> None:
        if not self._is_told:
            self._is_told = True
            assert self._answer.stream is not None
            stream = replace(self._answer.stream, sent=self._sent, end=end)
            self._ended(replace(self._answer, body=bytes(self._kept), stream=stream), self._size)


def _nothing() -> None:
    """Do nothing, on a server that does not offer to send a body without chunks."""
