"""Values of schemas that are made up, and of those where keywords narrow each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.errors import GenerationError
from mock_server.generation.string_formats import TEXTS
from tests.generation.test_walker import CHECKER, made, wrong
from tests.samples import repeatable

texts = st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": st.integers(0, 30)})
short_texts = st.integers(0, 30).flatmap(
    lambda least: st.builds(
        lambda more: {"type": "string", "minLength": least, "maxLength": least + more}, st.integers(0, 30)
    )
)
formats = st.sampled_from(
    sorted({name for name, entry in TEXTS.items() if entry.is_exact} & set(CHECKER.checkers))
).map(lambda name: {"type": "string", "format": name})
integers = st.fixed_dictionaries(
    {"type": st.just("integer")},
    optional={"minimum": st.integers(-50, 0), "maximum": st.integers(20, 50), "multipleOf": st.integers(1, 7)},
)
exclusive = st.fixed_dictionaries(
    {"type": st.just("integer"), "exclusiveMinimum": st.integers(-50, 0), "exclusiveMaximum": st.integers(2, 50)}
)
numbers = st.fixed_dictionaries(
    {"type": st.just("number")}, optional={"minimum": st.integers(-50, 0), "maximum": st.integers(1, 50)}
)
enums = st.lists(st.none() | st.booleans() | st.integers() | st.text(), min_size=1, unique_by=repr).map(
    lambda all_: {"enum": all_}
)
leaves = st.one_of(
    texts,
    short_texts,
    formats,
    integers,
    exclusive,
    numbers,
    enums,
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({}),
    st.just(True),
    st.builds(lambda value: {"const": value}, st.integers() | st.text()),
    st.just({"type": ["string", "integer", "null"]}),
)
names = st.text(alphabet="abc/~é", min_size=1, max_size=3)


def arrays(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda item_schema, least, more, first: {
            "type": "array",
            "items": item_schema,
            "minItems": least,
            "maxItems": least + more,
            **({"prefixItems": first} if first else {}),
        },
        items,
        st.integers(0, 3),
        st.integers(0, 3),
        st.lists(items, max_size=2),
    )


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda known, required, rest: {
            "type": "object",
            "properties": known,
            "required": required[: len(known)],
            "additionalProperties": rest,
        },
        st.dictionaries(names, values, max_size=4),
        st.lists(names, max_size=3, unique=True),
        values,
    )


schemas = st.recursive(
    leaves,
    lambda child: st.one_of(
        arrays(child),
        objects(child),
        st.lists(child, min_size=1, max_size=3).map(lambda any_: {"anyOf": any_}),
        st.lists(objects(child), min_size=1, max_size=1).map(lambda all_: {"allOf": all_}),
    ),
    max_leaves=8,
)


@repeatable
@given(schemas, st.text())
def test_a_generated_value_keeps_its_schema(schema: Any, identity: str) -> None:
    assert wrong(schema, made(schema, identity)) == []


@repeatable
@given(schemas, st.integers())
def test_a_generated_value_is_json_and_the_same_every_time(schema: Any, seed: int) -> None:
    first = made(schema, seed=seed)
    assert json.loads(json.dumps(first, allow_nan=False)) == first == made(schema, seed=seed)


@repeatable
@given(st.floats(-1000, 1000), st.floats(0, 10), st.booleans())
def test_a_number_lies_within_its_bounds(low: float, width: float, inclusive: bool) -> None:
    words = ("minimum", "maximum") if inclusive else ("exclusiveMinimum", "exclusiveMaximum")
    schema = {"type": "number", words[0]: low, words[1]: low + width + (0 if inclusive else 0.1)}
    assert wrong(schema, made(schema)) == []


@pytest.mark.parametrize("bounds", [(0.994, 1.1), (0.004, 0.2), (-0.2, -0.004), (5, 5), (0.001, 0.002)])
def test_rounding_leads_no_number_out_of_its_bounds(bounds: tuple[float, float]) -> None:
    schema = {"type": "number", "minimum": bounds[0], "maximum": bounds[1]}
    values = [made(schema, f"i{index}") for index in range(500)]
    assert [value for value in values if wrong(schema, value)] == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "multipleOf": 2.5, "minimum": 1},
        {"type": "number", "multipleOf": 0.25, "minimum": 0.3},
        {"type": "integer", "multipleOf": 4, "minimum": 5, "maximum": 9},
        {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}},
        {"allOf": [{"type": "string", "minLength": 9}, {"minLength": 2}]},
        {"allOf": [{"type": "integer", "minimum": 9}, {"minimum": 2}]},
        {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]},
    ],
    ids=str,
)
def test_a_keyword_that_narrows_what_others_say_is_kept_or_refused(schema: Any) -> None:
    for index in range(10):
        try:
            value = made(schema, f"i{index}")
        except GenerationError:
            continue
        assert wrong(schema, value) == []
