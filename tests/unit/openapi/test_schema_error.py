from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.core.text import LONGEST
from mock_server.openapi.validation.error_messages import explain


def explained(schema: Any, value: Any) -> tuple[str, str, str]:
    (error,) = Draft202012Validator(schema).iter_errors(value)
    return explain(error)


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "actual", "expected"),
    [
        ({"type": "string"}, 7, "", "7", 'type: "string"'),
        ({"properties": {"a/b": {"items": {"type": "string"}}}}, {"a/b": ["x", 7]}, "/a~1b/1", "7", 'type: "string"'),
        ({"minimum": 3}, 2.5, "", "2.5", "minimum: 3"),
        ({"enum": ["é", None]}, True, "", "true", 'enum: ["é", null]'),
        ({"required": ["a"]}, {}, "", "'a' is a required property", "the required members to be there"),
        (
            {"additionalProperties": False},
            {"b": 1},
            "",
            "Additional properties are not allowed ('b' was unexpected)",
            "no other members",
        ),
        (
            {"unevaluatedProperties": False},
            {"b": 1},
            "",
            "Unevaluated properties are not allowed ('b' was unexpected)",
            "no other members",
        ),
        ({"additionalProperties": {"type": "string"}}, {"b": 1}, "/b", "1", 'type: "string"'),
        ({"not": {}}, 1, "", "1", "not: {}"),
    ],
)
def test_error_has_place_found_and_expected(schema: Any, value: Any, pointer: str, actual: str, expected: str) -> None:
    assert explained(schema, value) == (pointer, actual, expected)


def test_of_branches_that_fail_nearest_is_explained() -> None:
    pet = {"type": "object", "properties": {"name": {"type": "string"}}}
    assert explained({"anyOf": [pet, {"type": "null"}]}, {"name": 7}) == ("/name", "7", 'type: "string"')


def test_branches_by_type_are_named_together() -> None:
    pointer, actual, expected = explained({"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, [7])
    assert (pointer, actual) == ("/0", "7")
    assert "string" in expected
    assert "null" in expected


def test_nested_branches_are_explained() -> None:
    named = {"properties": {"name": {"oneOf": [{"enum": ["Tom"]}, {"type": "null"}]}}}
    pointer, actual, expected = explained({"anyOf": [{"type": "null"}, {"allOf": [named]}]}, {"name": 7})
    assert (pointer, actual) == ("/name", "7")
    assert expected


def test_schema_false_takes_no_value() -> None:
    _, actual, expected = explained({"properties": {"a": False}}, {"a": 1})
    assert actual == "1"
    assert "None" not in expected


def test_long_values_and_rules_are_cut() -> None:
    _, actual, expected = explained({"enum": ["b" * 1000]}, "a" * 1000)
    assert [len(actual), len(expected.removeprefix("enum: "))] == [LONGEST + 1, LONGEST + 1]
    assert actual.endswith("…")
    assert expected.endswith("…")


def test_non_json_value_is_shown() -> None:
    assert explained({"type": "string"}, b"\xff")[1] == "\"b'\\\\xff'\""
