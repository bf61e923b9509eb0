"""Counters in a page of memory that the processes of one machine share, for the price of reading a number."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

SLOTS = 500
"""Most processes at once."""
_SIZE = 8 * (SLOTS + 1)


class SharedCounters:
    """How often something staged was changed, by anyone; and how many notes each process has taken.

    A counter has one writer at a time: the changes are counted within a transaction, which excludes others.
    """

    def __init__(self, file: Path) -> None:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if os.fstat(handle).st_size < _SIZE:
                os.truncate(handle, _SIZE)
            self._map = mmap.mmap(handle, _SIZE)
        finally:
            os.close(handle)
        self._values = memoryview(self._map).cast("Q")

    @property
    def changes(self) -> int:
        """How often something staged was changed."""
        return self._values[0]

    def count_change(self) -> None:
        """Count a change; only within a transaction."""
        self._values[0] += 1

    def noted(self, slot: int) -> int:
        """Return how many notes the process of a slot has taken."""
        return self._values[1 + slot]

    def set_noted(self, slot: int, count: int) -> None:
        """Say how many notes the process of a slot has taken."""
        self._values[1 + slot] = count

    def close(self) -> None:
        """Let go of the page."""
        self._values.release()
        self._map.close()
