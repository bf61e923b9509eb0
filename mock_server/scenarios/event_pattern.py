"""Patterns of events: their type, their record, and values in their bodies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from mock_server.core.json_pointer import value_at
from mock_server.core.json_reader import JsonReader
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.scenarios.safe_matching import StepBudget, StepBudgetExceededError, json_equal
from mock_server.scenarios.value_patterns import path_of, value_pattern

KEYS = ("type", "record", "where")
MOST = 64
"""Most places of one pattern."""

BodyCheck: TypeAlias = Callable[[JSON], str]
"""Returns how a body differs, in words; empty where it does not."""


@value_class(slots=False)
class EventPattern:
    """A pattern of events; ``type`` and ``record`` are None where any fits. One without any keys matches every event.

    ``record`` is the handle of a record.
    """

    type: str | None = None
    record: str | None = None
    checks: tuple[BodyCheck, ...] = ()

    @classmethod
    def from_json(cls, data: JSON) -> EventPattern:
        """Read a pattern; raises :class:`InstructionError`."""
        members = JsonReader(data).members(KEYS)
        texts = {name: members[name].text() for name in ("type", "record") if name in members}
        places = members["where"].entries() if "where" in members else {}
        if len(places) > MOST:
            raise members["where"].refusal("limit", f"{len(places)} places", f"at most {MOST}")
        return cls(texts.get("type"), texts.get("record"), tuple(_check(*entry) for entry in places.items()))

    def differences(self, name: str, record: str, body: JSON) -> list[str]:
        """Return how an event differs, part by part, in words; empty where it matches."""
        texts: list[str] = []
        if self.type not in (None, name):
            texts.append(f"type: found {describe_value(name)}; expected {describe_value(self.type)}")
        if self.record not in (None, record):
            texts.append(f"record: found {describe_value(record)}; expected {describe_value(self.record)}")
        return [*texts, *(text for check in self.checks if (text := check(body)))]

    def matches(self, name: str, record: str, body: JSON) -> bool:
        """Tell whether an event matches."""
        return not self.differences(name, record, body)


def _check(place: str, part: JsonReader) -> BodyCheck:
    """Return the check of one place: an object is a pattern of the value there, anything else the value itself."""
    search = _search(place, part)
    fits = _by_pattern(part) if isinstance(part.value, dict) else _by_value(part.value)

    def check(body: JSON) -> str:
        try:
            values = search(body)
            texts = [fits([value]) for value in values] or [fits([])]
        except (StepBudgetExceededError, RecursionError):
            return f"body {place}: found a body too large to be looked through"
        actual = ", ".join(describe_value(value) for value in values[:3]) or "nothing"
        return "" if "" in texts else f"body {place}: found {actual}; expected {texts[0]}"

    return check


def _search(place: str, part: JsonReader) -> Callable[[JSON], list[JSON]]:
    if place.startswith("$"):
        return path_of(JsonReader(place, part.pointer))
    if place and not place.startswith("/"):
        raise part.refusal("value", describe_value(place), "a JSON Pointer (/data/id) or a JSONPath ($.data.id)")

    def pointed(body: JSON) -> list[JSON]:
        try:
            return [value_at(body, place)]
        except (LookupError, TypeError, ValueError):
            return []

    return pointed


def _by_pattern(part: JsonReader) -> Callable[[list[JSON]], str]:
    pattern = value_pattern(part)
    return lambda values: pattern(_as_text(values[0]) if values else None)


def _by_value(expected: JSON) -> Callable[[list[JSON]], str]:
    words = describe_value(expected)
    return lambda values: "" if values and json_equal(values[0], expected, StepBudget()) else words


def _as_text(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)
