from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.core.types import JSON
from tests.support.record_makers import NOW, Things

CREATED: dict[str, tuple[str, JSON]] = {
    "date-time": ("{type: string, format: date-time}", "2026-01-01T00:00:00.250000Z"),
    "whole seconds": ("{type: string, format: date-time, example: '2011-01-26T19:01:12Z'}", "2026-01-01T00:00:00Z"),
    "milliseconds of a text": (
        "{type: string, format: date-time, examples: ['2011-01-26T19:01:12.123Z']}",
        "2026-01-01T00:00:00.250Z",
    ),
    "an offset": (
        "{type: string, format: date-time, example: '2011-01-26T19:01:12+00:00'}",
        "2026-01-01T00:00:00+00:00",
    ),
    "a text without format": ("{type: string}", "2026-01-01T00:00:00.250000Z"),
    "a date": ("{type: string, format: date}", "2026-01-01"),
    "seconds": ("{type: integer}", 1_767_225_600),
    "seconds by format": ("{type: integer, format: unix-time}", 1_767_225_600),
    "milliseconds": ("{type: integer, example: 1700000000123}", 1_767_225_600_250),
}


@pytest.mark.parametrize("name", CREATED)
def test_times_are_written_as_the_schema_and_its_examples_are(tmp_path: Path, name: str) -> None:
    schema, expected = CREATED[name]
    shown = f"{{type: object, required: [id, created_at], properties: {{id: {{type: string}}, created_at: {schema}}}}}"
    assert Things(tmp_path, "{}", shown).maker.created({}, None, "k", {}, NOW).value["created_at"] == expected


@pytest.mark.parametrize("name", ["created", "createdAt", "creation_time", "date_created", "created_on", "inserted_at"])
def test_times_of_creation_go_by_many_names(tmp_path: Path, name: str) -> None:
    shown = f"{{type: object, required: [id, {name}], properties: {{id: {{type: string}}, {name}: {{type: integer}}}}}}"
    things = Things(tmp_path, "{}", shown)
    assert things.maker.created({}, None, "k", {}, NOW).value[name] == 1_767_225_600
    assert things.maker.times({}).of_creation == [name]


@pytest.mark.parametrize(
    "name", ["updated", "updatedAt", "modified_at", "last_modified", "last_updated_at", "date_updated"]
)
def test_times_of_change_are_null_until_there_is_one(tmp_path: Path, name: str) -> None:
    shown = f"{{type: object, required: [id, {name}], properties: {{id: {{type: string}},"
    things = Things(tmp_path, "{}", f"{shown} {name}: {{type: [integer, 'null']}}}}}}")
    assert things.maker.created({}, None, "k", {}, NOW).value[name] is None
    assert things.maker.times({}).of_change == [name]


def test_a_time_of_change_that_cannot_be_null_is_that_of_creation(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: string}, updated_at: {type: integer}}}"
    assert Things(tmp_path, "{}", shown).maker.created({}, None, "k", {}, NOW).value["updated_at"] == 1_767_225_600


def test_who_created_something_is_no_time(tmp_path: Path) -> None:
    shown = "{type: object, required: [id, created_by, created], properties: {id: {type: string},"
    shown += " created_by: {type: string}, created: {type: boolean}}}"
    things = Things(tmp_path, "{}", shown)
    assert things.maker.times({}).members == {}


def test_an_expiry_that_has_to_be_there_is_later(tmp_path: Path) -> None:
    shown = "{type: object, required: [id, expires_at], properties: {id: {type: string}, expires_at: {type: integer}}}"
    value = Things(tmp_path, "{}", shown).maker.created({}, None, "k", {}, NOW).value
    assert value["expires_at"] == 1_767_225_600 + 86_400
