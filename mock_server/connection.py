"""uvicorn's HTTP/1.1 with the connection in its scopes: faults of a scenario and streams may have to close it."""

from __future__ import annotations

import asyncio
import sys

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.wire import CONNECTION


class ReachableConnection(HttpToolsProtocol):
    """A connection whose scopes have its transport among their extensions.

    ``unframe`` sends the body of the next answer without chunks, until the connection ends: clients of HTTP/1.0 know no
    other body of unknown length, and uvicorn sends them chunks all the same (RFC 9112, 6.1).
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions: dict[str, dict[object, object]] = {
            CONNECTION: {"transport": transport, "unframe": self._unframe}
        }

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # the same for all requests of the connection

    def _unframe(self) -> None:
        self.cycle.chunked_encoding = False
        self.cycle.expected_content_length = sys.maxsize
