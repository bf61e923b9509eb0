"""uvicorn's HTTP/1.1, whose scopes know their connection: a scenario may want to close it, a stream has to."""

from __future__ import annotations

import asyncio
import re
import sys

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.wire import CONNECTION


_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)(.*)", re.DOTALL)
"""A request target in absolute form: its authority, and its path and query (RFC 9112, 3.2.2)."""


class ReachableConnection(HttpToolsProtocol):
    """A connection whose scopes have its transport among their extensions.

    ``unframe`` has the body of the answer that is about to begin go without chunks, until the connection ends: clients
    of HTTP/1.0 know no others of unknown length, and uvicorn sends them chunks all the same (RFC 9112, 6.1).
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions: dict[str, dict[object, object]] = {
            CONNECTION: {"transport": transport, "unframe": self._unframe}
        }

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # the same for all requests of the connection

    def on_headers_complete(self) -> None:
        if self.url[:1] != b"/":
            self._take_authority()
        super().on_headers_complete()

    def _take_authority(self) -> None:
        """Let the authority of a target in absolute form be the host, whatever ``Host`` says (RFC 9112, 3.2.2)."""
        target = _ABSOLUTE.fullmatch(self.url)
        if target is None:
            return  # OPTIONS *, CONNECT
        authority, rest = target.groups()
        self.url = rest if rest.startswith(b"/") else b"/" + rest
        self.headers[:] = [(name, authority if name == b"host" else value) for name, value in self.headers]

    def _unframe(self) -> None:
        self.cycle.chunked_encoding = False
        self.cycle.expected_content_length = sys.maxsize
