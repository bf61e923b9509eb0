"""Plans of values: what a plan makes is what a search makes, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_server.core.errors import GenerationError
from mock_server.core.types import JSON
from mock_server.generation.fake.field_providers import FIELDS
from mock_server.generation.generator import enough_of, generate, search_value
from mock_server.generation.plans import value_plan
from mock_server.generation.plans.run import PlanSettings, Unplanned
from mock_server.generation.plans.value_plan import PlanStore, ValuePlan
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import FULL
from mock_server.generation.seeding import SeedKey
from tests.support.hypothesis_settings import repeatable
from tests.support.schema_strategies import leaves, schemas

NAMES = st.sampled_from([*FIELDS, "id", "count", "items", "a/b"])
LEAVES = leaves | st.sampled_from(
    [
        {"type": "string", "example": "an example"},
        {"type": ["string", "null"], "format": "date-time"},
        {"type": ["string", "null"], "pattern": "^[a-f]{4}$"},
        {"type": "number", "minimum": 0.125, "exclusiveMaximum": 0.13},
        {"type": "array", "uniqueItems": True, "items": {"enum": [1, 2, 3]}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "minProperties": 2},
        {"$ref": "#"},
        {"not": {"type": "string"}},
        False,
    ]
)


def _objects(child: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda properties, required, least, most: {
            "type": "object",
            "properties": properties,
            "required": [name for name in required if name in properties],
            **({} if least is None else {"minProperties": least}),
            **({} if most is None else {"maxProperties": most}),
        },
        st.dictionaries(NAMES, child, max_size=5),
        st.lists(NAMES, max_size=2, unique=True),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(3, 5),
    )


ANY = st.recursive(
    LEAVES,
    lambda child: st.one_of(
        _objects(child),
        st.builds(lambda item: {"type": "array", "items": item}, child),
        st.lists(child, min_size=1, max_size=3).map(lambda any_: {"anyOf": any_}),
        st.lists(child, min_size=1, max_size=3).map(lambda one: {"oneOf": one}),
        st.builds(lambda left, right: {"allOf": [left, right]}, _objects(child), _objects(child)),
    ),
    max_leaves=12,
)
FILLS = st.sampled_from([0, 1, 2, FULL])


def _settings(complete: bool = True, exemplary: bool = False, fill: int = FULL, **others: Any) -> PlanSettings:
    pins = frozenset(others.get("pins", ()))
    return PlanSettings(True, complete, fill, others.get("enough", enough_of(fill)), exemplary, pins, frozenset())


def _planned(schema: JSON, settings: PlanSettings, identity: str = "tom", **pins: JSON) -> str:
    """Return what a plan makes, as JSON; raises :class:`Unplanned`."""
    node = SchemaDocument(schema).root(schema)
    return json.dumps(ValuePlan(node, settings).value(SeedKey(0, "pets", identity), pins))


def _searched(schema: JSON, settings: PlanSettings, identity: str = "tom", **pins: JSON) -> str:
    node = SchemaDocument(schema).root(schema)
    return json.dumps(search_value(node, SeedKey(0, "pets", identity), pins, settings))


@repeatable
@example({"type": "array", "uniqueItems": True, "items": {"enum": [1, 2]}, "minItems": 2}, True, True, 2, 3)
@given(ANY | schemas, st.booleans(), st.booleans(), FILLS, st.integers(1, 30))
def test_plan_and_search_make_same_value(schema: Any, complete: bool, exemplary: bool, fill: int, enough: int) -> None:
    settings = _settings(complete, exemplary, fill, enough=enough)
    node = SchemaDocument(schema).root(schema)
    try:
        plan = ValuePlan(node, settings)
    except GenerationError:  # a dangling reference, say
        return
    for index in range(4):
        draw = SeedKey(0, "pets", f"tom{index}")
        try:
            planned = plan.value(draw, {})
        except Unplanned:
            continue
        assert json.dumps(planned) == json.dumps(search_value(node, draw, {}, settings))


PLANNED: dict[str, Any] = {
    "object": {"properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "ok": {"type": "boolean"}}},
    "number": {"type": "number", "minimum": 0.25, "maximum": 9},
    "nested": {"properties": {"a": {"properties": {"b": {"properties": {"c": {"type": "string"}}}}}}},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
    "array": {"type": "array", "items": {"properties": {"email": {"type": "string"}, "type": {"enum": ["a", "b"]}}}},
    "different items": {"type": "array", "items": {"enum": [*range(5)]}, "uniqueItems": True, "minItems": 3},
    "choice": {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}, {"type": "null"}]},
    "nullable": {"properties": {"at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}}},
    "discriminator": {
        "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
        "discriminator": {"propertyName": "kind"},
        "$defs": {
            "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "Cat"}}},
            "Dog": {
                "type": "object",
                "required": ["kind", "bark"],
                "properties": {"kind": {"const": "Dog"}, "bark": {"type": "boolean"}},
            },
        },
    },
    "recursive": {"properties": {"name": {"type": "string"}, "child": {"$ref": "#"}}},
    "merged": {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"minimum": 900}}}]},
    "pattern": {"properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"}}},
    "example": {"properties": {"a": {"type": "string", "example": "x"}, "b": {"type": "integer", "default": 3}}},
}


@pytest.mark.parametrize("complete", [True, False], ids=["complete", "some members"])
@pytest.mark.parametrize("fill", [0, 1, FULL])
@pytest.mark.parametrize("name", PLANNED)
def test_usual_schema_needs_no_search(name: str, fill: int, complete: bool) -> None:
    settings = _settings(complete, exemplary=True, fill=fill)
    identities = [f"tom{index}" for index in range(12)]
    planned = {identity: _planned(PLANNED[name], settings, identity) for identity in identities}
    assert planned == {identity: _searched(PLANNED[name], settings, identity) for identity in identities}


@pytest.mark.parametrize("pin", ["/country", "/home/country", "/tags/0", "/extra"])
def test_plan_has_pinned_values(pin: str) -> None:
    country: JSON = {"enum": ["SE", "FR", "JP"]}
    schema: JSON = {
        "properties": {
            "country": country,
            "home": {"type": "object", "properties": {"country": country, "city": {"type": "string"}}},
            "tags": {"type": "array", "items": {"enum": ["SE", "b"]}, "minItems": 1},
            "extra": {"type": ["string", "null"]},
        }
    }
    settings = _settings(complete=False, pins=[pin])
    for index in range(8):
        planned = _planned(schema, settings, f"tom{index}", **{pin: "SE"})
        assert '"SE"' in planned
        assert planned == _searched(schema, settings, f"tom{index}", **{pin: "SE"})


def test_many_values_leave_deeper_objects_lean() -> None:
    item: JSON = {"properties": {"a": {"properties": {name: {"type": "integer"} for name in "abcdefgh"}}}}
    schema: JSON = {"type": "object", "properties": {"rows": {"type": "array", "minItems": 9, "items": item}}}
    settings = _settings(fill=3, enough=20)
    assert _planned(schema, settings).count("{}") > 1
    assert _planned(schema, settings) == _searched(schema, settings)


def test_refused_name_is_made_by_its_schema() -> None:
    schema: JSON = {
        "type": "object",
        "required": ["email"],
        "properties": {"email": {"type": "string", "maxLength": 3}},
    }
    document = SchemaDocument(schema)
    values = [generate(schema, SeedKey(0, "pets", f"i{index}"), document) for index in range(9)]
    assert [len(str(value["email"])) <= 3 for value in values if isinstance(value, dict)] == [True] * 9


def _plan_after(searches: int, store: PlanStore, schema: JSON) -> ValuePlan | None:
    node = SchemaDocument(schema).root(schema)
    plans = [store.plan(node, _settings()) for _ in range(searches)]
    return plans[-1]


def test_schema_that_comes_again_gets_a_plan() -> None:
    assert _plan_after(2, PlanStore(), {"type": "string"}) is None
    assert _plan_after(3, PlanStore(), {"type": "string"}) is not None


def test_plan_that_leads_nowhere_is_given_up() -> None:
    schema: JSON = {"type": "object", "properties": {"a": {"not": {}}}}
    node, store = SchemaDocument(schema).root(schema), PlanStore()
    uses = 0
    for index in range(20):
        plan = store.plan(node, _settings())
        if plan is not None:
            uses += 1
            with pytest.raises(Unplanned):
                plan.value(SeedKey(0, "pets", str(index)), {})
    assert uses == 4


def test_oldest_plans_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_plan, "MOST_PLANS", 2)
    store = PlanStore()
    nodes = [SchemaDocument(size).root({"type": "string", "minLength": size}) for size in range(3)]
    for node in nodes:
        for _ in range(3):
            store.plan(node, _settings())
    assert store.plan(nodes[2], _settings()) is not None
    assert store.plan(nodes[0], _settings()) is None
