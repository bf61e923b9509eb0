"""Deadlines: the time that work may take while other requests wait for the same thread.

On an event loop, each piece of work gets a few milliseconds. Work that needs more raises :class:`DeadlineExceeded` and
is started again in a thread, without a deadline; so it must not have changed anything but its caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=inf)


class DeadlineExceeded(BaseException):
    """Raised by work that takes longer than it may here.

    It is not an :class:`Exception`, like asyncio's CancelledError: code that handles all exceptions must not handle it.
    """


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the code in the block so many seconds."""
    token = _DEADLINE.set(monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def current() -> float:
    """Return the deadline in seconds of :func:`time.monotonic`; infinity where there is none."""
    return _DEADLINE.get()


def check(deadline: float) -> None:
    """Raise :class:`DeadlineExceeded` after a deadline (:func:`time.monotonic`)."""
    if monotonic() > deadline:
        raise DeadlineExceeded


def takes_long() -> None:
    """Raise :class:`DeadlineExceeded` where there is any deadline, before work that certainly takes longer."""
    if _DEADLINE.get() != inf:
        raise DeadlineExceeded
