"""A cache of generated values, so that the same request does not wait for them again."""

from __future__ import annotations

from collections.abc import Callable

from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.generation.generator import size_of
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.model import MediaType

MEMORY = 512 * 1024
"""Most bytes of JSON that are remembered; as Python's objects they take some eight times as much."""


class DrawnValues:
    """Generated values by their draw and media type; the least recently used are removed first."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._values: SizedCache[tuple[SeedKey, int, bool], tuple[MediaType, JSON]] = SizedCache(memory)

    def get(self, draw: SeedKey, media: MediaType, exemplary: bool, make: Callable[[], JSON]) -> JSON:
        """Return the value of a draw; call ``make`` where it is not remembered."""
        key = (draw, id(media), exemplary)
        known = self._values.get(key)
        if known is not None:
            return known[1]
        value = make()
        # The media type is held with the value, so that no other one has its id; the identity may be a long token.
        self._values.keep(key, (media, value), size_of(value) + len(draw.identity))
        return value
