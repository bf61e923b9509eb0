"""The mark of a store: eight bytes that all processes of a machine share, and renew after each change.

A process renews the mark before it acknowledges a change. So a process that reads right after that knows that it has to
ask the database, for the price of reading a number. The number is random and not a counter: two processes that renew it
at once cannot undo each other.
"""

from __future__ import annotations

import mmap
import os
import secrets
from pathlib import Path

SIZE = 8


class SharedChangeMarker:
    """The mark of a store in a file; without a file, or where it cannot be used, this process has one of its own."""

    def __init__(self, file: Path | None = None) -> None:
        self._map = _mapped(file)
        self.value = memoryview(self._map).cast("Q")
        """The mark is ``value[0]``; reading it takes 30 ns."""

    def renew(self) -> None:
        """Renew the mark, so that all processes know that something has changed."""
        self.value[0] = secrets.randbits(64)

    def close(self) -> None:
        """Close the file."""
        self.value.release()
        self._map.close()


def _mapped(file: Path | None) -> mmap.mmap:
    try:
        if file is None:
            return mmap.mmap(-1, SIZE)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            if os.fstat(handle).st_size < SIZE:
                # Written, not truncated to size: a page without room on the disk would end the process later.
                os.write(handle, secrets.token_bytes(SIZE))
            return mmap.mmap(handle, SIZE)
        finally:
            os.close(handle)
    except (OSError, ValueError):
        return mmap.mmap(-1, SIZE)  # others learn of a change a little later, from the database
