from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker

from mock_server.core import bundled
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_parts, value_at
from mock_server.core.types import JSON
from mock_server.generation.fake.field_providers import FIELDS
from mock_server.generation.generator import generate
from mock_server.generation.member_enums import enum_at
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import RandomStream, SeedKey
from mock_server.generation.string_formats import TEXTS
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from tests.support.countries import schemas_of
from tests.support.generated_values import CUSTOMER, customers, made, wrong
from tests.support.paths import ROOT

COUNTRY = "/billing_address/country"


# The contract that ships.


@pytest.mark.parametrize("options", [{}, {"complete": True}, {"fill_properties": False}], ids=str)
def test_generated_customers_are_valid(options: dict[str, Any], contract: Contract) -> None:
    schema = {**contract.document, "$ref": "#/components/schemas/CustomerPortalCustomer"}
    assert [wrong(schema, value) for value in customers(contract, 200, **options)] == [[]] * 200


def test_customers_differ(contract: Contract) -> None:
    values = customers(contract, 200)
    for name in ("id", "created_at", "name"):
        assert len({value[name] for value in values}) > 150
    assert {value["email_verified"] for value in values} == {True, False}
    assert {value["billing_address"] is None for value in values} == {True, False}


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_customers_are_same_across_processes(hash_seed: str, contract: Contract) -> None:
    program = (
        "import json, sys\n"
        "from mock_server.core import bundled\n"
        "from mock_server.openapi.loading.loader import load_contract\n"
        "from tests.support.generated_values import customers\n"
        "contract = load_contract(str(bundled.default_contract_path()), [str(path) for path in bundled.overlays()])\n"
        "json.dump(customers(contract, 30), sys.stdout)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Apia"},
    )
    assert json.loads(done.stdout) == customers(contract, 30)


def test_order_of_calls_changes_nothing(contract: Contract) -> None:
    order = [*range(40)]
    random.Random(7).shuffle(order)
    values = {index: generate(CUSTOMER, SeedKey(0, "customers", f"c{index}"), schemas_of(contract)) for index in order}
    assert [values[index] for index in range(40)] == customers(contract, 40)


def test_global_random_state_is_untouched(contract: Contract) -> None:
    random.seed(1)
    state = random.getstate()
    first = customers(contract, 3)
    assert random.getstate() == state
    random.seed(2)
    assert customers(contract, 3) == first


def test_new_property_changes_no_value(contract: Contract) -> None:
    document: Any = copy.deepcopy(dict(contract.document))
    properties = document["components"]["schemas"]["CustomerPortalCustomer"]["properties"]
    added = {"nickname": {"type": "string"}, "tags": {"type": "array", "items": {"type": "integer"}}}
    document["components"]["schemas"]["CustomerPortalCustomer"]["properties"] = {**added, **properties}

    changed = [
        generate(CUSTOMER, SeedKey(0, "customers", f"c{index}"), SchemaDocument(document)) for index in range(40)
    ]
    assert any("nickname" in value for value in changed if isinstance(value, dict))
    without = [
        {name: member for name, member in value.items() if name not in added}
        for value in changed
        if isinstance(value, dict)
    ]
    assert without == customers(contract, 40)


def test_every_country_has_customers(contract: Contract) -> None:
    codes = enum_at(CUSTOMER, COUNTRY, schemas_of(contract))
    assert len(codes) == 249
    schema = {**contract.document, "$ref": "#/components/schemas/CustomerPortalCustomer"}
    for code in codes:
        value = generate(CUSTOMER, SeedKey(0, "customers", str(code)), schemas_of(contract), pins={COUNTRY: code})
        assert value_at(value, COUNTRY) == code
        assert wrong(schema, value) == []


def test_complete_customer_has_every_member(contract: Contract) -> None:
    named = contract.resolve(CUSTOMER)
    assert isinstance(named, dict)
    assert isinstance(named["properties"], dict)
    assert {tuple(value) for value in customers(contract, 40, complete=True)} == {tuple(named["properties"])}


# Pins.

PET: Any = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["cat", "dog"]},
        "owner": {
            "anyOf": [{"type": "null"}, {"type": "object", "properties": {"town": {"type": ["string", "null"]}}}]
        },
        "more": {"type": "object"},
    },
}


@pytest.mark.parametrize(
    "pins",
    [
        {"/kind": "dog"},
        {"/owner/town": "Rome"},
        {"/owner": None},
        {"/kind": "cat", "/owner/town": None},
        {"/more": {"a": [1]}},
        {"": 7},
    ],
)
def test_pin_is_honoured_whatever_would_have_been_drawn(pins: dict[str, JSON]) -> None:
    for index in range(50):
        value = made(PET, f"i{index}", pins=pins)
        assert {pointer: value_at(value, pointer) for pointer in pins} == pins


def test_pin_changes_no_other_value() -> None:
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    }
    assert made(schema, pins={"/a": 7}) == {**made(schema), "a": 7}


@pytest.mark.parametrize(
    ("pointer", "enum"),
    [("/kind", ["cat", "dog"]), ("/owner", []), ("/nothing", []), ("kind", [])],
)
def test_enum_at_a_pointer_is_found(pointer: str, enum: list[JSON]) -> None:
    assert enum_at(PET, pointer, SchemaDocument(PET)) == enum


