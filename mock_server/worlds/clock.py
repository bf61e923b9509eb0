"""The time of a world: the hub's, until a test sets or moves it. Here are its bounds, and its form in texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mock_server.hub.staged_world import LAST_MOMENT

FARTHEST = 10**10
"""Most seconds that a clock may be moved at once."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_text(moment: float) -> str:
    """Return a moment, in seconds since 1970, in the format of RFC 3339, in UTC with milliseconds."""
    return (_EPOCH + timedelta(seconds=moment)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> float:
    """Return the seconds since 1970 of a date and time with an offset (RFC 3339); raises :class:`ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    seconds = (moment - _EPOCH).total_seconds()
    if not 0 <= seconds < LAST_MOMENT:
        raise ValueError("a time before 1970 or after 9999")
    return seconds
