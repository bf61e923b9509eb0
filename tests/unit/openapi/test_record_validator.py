from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.openapi.model import Contract
from mock_server.openapi.validation.record_validator import RecordValidator
from tests.support.contracts import Document, document, load

NAMED: Document = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
REF = {"$ref": "#/components/schemas/Named"}


def judge_of(directory: Path, schema: Any, **members: Any) -> RecordValidator:
    contract = load(directory, document(components={"schemas": {"Record": schema, "Named": NAMED}}, **members))
    return RecordValidator(contract, {"$ref": "#/components/schemas/Record"})


def problems(directory: Path, schema: Any, value: Any, **members: Any) -> list[tuple[str, str]]:
    return [(pointer, actual) for pointer, actual, _ in judge_of(directory, schema, **members).problems(value)]


TYPED = {"type": "object", "properties": {"kind": {"enum": ["cat"]}, "id": {"type": "string", "format": "uuid4"}}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (NAMED, {"name": "Tom"}, []),
        (NAMED, {"name": 7}, [("/name", "7")]),
        (NAMED, {}, [("", "'name' is a required property")]),
        (NAMED, [], [("", "[]")]),
        (TYPED, {"id": "x"}, [("/id", '"x"')]),
        (TYPED, {"kind": "dog", "id": 1}, [("/kind", '"dog"'), ("/id", "1")]),
    ],
)
def test_record_is_validated_by_its_schema(
    schema: Any, value: Any, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert sorted(problems(tmp_path, schema, value)) == sorted(expected)


UNKNOWN = "the unknown key 'nmae'; did you mean name?"


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        (NAMED, {"name": "", "nmae": ""}, ""),
        (REF, {"name": "", "nmae": ""}, ""),
        ({"type": "object", "properties": {"one": REF}}, {"one": {"name": "", "nmae": ""}}, "/one"),
        (
            {"type": "object", "properties": {"all": {"type": "array", "items": REF}}},
            {"all": [{"name": "", "nmae": ""}]},
            "/all/0",
        ),
        ({"type": "object", "additionalProperties": REF}, {"x": {"name": "", "nmae": ""}}, "/x"),
        ({"type": "array", "prefixItems": [REF]}, [{"name": "", "nmae": ""}], "/0"),
        ({"type": "object", "patternProperties": {"^x": REF}}, {"x": {"name": "", "nmae": ""}}, "/x"),
        ({"allOf": [REF, {"properties": {"age": {}}}]}, {"name": "", "nmae": ""}, ""),
        (
            {"type": "object", "properties": {"one": {"anyOf": [REF, {"type": "null"}]}}},
            {"one": {"name": "", "nmae": ""}},
            "/one",
        ),
        (
            {"type": "object", "properties": {"one": {"oneOf": [REF, {"type": "null"}]}}},
            {"one": {"name": "", "nmae": ""}},
            "/one",
        ),
        ({**NAMED, "additionalProperties": False}, {"name": "", "nmae": ""}, ""),
    ],
)
def test_member_that_schema_does_not_name_is_typing_error(
    schema: Any, value: Any, pointer: str, tmp_path: Path
) -> None:
    entries = problems(tmp_path, schema, value)
    assert [(where, what.partition(";")[0]) for where, what in entries] == [(pointer, "the unknown key 'nmae'")]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({**NAMED, "additionalProperties": True}, {"name": "", "nmae": ""}),
        ({**NAMED, "additionalProperties": {"type": "string"}}, {"name": "", "nmae": ""}),
        ({**NAMED, "unevaluatedProperties": True}, {"name": "", "nmae": ""}),
        ({"type": "object"}, {"anything": 1}),
        ({"allOf": [REF, {"properties": {"age": {}}}]}, {"name": "", "age": 1}),
        ({"anyOf": [REF, {"properties": {"age": {}}}]}, {"name": "", "age": 1}),
        ({"type": "object", "properties": {"data": True}}, {"data": {"anything": 1}}),
        ({"type": "object", "properties": {"data": {"type": "object"}}}, {"data": {"anything": 1}}),
    ],
)
def test_additional_member_is_allowed(schema: Any, value: Any, tmp_path: Path) -> None:
    assert problems(tmp_path, schema, value) == []


def test_schema_that_contains_itself_is_closed_all_way_down(tmp_path: Path) -> None:
    tree = {"type": "object", "properties": {"name": {}, "child": {"$ref": "#/components/schemas/Record"}}}
    value = {"name": 1, "child": {"name": 2, "child": {"nmae": 3}}}
    assert problems(tmp_path, tree, value) == [("/child/child", UNKNOWN)]


