"""Patterns of events: by type, by record, by values in the body."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.errors import InstructionError
from mock_server.scenarios.event_pattern import EventPattern

BODY: Any = {"type": "order.paid", "data": {"id": "7", "total": 12.0, "tags": ["a", "b"], "note": None}}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"type": "order.paid"},
        {"record": "7"},
        {"where": {"/data/total": 12}},
        {"where": {"/data/note": {"equalTo": "null"}}},
        {"where": {"/data/tags": ["a", "b"], "/data/tags/1": "b"}},
        {"where": {"$.data.tags[*]": "b"}},
        {"where": {"/data/id": {"matches": "[0-9]"}, "/data/none": {"absent": True}}},
        {"where": {"/data": {"equalToJson": {"id": "7"}, "ignoreExtraElements": True}}},
    ],
)
def test_pattern_fits(pattern: Any) -> None:
    assert EventPattern.from_json(pattern).matches("order.paid", "7", BODY)


@pytest.mark.parametrize(
    ("pattern", "difference"),
    [
        ({"type": "order.created"}, 'type: found "order.paid"; expected "order.created"'),
        ({"record": "8"}, 'record: found "7"; expected "8"'),
        ({"where": {"/data/total": 13}}, "body /data/total: found 12.0; expected 13"),
        ({"where": {"/data/none": 1}}, "body /data/none: found nothing; expected 1"),
        ({"where": {"/data/id": 7}}, 'body /data/id: found "7"; expected 7'),
        ({"where": {"$.data.tags[*]": "c"}}, 'body $.data.tags[*]: found "a", "b"; expected "c"'),
        ({"where": {"/data/id": {"contains": "9"}}}, 'body /data/id: found "7"; expected a text with "9" in it'),
    ],
)
def test_pattern_says_what_differs(pattern: Any, difference: str) -> None:
    assert EventPattern.from_json(pattern).differences("order.paid", "7", BODY) == [difference]


@pytest.mark.parametrize(
    "pattern",
    [
        [],
        {"typ": "order.paid"},
        {"type": 7},
        {"where": []},
        {"where": {"data": 1}},
        {"where": {"$.[": 1}},
        {"where": {"/data": {"equals": 1}}},
        {"where": {"/data": {"matches": "(?=x)"}}},
        {"where": {f"/{number}": 1 for number in range(65)}},
    ],
)
def test_pattern_that_cannot_be_understood_is_refused(pattern: Any) -> None:
    with pytest.raises(InstructionError):
        EventPattern.from_json(pattern)
