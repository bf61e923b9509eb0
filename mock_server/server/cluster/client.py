"""Asks one other process: JSON over HTTP/1.1, on connections that are kept open for the next question."""

from __future__ import annotations

import asyncio
import json
from time import monotonic

from httptools import HttpParserError, HttpResponseParser

from mock_server.server.cluster.address import Address

PATH = "/__admin/peers/"
"""Where a process is asked by others."""
CONNECT_SECONDS = 1.0
IDLE_SECONDS = 4.0
"""After that a connection is not used again: uvicorn closes one that nobody has used for five seconds."""
_AT_ONCE = 1024 * 1024
"""Bytes of an answer that may wait to be read."""


class SilentError(Exception):
    """The other process did not answer, or not as one of ours does. ``is_absent``: nobody listens there."""

    def __init__(self, reason: str, *, is_absent: bool = False) -> None:
        self.is_absent = is_absent
        super().__init__(reason)


class ClusterRefusedError(Exception):
    """The other process answered that it will not. ``status`` is that of HTTP."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"status {status}")


class Client:
    """Asks the process at an address; ``token`` is what it wants to see."""

    def __init__(self, address: Address, token: str = "") -> None:
        self.address = address
        self._head = f"Host: {address.host or 'localhost'}\r\nContent-Type: application/json\r\n"
        if token:
            self._head += f"Authorization: Bearer {token}\r\n"
        self._idle: list[_Connection] = []
        self._is_closed = False

    async def ask(self, question: str, message: object, seconds: float) -> object:
        """The answer to a question, as JSON; it is waited for so many seconds.

        Raises :class:`SilentError`, :class:`ClusterRefusedError`.
        """
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
        head = f"POST {PATH}{question} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        status, data = await self._exchange(head.encode("latin-1") + body, seconds)
        if status != 200:
            raise ClusterRefusedError(status)
        try:
            answer: object = json.loads(data)
        except ValueError:
            raise SilentError("an answer that is no JSON") from None
        return answer

    def close(self) -> None:
        """Close all connections: those that wait now, others when they are no more in use."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    async def _exchange(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        kept = self._kept()
        if kept is not None:
            try:
                return await self._on(kept, request, seconds)
            except _ClosedError:
                pass  # while it waited, before the question came: it is asked once more
        try:
            return await self._on(await self._connected(), request, seconds)
        except _ClosedError:
            raise SilentError("closed the connection") from None

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and monotonic() - connection.used < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connected(self) -> _Connection:
        address = self.address
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if address.file:
                    opened = await asyncio.open_unix_connection(address.file, limit=_AT_ONCE)
                else:
                    opened = await asyncio.open_connection(address.host, address.port, limit=_AT_ONCE)
        except TimeoutError:
            raise SilentError(f"no connection within {CONNECT_SECONDS:g} s") from None
        except OSError as error:
            is_absent = isinstance(error, ConnectionRefusedError)
            raise SilentError(error.strerror or str(error), is_absent=is_absent) from None
        return _Connection(*opened)

    async def _on(self, connection: _Connection, request: bytes, seconds: float) -> tuple[int, bytes]:
        is_whole = False
        try:
            async with asyncio.timeout(seconds):
                answer = await connection.exchange(request)
            is_whole = True
        except TimeoutError:
            raise SilentError(f"no answer within {seconds:g} s") from None
        except HttpParserError:
            raise SilentError("an answer that is no HTTP") from None
        finally:
            if is_whole and connection.is_open and not self._is_closed:
                connection.used = monotonic()
                self._idle.append(connection)
            else:
                connection.close()
        return answer


class _ClosedError(Exception):
    """The connection was closed before anything of an answer came."""


class _Connection:
    """A connection to one of our servers, which has the length of each answer before it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.used = monotonic()
        self._reader = reader
        self._writer = writer
        self._parser = HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._is_complete = False

    @property
    def is_open(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; status and body of the answer."""
        self._parts, self._is_complete = [], False
        has_begun = False
        try:
            self._writer.write(request)
            await self._writer.drain()
            while not self._is_complete:
                data = await self._reader.read(_AT_ONCE)
                if not data:
                    raise ConnectionResetError("in the middle of an answer")
                has_begun = True
                self._parser.feed_data(data)
        except OSError as error:
            if not has_begun:
                raise _ClosedError from None
            raise SilentError(str(error)) from None
        return self._parser.get_status_code(), b"".join(self._parts)

    def close(self) -> None:
        self._writer.close()

    # What httptools calls.

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        self._is_complete = True
