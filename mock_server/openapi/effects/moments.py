"""Moments in values: read from texts and numbers, and moved by seconds, months and years of the calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from mock_server.core.types import JSON

UNITS = ("seconds", "minutes", "hours", "days", "weeks", "months", "years")
"""The units by which a moment is moved."""
_SECONDS: Mapping[str, int] = MappingProxyType(
    {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
)
_MONTHS: Mapping[str, int] = MappingProxyType({"months": 1, "years": 12})
_MILLISECONDS = 100_000_000_000
"""Numbers from here on are milliseconds: in seconds they would be after the year 5000."""
_OUTSIDE = "found a moment before 1970 or after 9999; expected one between"
_FIRST, _LAST = 0.0, 253_402_300_799.0
"""The moments between which texts of RFC 3339 can be written, in seconds since 1970."""


def moment_in(value: JSON) -> float | None:
    """Return the seconds since 1970 of a date and time of RFC 3339, a date, or a number; None for what is none.

    A text without an offset is in UTC. What is before 1970 or after 9999 is none.
    """
    moment = _moment(value)
    return moment if moment is not None and _FIRST <= moment <= _LAST else None


def _moment(value: JSON) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if not 0 <= value <= _LAST * 1000:  # which a float has room for
            return None
        return value / 1000 if value >= _MILLISECONDS else float(value)
    if not isinstance(value, str) or len(value) < len("2026-01-01"):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def moved(moment: float, unit: str, number: float) -> float:
    """Return a moment, in seconds since 1970, a number of units later; earlier for a negative one.

    The end of a shorter month stands for days that it has not: a month after 31 January is 28 or 29 February. Raises
    :class:`ValueError` for an unknown unit, and for a moment before 1970 or after 9999.
    """
    if not abs(number) <= _LAST:
        raise ValueError(_OUTSIDE)
    if unit in _SECONDS:
        later = moment + number * _SECONDS[unit]
    elif unit in _MONTHS:
        date = datetime.fromtimestamp(moment, UTC)
        months = date.year * 12 + date.month - 1 + int(number) * _MONTHS[unit]
        year, month = divmod(months, 12)
        if not 1970 <= year <= 9999:
            raise ValueError(f"found a moment in the year {year}; expected one from 1970 to 9999")
        day = min(date.day, monthrange(year, month + 1)[1])
        later = date.replace(year=year, month=month + 1, day=day).timestamp()
    else:
        raise ValueError(f"found the unit {unit!r}; expected one of {', '.join(UNITS)}")
    if not _FIRST <= later <= _LAST:
        raise ValueError(_OUTSIDE)
    return later


def unit_of(interval: str) -> str:
    """Return the unit that an interval names: ``months`` for ``month`` and ``months``."""
    return interval if interval.endswith("s") else f"{interval}s"