# Recursion, and what cannot be satisfied.

TREE: Any = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#tree"}},
        "next": {"$ref": "#tree"},
    },
}


def test_schema_that_contains_itself_ends() -> None:
    line: Any = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    deepest = max(json.dumps(made(line, f"i{index}")).count("{") for index in range(20))
    assert 1 < deepest < 20


@pytest.mark.parametrize(
    "schemas",
    [
        {"a": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/a"}}}},
        {"a": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/a"}}},
        {"a": {"oneOf": [{"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/a"}, {"properties": {"x": {}}}]}},
    ],
    ids=str,
)
def test_schema_that_requires_itself_for_ever_is_refused(schemas: Any) -> None:
    with pytest.raises(GenerationError):
        made({"$defs": schemas, "$ref": "#/$defs/a"})


@pytest.mark.parametrize(
    ("schema", "keywords"),
    [
        (False, ["the schema false"]),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, ["required", "properties"]),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, ["required", "additionalProperties"]),
        ({"type": "array", "minItems": 1, "items": False}, ["/0", "the schema false"]),
        ({"type": "integer", "minimum": 2, "maximum": 1}, ["minimum", "maximum"]),
    ],
)
def test_contradiction_is_refused_with_its_keywords(schema: Any, keywords: list[str]) -> None:
    with pytest.raises(GenerationError) as refused:
        made(schema)
    assert all(keyword in str(refused.value) for keyword in keywords)


def test_branch_that_nothing_satisfies_is_not_taken() -> None:
    schema = {"anyOf": [False, {"type": "integer"}]}
    assert {type(made(schema, f"i{index}")) for index in range(20)} == {int}


def test_optional_member_that_nothing_satisfies_is_left_out() -> None:
    assert made({"type": "object", "properties": {"a": False, "b": {"const": 1}}}, complete=True) == {"b": 1}


def test_map_is_filled_unless_told_not_to() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert len(made(schema)) == 1
    assert made(schema, fill_properties=False) == {}
    assert len(made({**schema, "minProperties": 2}, fill_properties=False)) == 2


def test_null_comes_sometimes_where_allowed() -> None:
    for schema in (
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ):
        nulls = sum(made(schema, f"i{index}") is None for index in range(200))
        assert 10 < nulls < 100


# Formats and field names.


@pytest.mark.parametrize("name", [name for name, entry in TEXTS.items() if entry.is_exact])
def test_value_of_a_format_is_of_it(name: str) -> None:
    values = [made({"type": "string", "format": name}, f"i{index}") for index in range(50)]
    assert [wrong({"type": "string", "format": name}, value) for value in values] == [[]] * 50
    if name not in ("byte", "regex"):
        assert len(set(values)) > 5


SHAPES: list[Any] = [
    {"type": "string"},
    {"type": "integer"},
    {"type": "boolean"},
    {"type": "null"},
    {"type": "array", "items": {"type": "integer"}},
    {"type": "object", "properties": {"a": {"type": "integer"}}},
    {"type": "string", "maxLength": 3},
    {"type": "string", "minLength": 40},
    {"type": "string", "enum": ["SE"]},
    {"type": "string", "format": "uuid"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "date-time"},
    {"enum": ["on", "off"]},
    {"const": "x"},
    {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    {"allOf": [{"type": "string"}, {"maxLength": 5}]},
]


@pytest.mark.parametrize("schema", SHAPES, ids=str)
def test_schema_wins_over_field_name(schema: Any) -> None:
    whole = {"type": "object", "required": [*FIELDS], "properties": dict.fromkeys(FIELDS, schema)}
    assert [fault for index in range(20) for fault in wrong(whole, made(whole, f"i{index}"))] == []


def test_parts_of_answer_in_3_0_are_those_that_may_be_read() -> None:
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "readOnly": True}, "password": {"type": "string", "writeOnly": True}},
    }
    judge = OAS30ReadValidator(schema, format_checker=oas30_format_checker)
    values = [made(schema, f"i{index}") for index in range(20)]
    assert [[error.message for error in judge.iter_errors(value)] for value in values] == [[]] * 20


def test_walk_follows_pointer_of_each_value() -> None:
    seen: list[str] = []

    class Watching(SeedKey):
        def at(self, pointer: str) -> RandomStream:
            seen.append(pointer.partition("#")[0])
            return super().at(pointer)

    schema: JSON = {
        "type": "object",
        "required": ["a/b"],
        "properties": {"a/b": {"type": "array", "minItems": 1, "items": {"type": "integer"}}},
    }
    value = generate(schema, Watching(0, "pets", "tom"), SchemaDocument(schema))
    for pointer in seen:
        if not pointer.startswith("persona/") and pointer_parts(pointer):
            value_at(value, pointer)
    assert "/a~1b/0" in seen


def test_customers_of_bundled_contract_are_those_of_its_overlays() -> None:
    plain = load_contract(str(bundled.default_contract_path()))
    assert isinstance(generate(CUSTOMER, SeedKey(0, "customers", "x"), schemas_of(plain)), dict)
    assert Path(plain.name) == bundled.default_contract_path()
