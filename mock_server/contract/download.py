"""What an http(s) URL has, within bounds of time and size."""

from __future__ import annotations

import threading
from http.client import HTTPException
from typing import cast
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

URL_SECONDS = 10.0
"""How long an address may take for all that it has."""


class DownloadError(Exception):
    """Why there is nothing, in words."""


def download(place: str, most: int) -> bytes:
    """The first bytes of what an address has, at most so many. Raises :class:`DownloadError`.

    The time is one for the whole: a server that sends a byte a second is not waited for.
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
