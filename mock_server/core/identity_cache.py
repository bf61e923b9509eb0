"""Results about objects that have no hash, such as schemas: by which objects they are, not by what is in them."""

from __future__ import annotations

from typing import Generic, TypeVar

ENTRIES = 16_384
"""Most entries of a cache, more than a large contract has schemas: 4 MB of keys and places."""

_V = TypeVar("_V")


class IdentityCache(Generic[_V]):
    """Values by one object or several; where there are ``entries``, all go, and those that are needed come again.

    An entry holds its objects, so that no others can have their ids. A plain dictionary, since every response looks up.
    """

    def __init__(self, entries: int = ENTRIES) -> None:
        self._most = entries
        self._cache: dict[tuple[int, ...], tuple[tuple[object, ...], _V]] = {}

    def __len__(self) -> int:
        return len(self._cache)

    def get(self, *subjects: object) -> _V | None:
        """Return the value of these objects, None where it is not remembered."""
        entry = self._cache.get(tuple(map(id, subjects)))
        return None if entry is None else entry[1]

    def keep(self, value: _V, *subjects: object) -> _V:
        """Remember the value of these objects; return it."""
        if len(self._cache) >= self._most:
            self._cache.clear()
        self._cache[tuple(map(id, subjects))] = subjects, value
        return value
