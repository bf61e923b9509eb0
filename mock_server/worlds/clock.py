"""The time of a world: the real one, until a test sets or moves it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TypedDict

FARTHEST = 10**10
"""Most seconds that a clock may be moved at once."""
_LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class ClockJson(TypedDict):
    """Hold a :class:`WorldClock` as JSON. ``ahead``, of a running clock, is its seconds ahead of the real time."""

    stands_at: float | None
    ahead: float


class WorldClock:
    """A clock in seconds since 1970.

    Once it is set it stands still until it is moved, so that a test knows the time.
    """

    __slots__ = ("_ahead", "_stands_at")

    def __init__(self) -> None:
        self._stands_at: float | None = None
        self._ahead = 0.0

    def now(self) -> float:
        """Return the time of this world, in seconds since 1970."""
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
        """Stop the clock at a moment, in seconds since 1970."""
        self._stands_at = moment

    def advance(self, seconds: float) -> None:
        """Move the clock forward; a running one keeps running. Raises :class:`ValueError` before 1970 or after 9999."""
        if not 0 <= self.now() + seconds < _LAST:
            raise ValueError("a time before 1970 or after 9999")
        if self._stands_at is None:
            self._ahead += seconds
        else:
            self._stands_at += seconds

    def saved(self) -> ClockJson:
        """Return the clock as JSON."""
        return {"stands_at": self._stands_at, "ahead": self._ahead}

    @classmethod
    def restored(cls, form: ClockJson) -> WorldClock:
        """Return the clock that was saved as ``form``."""
        clock = cls()
        clock._stands_at, clock._ahead = form["stands_at"], form["ahead"]
        return clock

    def shown(self) -> str:
        """Return the time in the format of RFC 3339, in UTC with milliseconds."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now())
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> float:
    """Return the seconds since 1970 of a date and time with an offset (RFC 3339); raises :class:`ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    if not 0 <= seconds < _LAST:
        raise ValueError("a time before 1970 or after 9999")
    return seconds
