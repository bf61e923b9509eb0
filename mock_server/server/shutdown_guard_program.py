"""The program of the guard: it kills the process that started it where a signal did not end that.

Its argument is the id of that process, its standard input a pipe from it: the number of each signal that it got, 0 when
its end has begun, closed when it is gone. It imports little, since a start of the server waits for no other.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from time import monotonic

END_SECONDS = 1.8
"""After that a process that was asked to end is killed."""
DRAIN_SECONDS = 5.0
"""How long one may take that has said that it is about to end."""
ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
_END_HAS_BEGUN = 0
_MESSAGE = b"ERROR: the server did not end within 1.8 seconds of the signal, and was killed\n"


def guard(server: int, reader: int = 0) -> None:
    """Wait for signals to the process ``server``, and for its end; kill it where it does not come in time."""
    deadline: float | None = None
    while deadline is None or (left := deadline - monotonic()) > 0:
        readable, _, _ = select.select([reader], [], [], None if deadline is None else left)
        if not readable:
            continue
        numbers = os.read(reader, 64)
        if not numbers or os.getppid() != server:
            return
        if deadline is None and not ENDING.isdisjoint(numbers):
            deadline = monotonic() + END_SECONDS
        if _END_HAS_BEGUN in numbers:
            deadline = monotonic() + DRAIN_SECONDS
    if os.getppid() == server:
        with contextlib.suppress(OSError):
            os.write(2, _MESSAGE)
        os.kill(server, signal.SIGKILL)


if __name__ == "__main__":
    guard(int(sys.argv[1]))
