"""A cache of what was read of a database, as long as there is room: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from typing import Generic, Literal, TypeAlias, TypeVar

from mock_server.storage.record import OwnRow, Record

Key: TypeAlias = tuple[int, str, str, str]
"""Contract, world, resource, handle."""


class Missing(Enum):
    """Why there is no record: there is no such row, or it was not looked up yet."""

    ABSENT = 0
    UNKNOWN = 1


Row: TypeAlias = Record | Literal[Missing.ABSENT] | None
"""A row: a record, None (deleted in that world), or no row at all."""

OwnRows: TypeAlias = Mapping[str, OwnRow]
"""The rows of a world and a resource by handle; the handle of their key is empty."""

_V = TypeVar("_V")

LIMIT = 64 * 1024 * 1024
"""Bytes of what is remembered where the settings say nothing else."""
_ABSENT_BYTES = 300
"""Bytes of a key, and of its place among the others."""
_VALUE_BYTES = 8
"""Bytes of one character of JSON as Python's objects, measured on customers."""


class RowCache(Generic[_V]):
    """Rows by key, or all of a resource, with a bound on the bytes that they take together, about."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rows: OrderedDict[Key, tuple[_V, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: Key) -> _V | Literal[Missing.UNKNOWN]:
        """Return what is cached, ``UNKNOWN`` where nothing is."""
        entry = self._rows.get(key)
        if entry is None:
            return Missing.UNKNOWN
        with suppress(KeyError):  # another thread may have dropped it
            self._rows.move_to_end(key)
        return entry[0]

    def keep(self, key: Key, value: _V, characters: int, rows: int = 1) -> None:
        """Cache a row, or so many rows, whose JSON has that many characters."""
        self.drop(key)
        size = _ABSENT_BYTES * rows + _VALUE_BYTES * characters
        if size > self._limit:
            return
        self._rows[key] = (value, size)
        self.size += size
        while self.size > self._limit and self._rows:
            _, (_, freed) = self._rows.popitem(last=False)
            self.size -= freed

    def drop(self, key: Key) -> None:
        """Remove a key from the cache."""
        entry = self._rows.pop(key, None)
        if entry is not None:
            self.size -= entry[1]

    def drop_world(self, contract: int, world: str) -> None:
        """Remove all rows of a world."""
        for key in [key for key in self._rows if key[:2] == (contract, world)]:
            self.drop(key)

    def clear(self) -> None:
        """Remove all rows."""
        self._rows.clear()
        self.size = 0
