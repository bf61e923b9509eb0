"""Differences of values as JSON Patch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath import JSONPatch

from mock_server.core.json_difference import json_patch

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["a", "b", "~", "/", ""]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_patch_makes_one_value_into_the_other(before: Any, after: Any) -> None:
    operations: Any = json_patch([before], [after])  # a root that is replaced is not for that library
    assert sorted_text(JSONPatch(operations).apply([before])) == sorted_text([after])


def sorted_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    ("before", "after", "operations"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [{"op": "replace", "path": "/a", "value": True}]),
        ({"a": 1, "b/c": 2}, {"a": 1}, [{"op": "remove", "path": "/b~1c"}]),
        ({}, {"a": None}, [{"op": "add", "path": "/a", "value": None}]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [{"op": "replace", "path": "/a/c", "value": 3}]),
        (["a", "b", "c"], ["a", "c"], [{"op": "remove", "path": "/1"}]),
        (["a", "c"], ["a", "b", "c"], [{"op": "add", "path": "/1", "value": "b"}]),
        ([{"a": 1}, "z"], [{"a": 2}, "z"], [{"op": "replace", "path": "/0/a", "value": 2}]),
        ([1], {"a": 1}, [{"op": "replace", "path": "", "value": {"a": 1}}]),
    ],
)
def test_patch_has_what_differs(before: Any, after: Any, operations: Any) -> None:
    assert json_patch(before, after) == operations
