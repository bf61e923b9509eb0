"""A process beside the server's that sees to it that a signal ends it, whatever it is doing.

Python's handlers of signals are called between two steps of its main thread: not as long as C code runs there. But
Python's part in C writes the number of each signal to a file at once (``signal.set_wakeup_fd``). Here that is a pipe
to a copy of the process, which is made while it is small, waits, and ends with it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from time import monotonic

END_SECONDS = 1.8
"""After that a process that was asked to end is killed."""
DRAIN_SECONDS = 5.0
"""How long one may take that has said that it is about to end."""
ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
_MESSAGE = b"ERROR: the server did not end within 1.8 seconds of the signal, and was killed\n"
_ENDS = b"\0"
_fd = -1


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Have this process killed when a signal that is to end it has not done so after 1.8 seconds (Linux).

    Elsewhere, and where there are threads, which a copy would miss, nothing is done. The first process of a container
    cannot be killed from within (pid_namespaces(7)).
    """
    global _fd
    is_main = threading.current_thread() is threading.main_thread()
    if sys.platform != "linux" or not is_main or threading.active_count() > 1:
        yield
        return
    reader, writer = os.pipe()
    server = os.getpid()
    guard = os.fork()
    if guard == 0:
        try:
            os.close(writer)
            _guard(reader, server)
        finally:
            os._exit(0)
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


def _guard(reader: int, server: int) -> None:
    """Wait for signals and for the end of the server, whose end of the pipe is then closed."""
    for number in (*ENDING, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # who reads it waits for all that have it open
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
        if _ENDS in numbers:
            deadline = monotonic() + DRAIN_SECONDS
    if os.getppid() == server:
        with contextlib.suppress(OSError):
            os.write(2, _MESSAGE)
        os.kill(server, signal.SIGKILL)
