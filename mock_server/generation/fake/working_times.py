"""When records of a growing business are made: more each year, by day in their country, seldom on its days of rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from math import exp, log

from mock_server.core.value_class import value_class
from mock_server.generation.fake.data_tables import row
from mock_server.generation.seeding import RandomStream

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""No generated time is later: the real time must not change an answer."""
DAYS = 3 * 365
"""The days before ``NOW`` in which records are made, but for the last one and the first, which begin elsewhere."""
_GROWTH = log(6)
"""The logarithm of how many times as many records a day the business makes in the end as in the beginning."""
_AT_WEEKENDS = (0.45, 0.12)
"""Shares of the moments on a day of rest that stay there; the first is that of people, the second of companies."""
_AFTER_HOURS = (0.22, 0.06)
"""Shares of the moments outside the hours of offices."""
_OPEN, _CLOSED = 8 * 3600, 18.5 * 3600
_EVENING = 22.5 * 3600
"""Seconds after midnight at which offices open and close, and at which people go to bed."""
_ON_THE_SECOND = 0.03
"""The share of moments without a fraction of a second."""


@value_class
class WorkingTimes:
    """When a place works: ``offset`` from UTC, ``rest`` the days of the week without work (Monday is 0)."""

    offset: timedelta
    rest: frozenset[int]
    work: tuple[int, ...]


@cache
def _offsets() -> dict[str, float]:
    return {code: hours for hours, codes in row("working_times", "offsets").items() for code in codes.split()}


@cache
def _weekends() -> dict[str, frozenset[int]]:
    return {
        code: frozenset(map(int, days.split()))
        for days, codes in row("working_times", "weekends").items()
        for code in codes.split()
    }


def has_zones(country: str) -> bool:
    """Tell whether it depends on the state what time it is in a country."""
    return row("time_zones", country) is not None


@lru_cache(maxsize=1024)
def working_times(country: str, state: str = "") -> WorkingTimes:
    """Return when people work in a state of an ISO 3166 code; states are written as in addresses."""
    zones: dict[str, float] = row("time_zones", country) or {}
    hours = next((zones[start] for start in zones if state.startswith(start)), _offsets()[country])
    rest = _weekends().get(country, frozenset({5, 6}))
    return WorkingTimes(timedelta(hours=hours), rest, tuple(sorted(set(range(7)) - rest)))


def created_time(times: WorkingTimes, is_company: bool, random: RandomStream) -> datetime:
    """Return a moment in the last three years, in UTC, at which a record is made."""
    share = log(1 + random.random() * (exp(_GROWTH) - 1)) / _GROWTH
    return _moment(NOW - timedelta(days=DAYS - 1 - int(share * (DAYS - 2))), times, is_company, random)


def modified_time(created: datetime, times: WorkingTimes, is_company: bool, random: RandomStream) -> datetime:
    """Return a moment from ``created`` to ``NOW``, in UTC, at which a record is changed."""
    day = created + (NOW - created) * random.random()
    return min(max(created, _moment(day, times, is_company, random)), NOW)


def _moment(day: datetime, times: WorkingTimes, is_company: bool, random: RandomStream) -> datetime:
    """Return a moment of a day, or of a working day of the same week where people of that place rest."""
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    weekday, chance = midnight.weekday(), random.random()
    if weekday in times.rest and chance >= _AT_WEEKENDS[is_company]:
        chosen = times.work[int(random.random() * len(times.work))]
        midnight -= timedelta(days=(weekday - chosen) % 7)
        if midnight < NOW - timedelta(days=DAYS - 1):
            midnight += timedelta(days=7)
    moment = midnight + timedelta(seconds=_seconds(is_company, random)) - times.offset
    return moment.replace(microsecond=0) if random.random() < _ON_THE_SECOND else moment


def _seconds(is_company: bool, random: RandomStream) -> float:
    """Return seconds after midnight: most within the hours of offices and likeliest in their middle."""
    middle = (random.random() + random.random()) / 2
    if random.random() >= _AFTER_HOURS[is_company]:
        return _OPEN + middle * (_CLOSED - _OPEN)
    return _CLOSED + random.random() * (_EVENING - _CLOSED)
