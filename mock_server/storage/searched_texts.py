"""The texts of many records as one, so that a search is one walk through memory and makes no text anew."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from mock_server.storage.query import folded, texts_of
from mock_server.storage.record import Record

_SEPARATOR = b"\0"
"""What no text of a record and no search has in it."""


class SearchedTexts:
    """The texts of records that stay as they are. They take as many bytes as they have in UTF-8, and 8 a record."""

    __slots__ = ("_starts", "_texts")

    def __init__(self, records: Iterable[Record]) -> None:
        texts = [texts_of(record).encode() for record in records]
        self._texts = _SEPARATOR.join(texts)
        self._starts = array("q", accumulate((len(text) + 1 for text in texts), initial=0))

    def places(self, text: str) -> Iterator[int]:
        """Yield the places of the records that have a text among theirs, in any case; the text is not empty."""
        texts, starts, part = self._texts, self._starts, folded(text).encode()
        begin = texts.find(part)
        while begin >= 0:
            place = bisect_right(starts, begin)
            yield place - 1
            begin = texts.find(part, starts[place])
