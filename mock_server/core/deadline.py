"""Deadlines: the time that work may take while other requests wait for the same thread.

Who answers requests on an event loop gives each piece of work a few milliseconds there. Work that finds it needs more
raises :class:`DeadlineExceeded` and is begun anew in a thread, without a deadline; so it must have changed nothing but
what it remembers for the next time.

Work that would have to wait, for a lock or another machine, raises :class:`WaitNeeded` likewise. That may be forbidden
alone, without a deadline, and is allowed again once the work has changed something (:func:`has_changed`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from math import inf
from time import monotonic

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=inf)


class DeadlineExceeded(BaseException):
    """Raised by work that takes longer than it may here.

    It is not an :class:`Exception`, like asyncio's CancelledError: code that handles all exceptions must not handle it.
    """


class WaitNeeded(DeadlineExceeded):
    """The work has to wait for somebody else, which it may not here.

    ``first`` is what has to be done first where waiting is allowed, if that is known: the work may then be begun anew.
    It changes nothing but what is remembered. ``is_for_hub`` tells waiting for a hub from that for a store.
    """

    def __init__(self, first: Callable[[], object] | None = None, *, is_for_hub: bool = False) -> None:
        super().__init__()
        self.first = first
        self.is_for_hub = is_for_hub


_FORBIDDEN: ContextVar[list[bool] | None] = ContextVar("forbidden", default=None)
"""Whether waiting is forbidden, in a list that the work can change."""


class without_waiting:  # noqa: N801 - used as a context manager; a generator takes four times as long, at each request
    """Forbid what runs in the block to wait."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token: Token[list[bool] | None] = _FORBIDDEN.set([True])

    def __exit__(self, *_: object) -> None:
        _FORBIDDEN.reset(self._token)


def may_wait() -> bool:
    """Return whether waiting is allowed here."""
    forbidden = _FORBIDDEN.get()
    return forbidden is None or not forbidden[0]


def waits(*, for_hub: bool = False) -> None:
    """Raise :class:`WaitNeeded` where waiting is forbidden: what follows has to."""
    if not may_wait():
        raise WaitNeeded(is_for_hub=for_hub)


def has_changed() -> None:
    """Allow waiting from here on: something was changed that must not be changed twice."""
    forbidden = _FORBIDDEN.get()
    if forbidden is not None:
        forbidden[0] = False


class within:  # noqa: N801 - as above
    """Give what runs in the block so much time."""

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._token: Token[float] = _DEADLINE.set(monotonic() + self._seconds)

    def __exit__(self, *_: object) -> None:
        _DEADLINE.reset(self._token)


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


PATIENCE = 0.008
"""Seconds that a piece of work may take on the event loop: about as long as a first answer of 150 values takes."""
