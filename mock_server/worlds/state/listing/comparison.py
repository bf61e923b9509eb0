"""How texts of a query are compared with JSON values: as the values would be written, times as moments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TypeVar

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.worlds.state.identity import text_of

Bound = Literal["gt", "gte", "lt", "lte"]
Ordered = TypeVar("Ordered", float, str)

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOST_PLUS = re.compile(r" ([0-9]{2}:?[0-9]{2})$")
"""An offset whose ``+`` was not encoded, so that it reads as a space."""
_MILLISECONDS = 1e11
"""Seconds since 1970 would be above this in the year 5138: a larger number has milliseconds."""
DAY = 86_400.0
_REMEMBERED = 20_000
"""Texts whose times are remembered, about 200 bytes each."""


def number_of(text: str) -> int | float | None:
    """Return the number that a text is; None for another text."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return int(text) if text.lstrip("+-").isdigit() else number


def moment_of(value: JSON) -> float | None:
    """Return a time as seconds since 1970: of RFC 3339, of a date (its first moment in UTC), or of a number.

    None for what is no time. Seconds and milliseconds since 1970 are told apart by their size.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value / 1000 if abs(value) > _MILLISECONDS else float(value)
    return moment_of_text(value) if isinstance(value, str) else None


@lru_cache(_REMEMBERED)
def moment_of_text(text: str) -> float | None:
    """Return the time that a text is. Lists read the same times again and again."""
    if text[4:5] != "-":  # ISO 8601 without hyphens is a number to most
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text.upper()))
        except ValueError:
            return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def is_date(text: str) -> bool:
    """Tell whether a text is a date without a time."""
    return _DATE.fullmatch(text) is not None


def canonical(texts: Iterable[str], *, fold: bool = False) -> frozenset[str]:
    """Return texts as they are, and numbers among them also as JSON writes them (``5.0``: ``5``)."""
    forms = {*texts}
    forms |= {text_of(number) for number in map(number_of, forms) if number is not None}
    return frozenset(text.casefold() for text in forms) if fold else frozenset(forms)


def forms_of(texts: Iterable[str], types: frozenset[str]) -> frozenset[JSON]:
    """Return the JSON scalars of the types that are written as one of the texts."""
    forms: set[JSON] = set()
    for text in texts:
        if "string" in types:
            forms.add(text)
        number = number_of(text) if types & {"integer", "number"} else None
        if number is not None:
            forms.add(number)
        if "boolean" in types and text.lower() in _BOOLEANS:
            forms.add(_BOOLEANS[text.lower()])
    return frozenset(forms)


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@value_class
class RangeBound:
    """One end of a range, with what its text is: a number, a moment, a whole day (``is_day``)."""

    side: Bound
    text: str
    number: float | None
    moment: float | None
    is_day: bool = False

    @classmethod
    def of(cls, side: Bound, text: str) -> RangeBound:
        """Return the bound that a text is."""
        number = number_of(text)
        return cls(side, text, number, moment_of(text if number is None else number), is_date(text))

    def admits(self, value: JSON) -> bool:
        """Tell whether a value is on the right side; null, and what cannot be compared, is not."""
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, (int, float)):
            if self.number is not None:
                return _is_beyond(value, self.side, self.number)
            return self._admits_moment(moment_of(value))
        if not isinstance(value, str):
            return False
        moment = moment_of(value) if self.moment is not None else None
        if moment is not None:
            return self._admits_moment(moment, is_day=self.is_day and is_date(value))
        number = number_of(value) if self.number is not None else None
        if number is not None and self.number is not None:
            return _is_beyond(number, self.side, self.number)
        return _is_beyond(value, self.side, self.text)

    def _admits_moment(self, moment: float | None, *, is_day: bool = False) -> bool:
        """Compare moments. A day includes all of its moments: ``lte`` the last of them, ``gt`` begins after it."""
        if moment is None or self.moment is None:
            return False
        if self.is_day and not is_day and self.side == "lte":
            return moment < self.moment + DAY
        if self.is_day and not is_day and self.side == "gt":
            return moment >= self.moment + DAY
        return _is_beyond(moment, self.side, self.moment)


def _is_beyond(value: Ordered, side: Bound, limit: Ordered) -> bool:
    """Tell whether a number or a text is on the right side of another."""
    if side == "gt":
        return value > limit
    if side == "gte":
        return value >= limit
    return value < limit if side == "lt" else value <= limit
