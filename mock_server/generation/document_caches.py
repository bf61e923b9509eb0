"""What was worked out about the schemas of one document: a cache for each use, with the types of its keys and values.

A use declares a :class:`CacheKey` and takes its dictionary from the document, as plugins of pytest do with a
``StashKey``::

    _DEPTHS: CacheKey[SchemaNode, int] = CacheKey()

    depths = node.document.caches[_DEPTHS]
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class CacheKey(Generic[_K, _V]):
    """Names a cache, with the types of its keys and values. Each is another one, and is declared once in a module."""

    __slots__ = ()


class DocumentCaches:
    """The caches of one document. They have no bound of their own: there is an entry for a schema at most."""

    __slots__ = ("_caches",)

    def __init__(self) -> None:
        # The keys say what the dictionaries hold, each its own.
        self._caches: dict[CacheKey[Any, Any], dict[Any, Any]] = {}

    def __getitem__(self, key: CacheKey[_K, _V]) -> dict[_K, _V]:
        """Return the dictionary of a key, an empty one at first."""
        cache = self._caches.get(key)
        if cache is None:
            cache = self._caches.setdefault(key, {})  # another thread may have been faster
        return cache
