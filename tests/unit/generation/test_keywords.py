from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mock_server.core.errors import GenerationError
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.generation.string_formats import TEXTS
from tests.support.case_files import read_cases

CASES = read_cases("schemas")
SEEDS = range(20)


def made(schema: Any, seed: int = 0, **options: Any) -> Any:
    return generate(schema, SeedKey(seed, "test", "x"), SchemaDocument(schema), **options)


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case["name"])) for case in CASES["schemas"]])
def test_what_is_made_keeps_the_schema(case: dict[str, Any]) -> None:
    schema = case["schema"]
    document = SchemaDocument(schema)
    for seed in SEEDS:
        value = generate(schema, SeedKey(seed, "test", "x"), document)
        assert not list(document.root(schema).faults(value)), value
        assert "items" not in case or (isinstance(value, list) and len(value) == case["items"])


@pytest.mark.parametrize("said", ["email", "internet.email", "faker.internet.email", {"internet.email": ["Ada"]}])
def test_faker_names_of_both_languages_work(said: Any) -> None:
    assert "@" in made({"type": "string", "x-faker": said})


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case["name"])) for case in CASES["never"]])
def test_contradicting_keywords_are_named(case: dict[str, Any]) -> None:
    with pytest.raises(GenerationError) as error:
        made(case["schema"])
    for part in case["says"]:
        assert part in str(error.value)


@pytest.mark.parametrize("name", sorted(name for name, entry in TEXTS.items() if entry.generate))
def test_formats_pass_their_checks(name: str) -> None:
    for seed in SEEDS:
        assert isinstance(made({"type": "string", "format": name}, seed), str)


def test_other_property_changes_no_value() -> None:
    properties = {name: {"type": "string"} for name in "abcd"}
    before = made({"type": "object", "properties": properties})
    after = made({"type": "object", "properties": {"new": {"type": "integer"}, **properties}})
    assert {name: after[name] for name in before} == before


def test_recursion_is_minimal() -> None:
    tree = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "array", "minItems": 1, "items": {"anyOf": [{"$ref": "#"}, {"type": "string"}]}},
            "again": {"$ref": "#"},
        },
    }
    assert all(len(json.dumps(made(tree, seed))) < 400 for seed in SEEDS)


def test_read_and_write_only_are_respected() -> None:
    schema: Any = {
        "type": "object",
        "properties": {
            "secret": {"type": "string", "writeOnly": True},
            "id": {"type": "string", "readOnly": True},
        },
    }
    draw = SeedKey(0, "test", "x")
    assert set(generate(schema, draw, SchemaDocument(schema), complete=True)) == {"id"}  # type: ignore[arg-type]
    assert set(generate(schema, draw, SchemaDocument(schema, sends="request"), complete=True)) == {"secret"}  # type: ignore[arg-type]


def test_discriminator_names_the_branch() -> None:
    document: Any = {
        "openapi": "3.1.0",
        "components": {
            "schemas": {
                "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}},
                "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}},
                "Pet": {
                    "anyOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
                },
            }
        },
    }
    shared = SchemaDocument(document)
    pets: Any = [generate({"$ref": "#/components/schemas/Pet"}, SeedKey(seed, "t", "x"), shared) for seed in SEEDS]
    assert {pet["kind"] for pet in pets} == {"cat", "Dog"}


def test_dialect_of_openapi_3_0() -> None:
    schemas: Any = {
        "Id": {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 4},
        "Thing": {
            "type": "object",
            "required": ["id", "note", "secret"],
            "properties": {
                "id": {"$ref": "#/components/schemas/Id", "type": "string"},
                "note": {"type": "string", "nullable": True},
                "secret": {"type": "string", "writeOnly": True},
            },
        },
    }
    document = SchemaDocument({"openapi": "3.0.3", "components": {"schemas": schemas}}, (3, 0))
    things: Any = [generate({"$ref": "#/components/schemas/Thing"}, SeedKey(s, "t", "x"), document) for s in range(40)]
    assert {thing["id"] for thing in things} == {4}
    assert any(thing["note"] is None for thing in things)
    assert all("secret" not in thing for thing in things)


SCALARS = st.one_of(
    st.builds(
        lambda low, width: {"type": "integer", "minimum": low, "maximum": low + width},
        st.integers(-50, 50),
        st.integers(0, 9),
    ),
    st.builds(
        lambda low, width: {"type": "string", "minLength": low, "maxLength": low + width},
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    st.builds(lambda values: {"enum": values}, st.lists(st.integers() | st.text(max_size=3), min_size=1, max_size=4)),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": "number", "multipleOf": 0.25}, True]),
    st.builds(
        lambda pattern: {"type": "string", "pattern": pattern},
        st.from_regex(r"\A\^?([a-c]|\\d|\[x-z\]){1,3}[+*?]?\$?\Z"),
    ),
)


def composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    return st.one_of(
        st.builds(
            lambda properties, names: {
                "type": "object",
                "properties": properties,
                "required": sorted(set(names) & set(properties)),
            },
            members,
            st.lists(st.sampled_from(["a", "b", "c", "ab"])),
        ),
        st.builds(
            lambda properties, rest: {
                "type": "object",
                "properties": properties,
                "minProperties": 1,
                "additionalProperties": rest,
            },
            members,
            inner,
        ),
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda prefix: {"type": "array", "prefixItems": prefix}, st.lists(inner, min_size=1, max_size=3)),
    )


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(schema=st.recursive(SCALARS, composed, max_leaves=8), seed=st.integers(0, 2**32))
def test_any_schema_yields_stable_valid_data(schema: Any, seed: int) -> None:
    value = made(schema, seed)
    assert made(schema, seed) == value
    assert Draft202012Validator(schema).is_valid(value)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    parts=st.lists(st.recursive(SCALARS, composed, max_leaves=4), min_size=2, max_size=3),
    seed=st.integers(0, 99),
    keyword=st.sampled_from(["allOf", "oneOf"]),
)
def test_combined_schemas_yield_valid_data_or_finding(parts: list[Any], seed: int, keyword: str) -> None:
    schema = {keyword: parts}
    try:
        value = made(schema, seed)
    except GenerationError:
        return
    assert Draft202012Validator(schema).is_valid(value)


def test_dead_branch_leaves_others_their_turn() -> None:
    """Whatever is of the first branch is of the second too, and so of none of both alone."""
    names = [f"field{index}" for index in range(10)]

    def kind(name: str, members: list[str]) -> dict[str, Any]:
        properties: dict[str, Any] = {member: {"type": "string"} for member in members}
        return {"type": "object", "required": [*members, "kind"], "properties": {"kind": {"const": name}, **properties}}

    narrow = {"oneOf": [kind(name, [*names, "legacy"]) for name in "abc"]}
    wide = {"oneOf": [kind(name, names) for name in "abcde"]}
    for seed in range(10):
        value: Any = made({"oneOf": [narrow, wide]}, seed)
        assert "legacy" not in value or value["kind"] in "de"
