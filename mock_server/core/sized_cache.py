"""What was worked out before, within a bound: clients choose what is asked, and how large it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

LONGEST = 1024
"""Characters of a text of a client by which something is remembered in a cache that has a bound of entries alone."""

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class SizedCache(Generic[_K, _V]):
    """Values by key; the least recently used go when their sizes together are more than ``limit``.

    Sizes are bytes of keys and values, or entries where each counts one. A look-up takes 0.4 µs, of which the lock and
    the order have most; a plain dictionary takes 0.03 µs, and stays where every request or every member looks up.
    """

    def __init__(self, limit: int) -> None:
        self._largest = max(1, limit // 8)
        self._room = limit
        self._entries: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _K) -> _V | None:
        """Return the value of a key, None where it is not remembered."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def keep(self, key: _K, value: _V, size: int = 1) -> None:
        """Remember a value of the size ``size``, its key included; one of more than an eighth of all is not."""
        if size > self._largest:
            return
        with self._lock:
            former = self._entries.pop(key, None)
            self._entries[key] = value, size
            self._room += (former[1] if former is not None else 0) - size
            while self._room < 0:
                self._room += self._entries.popitem(last=False)[1][1]
