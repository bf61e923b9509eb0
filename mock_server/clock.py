"""The time of a world: the real one, until a test sets or moves it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TypedDict

FARTHEST = 10**10
"""Seconds that a clock may be moved at once."""
_LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class ClockForm(TypedDict):
    """A :class:`Clock` as JSON; one that goes on tells how far it is ahead, in seconds."""

    stands_at: float | None
    ahead: float


class Clock:
    """Seconds since 1970. A clock that was set stands still until it is moved, so that a test knows the time."""

    __slots__ = ("_ahead", "_stands_at")

    def __init__(self) -> None:
        self._stands_at: float | None = None
        self._ahead = 0.0

    def now(self) -> float:
        """The time of this world."""
        return time.time() + self._ahead if self._stands_at is None else self._stands_at

    @property
    def stands(self) -> bool:
        """Whether the clock stands still."""
        return self._stands_at is not None

    @property
    def is_moved(self) -> bool:
        """Whether this is another time than the real one."""
        return self._stands_at is not None or bool(self._ahead)

    def set(self, moment: float) -> None:
        """Stand still at a moment."""
        self._stands_at = moment

    def advance(self, seconds: float) -> None:
        """Move; a clock that goes on goes on from there. Raises :class:`ValueError` beyond the year 9999."""
        if not 0 <= self.now() + seconds < _LAST:
            raise ValueError("a time before 1970 or after 9999")
        if self._stands_at is None:
            self._ahead += seconds
        else:
            self._stands_at += seconds

    def saved(self) -> ClockForm:
        """The clock as JSON."""
        return {"stands_at": self._stands_at, "ahead": self._ahead}

    @classmethod
    def restored(cls, form: ClockForm) -> Clock:
        """What was saved."""
        clock = cls()
        clock._stands_at, clock._ahead = form["stands_at"], form["ahead"]
        return clock

    def shown(self) -> str:
        """The time as RFC 3339 writes it."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now())
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> float:
    """Seconds since 1970 of a date and time with an offset (RFC 3339); raises :class:`ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    if not 0 <= seconds < _LAST:
        raise ValueError("a time before 1970 or after 9999")
    return seconds
