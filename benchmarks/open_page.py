"""A page of requests that is open: it is loaded, and its stream read until the end, as a browser does."""

from __future__ import annotations

import contextlib
import html
import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

from benchmarks.answers import SECONDS, NotComparableError

PAGE = "/__admin/requests"
_EVENT = b"event: request"


class OpenPage:
    """The page of a server, which is loaded, and how many requests its stream has told of since."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
        self._lines = self._stream()
        self.arrivals = 0

    def read(self) -> None:
        """Read the stream until it ends."""
        with contextlib.suppress(OSError, http.client.HTTPException):  # closed in the middle, that is how it ends
            for line in self._lines:
                self.arrivals += line.startswith(_EVENT)
        self._lines.close()
        self._connection.close()

    def close(self) -> None:
        """Shut the connection down, so that whoever reads it comes to an end."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _stream(self) -> http.client.HTTPResponse:
        self._connection.request("GET", PAGE, headers={"Accept": "text/html"})
        page = self._connection.getresponse().read().decode()
        cursor = re.search('data-cursor="([^"]*)"', page)
        if cursor is None:
            raise NotComparableError(f"{PAGE}: found no stream in the page; expected data-cursor.")
        self._connection.request("GET", f"{PAGE}/live?after={quote(html.unescape(cursor[1]))}")
        return self._connection.getresponse()


@contextmanager
def open_page(url: str) -> Iterator[OpenPage]:
    """Have the page of requests open meanwhile.

    Raises :class:`NotComparableError` where it was told of nothing, or the stream ended before.
    """
    page = OpenPage(url)
    reader = threading.Thread(target=page.read, daemon=True)
    reader.start()
    try:
        yield page
        if not reader.is_alive():
            raise NotComparableError("the stream of the open page ended; expected it to go on.")
    finally:
        page.close()
        reader.join(SECONDS)
    if not page.arrivals:
        raise NotComparableError("the open page was told of no request; expected those that are measured.")
