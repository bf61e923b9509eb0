"""Answers about many entries, worked out and written in pieces, so that nobody waits and little is held.

What looks through a journal is a generator that stops wherever others may have their turn; so is a body.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from time import perf_counter, sleep
from typing import TypeAlias, TypeVar

from mock_server.http.messages import Headers, Response, ResponseSource

SLICE = 0.005
"""Seconds after which others have their turn."""
SIZE = 64 * 1024
"""Bytes of a piece of a body, about."""

Steps: TypeAlias = Generator[float | None, None, Response]
"""An answer that takes a while: wherever it stops others may have their turn, for so many seconds where it says so."""
_T = TypeVar("_T")


def paced(items: Iterable[_T]) -> Iterator[_T | None]:
    """Yield items, and None in between whenever others should have their turn."""
    since = perf_counter()
    for item in items:
        yield item
        if perf_counter() - since > SLICE:
            yield None
            since = perf_counter()


def listed(texts: Iterable[bytes | None], head: str, tail: str) -> Iterator[bytes]:
    """Yield the pieces of a JSON text that has others in a list between two texts; after each others have their turn.

    None among the texts is such a turn and none of them.
    """
    parts, size, comma = [head.encode()], 0, b""
    for text in texts:
        if text is not None:
            parts += (comma, text)
            size, comma = size + len(text), b", "
        if text is None or size > SIZE:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join((*parts, tail.encode()))


def in_pieces(pieces: Iterator[bytes], headers: Headers = ()) -> Response:
    """Return an answer in JSON whose body comes in pieces; whole where it is but one."""
    own = (("content-type", "application/json"), ("cache-control", "no-store"), *headers)
    first = next(pieces, b"")
    second = next(pieces, None)
    if second is None:
        return Response(200, own, first, ResponseSource.CONTROL)
    return Response(200, own, b"", ResponseSource.CONTROL, pieces=chain((first, second), pieces))


def whole(steps: Steps) -> Response:
    """Return an answer at once and in one piece, for who cannot wait in between."""
    while True:
        try:
            sleep(next(steps) or 0)
        except StopIteration as end:
            answer: Response = end.value
            return answer if answer.pieces is None else replace(answer, body=b"".join(answer.pieces), pieces=None)
