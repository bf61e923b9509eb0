"""A cache of rows of a database, as long as there is room: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from enum import Enum
from typing import Literal, TypeAlias

from mock_server.storage.interfaces import Record

Key: TypeAlias = tuple[int, str, str, str]
"""Contract, world, resource, handle."""


class Missing(Enum):
    """Why there is no record: there is no such row, or it was not looked up yet."""

    ABSENT = 0
    UNKNOWN = 1


Row: TypeAlias = Record | Literal[Missing.ABSENT] | None
"""A row: a record, None (deleted in that world), or no row at all."""

LIMIT = 64 * 1024 * 1024
"""Bytes of what is remembered where the settings say nothing else."""
_ABSENT_BYTES = 300
"""Bytes of a key, and of its place among the others."""
_VALUE_BYTES = 8
"""Bytes of one character of JSON as Python's objects, measured on customers."""


class RowCache:
    """Rows by key, with a bound on the bytes that they take together, about."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rows: OrderedDict[Key, tuple[Row, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: Key) -> Row | Literal[Missing.UNKNOWN]:
        """Return a row, ``UNKNOWN`` where it is not cached."""
        entry = self._rows.get(key)
        if entry is None:
            return Missing.UNKNOWN
        with suppress(KeyError):  # another thread may have dropped it
            self._rows.move_to_end(key)
        return entry[0]

    def keep(self, key: Key, row: Row, characters: int) -> None:
        """Cache a row whose JSON has that many characters."""
        self.drop(key)
        size = _ABSENT_BYTES + _VALUE_BYTES * characters
        self._rows[key] = (row, size)
        self.size += size
        while self.size > self._limit and self._rows:
            _, (_, freed) = self._rows.popitem(last=False)
            self.size -= freed

    def drop(self, key: Key) -> None:
        """Remove a row from the cache."""
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