def test_records_of_3_0_are_validated_by_its_dialect(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "nullable": True}, "id": {"type": "string", "format": "uuid4"}},
    }
    assert problems(tmp_path, schema, {"name": None}, openapi="3.0.3") == []
    assert problems(tmp_path, schema, {"name": 7, "id": "x"}, openapi="3.0.3") == [("/name", "7"), ("/id", '"x"')]


def test_unknown_member_is_typo_in_3_0_too(tmp_path: Path) -> None:
    assert problems(tmp_path, NAMED, {"name": "", "nmae": ""}, openapi="3.0.3") == [("", UNKNOWN)]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_record_is_what_answers_show(openapi: str, tmp_path: Path) -> None:
    members = {"name": {"type": "string"}, "secret": {"type": "string", "writeOnly": True}}
    schema: Document = {"type": "object", "required": ["name", "secret"], "properties": members}
    assert problems(tmp_path, schema, {"name": "Tom"}, openapi=openapi) == []
    assert problems(tmp_path, schema, {"name": "Tom", "secret": "s"}, openapi=openapi) == [("/secret", '"s"')]


def test_member_of_several_branches_is_what_any_of_them_names(tmp_path: Path) -> None:
    data = [{"type": "object", "properties": {name: {}}} for name in ("one", "two")]
    members = [{"type": "object", "properties": {"data": schema}} for schema in data]
    lists = [{"type": "object", "properties": {"list": {"items": schema}}} for schema in data]
    assert problems(tmp_path, {"anyOf": members}, {"data": {"one": 1}}) == []
    assert problems(tmp_path, {"anyOf": lists}, {"list": [{"one": 1}]}) == []
    assert problems(tmp_path, {"anyOf": members}, {"data": {"six": 1}}) == [("/data", "the unknown key 'six'")]


def test_required_member_is_known_though_nothing_describes_it(tmp_path: Path) -> None:
    assert problems(tmp_path, {**NAMED, "required": ["name", "id"]}, {"name": "", "id": 1}) == []


def test_validation_leaves_contract_alone(tmp_path: Path) -> None:
    contract = load(tmp_path, document(components={"schemas": {"Record": {"properties": {"one": NAMED}}}}))
    before = str(contract.document)
    assert [*RecordValidator(contract, {"$ref": "#/components/schemas/Record"}).problems({"one": {"nmae": 1}})]
    assert str(contract.document) == before


@pytest.mark.parametrize(
    ("schema", "value", "order"),
    [
        ({"properties": {"b": {}, "a": {}}}, {"a": 1, "b": 2}, ["b", "a"]),
        ({"properties": {"b": {}}, "additionalProperties": True}, {"z": 0, "b": 2, "a": 1}, ["b", "z", "a"]),
        ({"allOf": [{"properties": {"b": {}}}, {"properties": {"a": {}}}]}, {"a": 1, "b": 2}, ["b", "a"]),
        (REF, {"x": 1, "name": 2}, ["name", "x"]),
    ],
)
def test_members_stand_in_order_of_schema(schema: Any, value: Any, order: list[str], tmp_path: Path) -> None:
    ordered = judge_of(tmp_path, schema).ordered(value)
    assert isinstance(ordered, dict)
    assert ([*ordered], ordered) == (order, value)


def test_nested_members_are_ordered(tmp_path: Path) -> None:
    pair: Document = {"properties": {"b": {}, "a": {}}}
    schema = {"properties": {"one": {"anyOf": [pair, {"type": "null"}]}, "all": {"items": pair}}}
    ordered: Any = judge_of(tmp_path, schema).ordered({"all": [{"a": 1, "b": 2}], "one": {"a": 1, "b": 2}})
    assert [[*ordered], [*ordered["one"]], [*ordered["all"][0]]] == [["one", "all"], ["b", "a"], ["b", "a"]]


@pytest.mark.parametrize("value", [None, 7, "x", [], {}])
def test_what_has_no_members_has_no_order(value: Any, tmp_path: Path) -> None:
    assert judge_of(tmp_path, NAMED).ordered(value) == value


def test_customer_is_validated_as_bundled_contract_wants(contract: Contract) -> None:
    validator = RecordValidator(contract, {"$ref": "#/components/schemas/CustomerPortalCustomer"})
    entries = [*validator.problems({"billing_address": {"country": "XX", "town": ""}})]
    pointers = {pointer for pointer, _, _ in entries}
    assert "" in pointers
    assert any(pointer.startswith("/billing_address") for pointer in pointers)
