"""Values of schemas that are made up, and of those where keywords narrow each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.errors import GenerationError
from tests.support.generated_values import made, wrong
from tests.support.hypothesis_settings import repeatable
from tests.support.schema_strategies import schemas


@repeatable
@given(schemas, st.text())
def test_generated_value_keeps_its_schema(schema: Any, identity: str) -> None:
    assert wrong(schema, made(schema, identity)) == []


@repeatable
@given(schemas, st.integers())
def test_generated_value_is_json_and_same_every_time(schema: Any, seed: int) -> None:
    first = made(schema, seed=seed)
    assert json.loads(json.dumps(first, allow_nan=False)) == first == made(schema, seed=seed)


@repeatable
@given(st.floats(-1000, 1000), st.floats(0, 10), st.booleans())
def test_number_lies_within_its_bounds(low: float, width: float, inclusive: bool) -> None:
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
def test_keyword_that_narrows_what_others_say_is_kept_or_refused(schema: Any) -> None:
    for index in range(10):
        try:
            value = made(schema, f"i{index}")
        except GenerationError:
            continue
        assert wrong(schema, value) == []
