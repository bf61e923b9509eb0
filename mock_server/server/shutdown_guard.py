"""A process beside the server's that sees to it that a signal ends it, whatever it is doing.

Python's handlers of signals are called between two steps of its main thread: not as long as C code runs there. But
Python's part in C writes the number of each signal to a file at once (``signal.set_wakeup_fd``). Here that is a pipe
to a small process, which waits, and ends with the server. It is a program of its own and no copy of the server, which
would keep each page that the server changes: 3.6 MB in place of 7.1.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_PROGRAM = Path(__file__).with_name("shutdown_guard_program.py")
_HEARD_BY_THE_SERVER_ALONE = [number for number in signal.Signals if number.name in ("SIGINT", "SIGTERM", "SIGHUP")]
_ENDS = b"\0"
_fd = -1


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Have this process killed when a signal that is to end it has not done so after 1.8 seconds (Linux).

    Elsewhere, and outside the main thread, nothing is done. The first process of a container cannot be killed from
    within (pid_namespaces(7)).
    """
    global _fd
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    guard = _spawned(reader)
    os.close(reader)
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    _fd = writer
    try:
        yield
    finally:
        _fd = -1
        signal.set_wakeup_fd(before)
        os.close(writer)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(guard, 0)


def _spawned(reader: int) -> int:
    """Start the program, which reads ``reader`` as its standard input, and return its process id.

    What it writes to stdout and who waits for that to close is nobody's business but the server's: it has none.
    """
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", str(_PROGRAM), str(os.getpid())],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, reader, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ],
        setsigmask=_HEARD_BY_THE_SERVER_ALONE,
    )


def tell_guard() -> None:
    """Have the guard told of signals, after an event loop has taken them for itself.

    The loop then hears of them when it turns the next time: the server's does ten times a second.
    """
    if _fd >= 0:
        signal.set_wakeup_fd(_fd, warn_on_full_buffer=False)


def tell_guard_of_end() -> None:
    """Say that the end has begun: nothing is stuck, though thousands of connections may take a while to close."""
    if _fd >= 0:
        with contextlib.suppress(OSError):
            os.write(_fd, _ENDS)
