"""Download of an http(s) URL, within bounds of time and size."""

from __future__ import annotations

import threading
from http.client import HTTPException
from typing import cast
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

URL_SECONDS = 10.0
"""Seconds that a whole download may take."""


class DownloadError(Exception):
    """Raised where a download fails; the message says why."""


def download(place: str, most: int) -> bytes:
    """Return the first ``most`` bytes at an address. Raises :class:`DownloadError`.

    The time limit is one for the whole download, so a server that sends a byte a second is given up.
    """
    outcome: list[bytes | Exception] = []

    def fetch() -> None:
        try:
            with urlopen(place, timeout=URL_SECONDS) as answer:  # noqa: S310  (the scheme was checked)
                if urlsplit(answer.geturl()).scheme not in ("http", "https"):
                    raise URLError(f"a redirect to {answer.geturl()}")
                outcome.append(cast("bytes", answer.read(most)))
        except (HTTPException, URLError, OSError, ValueError) as problem:
            outcome.append(problem)

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(URL_SECONDS)
    result = outcome[0] if outcome else TimeoutError(f"no whole answer within {URL_SECONDS:g} seconds")
    if isinstance(result, Exception):
        raise DownloadError(str(result))
    return result
