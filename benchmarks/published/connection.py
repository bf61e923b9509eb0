"""One connection over which requests are sent one after the other, each timed until its answer is whole."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing
from types import TracebackType
from urllib.parse import urlsplit

from benchmarks.published.verdict import Reply

SECONDS = 60
"""How long an answer is waited for."""


class Connection:
    """A connection to a server, opened anew where the server closed it."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._address = (address.hostname or "", address.port or 80)
        self._socket: socket.socket | None = None

    def ask(self, method: str, request: bytes) -> tuple[Reply | None, float]:
        """Return the answer to a request, and the milliseconds that it took; None where none came."""
        connection = self._connected()
        started = time.perf_counter()
        try:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection, method=method)
            with closing(response):
                response.begin()
                body = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None, (time.perf_counter() - started) * 1e3
        milliseconds = (time.perf_counter() - started) * 1e3
        if response.will_close:
            self.close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, body), milliseconds

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
