"""A cache of generated values, so that the same request does not wait for them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from mock_server.core.types import JSON
from mock_server.generation.generator import size_of
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.model import MediaType

MEMORY = 512 * 1024
"""Most bytes of JSON that are remembered; as Python's objects they take some eight times as much."""
_LARGEST = MEMORY // 8


class DrawnValues:
    """Generated values by their draw and media type; the oldest are removed first."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._room = memory
        self._values: OrderedDict[tuple[SeedKey, int, bool], tuple[MediaType, JSON, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, draw: SeedKey, media: MediaType, exemplary: bool, make: Callable[[], JSON]) -> JSON:
        """Return the value of a draw; call ``make`` where it is not remembered."""
        key = (draw, id(media), exemplary)
        known = self._values.get(key)
        if known is not None and known[0] is media:
            return known[1]
        value = make()
        size = size_of(value) + len(draw.identity)  # which is a token of any length
        if size <= _LARGEST:
            self._keep(key, (media, value, size))
        return value

    def _keep(self, key: tuple[SeedKey, int, bool], entry: tuple[MediaType, JSON, int]) -> None:
        with self._lock:
            former = self._values.pop(key, None)
            self._values[key] = entry
            self._room += (former[2] if former is not None else 0) - entry[2]
            while self._room < 0:
                self._room += self._values.popitem(last=False)[1][2]
