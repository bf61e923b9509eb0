"""Two numbers in a page of memory that the processes of one machine share, for the price of reading a number."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

_SIZE = 4096
VERSION, EVENT = 0, 1


def mapped(handle: int, size: int) -> mmap.mmap:
    """Return the memory of a file that has room for all of it; without, writing to it would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.truncate(handle, size)
    return mmap.mmap(handle, size)


class SharedPage:
    """The last version of what is staged, in any world, and the number of the last event.

    They are written within the transaction that makes them: who sees a number which the file does not have yet looks
    again. Writers exclude one another by the transaction.
    """

    def __init__(self, file: Path) -> None:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._map = mapped(handle, _SIZE)
        finally:
            os.close(handle)
        self.numbers = memoryview(self._map).cast("Q")

    def close(self) -> None:
        """Let go of the page."""
        self.numbers.release()
        self._map.close()
