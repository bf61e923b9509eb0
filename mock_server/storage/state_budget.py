"""What worlds may keep of their own: bytes of memory for all of them, and records of each."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from mock_server.core.errors import StoreFullError
from mock_server.core.memory_size import json_footprint
from mock_server.storage.change_set import MOST_SNAPSHOTS
from mock_server.storage.record import KEYS, OwnRow, Record

MEGABYTE = 1024 * 1024
LIMIT = 256 * MEGABYTE
"""Bytes of memory for the records of all worlds where the settings give no other number."""
MOST_RECORDS = 10_000
"""Records that one world may have of its own, of one contract."""
_ROW = 320
"""Bytes of a row beside the value: its place in a map, its key, the record."""


class StateBudget:
    """Bytes that the own rows of all worlds take in memory, about. ``bounds`` counts refusals by setting."""

    __slots__ = ("_lock", "bounds", "held", "limit")

    def __init__(self, limit: int = LIMIT, bounds: Counter[str] | None = None) -> None:
        self.limit = limit
        self.held = 0
        self.bounds: Counter[str] = Counter() if bounds is None else bounds
        self._lock = Lock()

    def has_room(self, size: int) -> bool:
        """Tell whether there is room for so many bytes more."""
        return self.held + size <= self.limit

    def take(self, size: int) -> None:
        """Take so many bytes, or give some back. Raises :class:`StoreFullError` where there is no room for them."""
        with self._lock:
            if size > 0 and not self.has_room(size):
                self.bounds["state_memory"] += 1
                raise StoreFullError(
                    f"found the records of all worlds at {self.held / MEGABYTE:.1f} MB of memory and no room for"
                    f" {size:,} bytes more; expected at most {self.limit // MEGABYTE} MB (--state-memory). Nothing is"
                    " changed. Reset worlds that nobody needs, or start with more."
                )
            self.held += size

    def adjust(self, size: int) -> None:
        """Count so many bytes more that are there already, or fewer."""
        with self._lock:
            self.held += size


def row_bytes(row: OwnRow) -> int:
    """Return the bytes of memory that a row takes, about; parts of a value that others have too count as well."""
    if isinstance(row, Record):
        return _ROW + json_footprint(row.value) + (json_footprint({**row.hidden}) if row.hidden else 0)
    return _ROW


def is_counted(resource: str, row: OwnRow) -> bool:
    """Tell whether a row is one of the records of which a world may have so many."""
    return isinstance(row, Record) and KEYS not in resource


def refuse_more_records(number: int, world: str) -> None:
    """Raise :class:`StoreFullError` for more records than one world may have of its own."""
    if number > MOST_RECORDS:
        raise StoreFullError(
            f"found {_named(world)} with {MOST_RECORDS:,} records of its own; expected no more than that. Nothing is"
            " changed. Delete some, or reset the world."
        )


def refuse_more_snapshots(number: int, world: str) -> None:
    """Raise :class:`StoreFullError` for more snapshots than one world may have."""
    if number > MOST_SNAPSHOTS:
        raise StoreFullError(
            f"found {_named(world)} with {MOST_SNAPSHOTS} snapshots; expected no more than that. Nothing is changed."
            " Drop some."
        )


def _named(world: str) -> str:
    return f"the world {world!r}" if world else "the world without a name"
