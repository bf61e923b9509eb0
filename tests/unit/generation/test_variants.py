from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from mock_server.core.types import JSON
from mock_server.generation.pairwise import Factor, pairwise_rows
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import MAKERS
from mock_server.generation.seeding import SeedKey
from mock_server.generation.values.strings import make_text
from mock_server.generation.variants import Variant, variants
from mock_server.openapi.model import Contract


def found(schema: Any) -> list[Variant]:
    return variants(schema, SeedKey(0, "test", "x"), SchemaDocument(schema))


def test_first_variant_is_the_plain_one() -> None:
    first = found({"type": "object", "properties": {"a": {"type": ["string", "null"]}}})[0]
    assert (first.number, first.name, first.shows) == (0, "plain", ())
    assert isinstance(first.value, dict)
    assert isinstance(first.value["a"], str)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a: absent"}),
        ({"type": ["string", "null"]}, {"value: null"}),
        ({"type": "array", "items": {"type": "integer"}}, {"value: no items", "value: several items"}),
        ({"enum": ["x", "y", None]}, {"value: y", "value: null"}),
        ({"enum": [None, "x", "y"]}, {"value: y", "value: null"}),
        ({"type": "boolean"}, {"value: false"}),
        ({"type": "string", "minLength": 1, "maxLength": 5}, {"value: shortest", "value: longest"}),
        ({"type": "integer", "minimum": 1, "maximum": 10**6}, {"value: least", "value: greatest"}),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {"value: no entries", "value: several entries"},
        ),
        ({"anyOf": [{"type": "integer", "title": "Number"}, {"type": "string", "title": "Text"}]}, {"value: Text"}),
        ({"oneOf": [{"type": "integer", "title": "Number"}, {"type": "string", "title": "Text"}]}, {"value: Text"}),
    ],
)
def test_each_choice_is_shown(schema: Any, expected: set[str]) -> None:
    for seed in range(5):
        listed = variants(schema, SeedKey(seed, "test", "x"), SchemaDocument(schema))
        plain = f"value: {str(listed[0].value).lower()}"
        assert expected <= {plain, *(show for variant in listed for show in variant.shows)}
        assert listed[0].value is not None


def test_each_pair_of_choices_is_shown() -> None:
    schema: Any = {"type": "object", "properties": {name: {"type": ["integer", "null"]} for name in "abcdef"}}
    values: list[Any] = [variant.value for variant in found(schema)]
    assert len(values) < 30
    for first, second in combinations("abcdef", 2):
        states = {tuple(value.get(name, "absent") is None for name in (first, second)) for value in values}
        assert states == {(False, False), (True, False), (False, True), (True, True)}
        assert any(first not in value and second not in value for value in values)


def test_variants_cover_every_enum_value() -> None:
    countries = ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "HU", "IE", "JP", "KR", "LU", "MX", "NL"]
    address: Any = {"type": "object", "properties": {"country": {"enum": countries}}, "required": ["country"]}
    customer: Any = {"type": "object", "properties": {"billing_address": {"anyOf": [address, {"type": "null"}]}}}
    schema: Any = {"type": "object", "properties": {"data": {"type": "object", "properties": {"customer": customer}}}}
    texts = [json.dumps(variant.value) for variant in found(schema)]
    assert all(any(f'"country": "{country}"' in text for text in texts) for country in countries)


def test_variant_names_are_unique() -> None:
    either = {"anyOf": [{"type": "string"}, {"type": "string"}, {"type": "string", "format": "date-time"}]}
    names = [variant.name for variant in found(either)]
    assert len(set(names)) == len(names)
    assert "value: string date-time" in names
    assert {json.dumps(variant.value) for variant in found({"enum": [1, True]})} == {"1", "true"}


def test_untouched_parts_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pointers: list[str] = []

    def noted(walk: Any, shape: Any, place: Any) -> JSON:
        pointers.append(place.pointer)
        return make_text(walk, shape, place)

    monkeypatch.setitem(MAKERS, "string", noted)
    members: Any = {name: {"type": ["string", "null"], "format": "uuid"} for name in "abcdefgh"}
    assert len(found({"type": "object", "properties": members})) > 10
    assert max(pointers.count(f"/{name}") for name in "abcdefgh") <= 3


def test_rows_cover_each_pair_that_can_be() -> None:
    factors = [Factor(3, {}), Factor(2, {}), Factor(2, {1: 0}), Factor(4, {}), Factor(20, {}, pairs=False)]
    rows = [row.options for row in pairwise_rows(factors)]
    assert rows == [row.options for row in pairwise_rows(factors)]
    seen = {pair for row in rows for pair in combinations(sorted(row.items()), 2)}
    pairs = {
        ((first, i), (second, j))
        for first, second in combinations(range(4), 2)
        for i in range(factors[first].count)
        for j in range(factors[second].count)
        if i or j
    }
    assert pairs - seen <= {((1, 1), (2, 0)), ((1, 1), (2, 1))}
    assert {row.get(4) for row in rows} >= set(range(1, 20))


def test_customer_has_few_variants_all_valid_and_always_same(contract: Contract) -> None:
    schema: Any = {"$ref": "#/components/schemas/CustomerPortalCustomer"}
    document = SchemaDocument(dict(contract.document))
    listed = variants(schema, SeedKey(0, "customers", "x"), document)
    assert 249 <= len(listed) < 320
    assert all(document.root(schema).accepts(variant.value) for variant in listed)
    assert listed == variants(schema, SeedKey(0, "customers", "x"), document)
    assert any("billing_address: null" in variant.shows for variant in listed)
