"""Bodies as JSON: by orjson, and by Python's own library where that refuses."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core import compact_json
from mock_server.core.compact_json import json_body, json_bytes, value_written
from mock_server.core.types import JSON
from tests.support.hypothesis_settings import repeatable

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS, lambda child: st.lists(child) | st.dictionaries(st.text(), child))
EXACT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda child: st.lists(child) | st.dictionaries(st.text(), child),
)


def _standard(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


@repeatable
@given(VALUES)
def test_text_is_read_as_it_was(value: Any) -> None:
    assert json.loads(json_bytes(value)) == value


@repeatable
@given(EXACT)
def test_text_is_that_of_the_standard_library(value: Any) -> None:
    assert json_bytes(value) == _standard(value)


@pytest.mark.parametrize(
    "value", [2**64, -(2**70), "\ud800", {1: "a"}, {None: 1}, {"a": {"b": "\udfff"}}, ("a", 1), 1.5], ids=repr
)
def test_value_that_orjson_refuses_is_written(value: Any) -> None:
    assert json_bytes(value) == json_body(value) == _standard(value)


def test_deep_value_is_written() -> None:
    value: Any = []
    for _ in range(300):
        value = [value]
    assert json_bytes(value) == _standard(value)


def test_interpreter_without_orjson_writes_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    value: Any = {"name": "Zoë", "lines": ["a\n", '"', "\x1f"], "total": 12.5, "none": None}
    fast = json_body(value)
    monkeypatch.setattr(compact_json, "_dumps", None)
    assert json_bytes(value) == json_body(value) == fast


def test_only_last_body_has_its_value_ready() -> None:
    first, second = json_body({"a": 1}), json_body({"a": 2})
    assert value_written(second) == (True, {"a": 2})
    assert value_written(first) == value_written(bytes(bytearray(second))) == (False, None)


def test_body_that_is_no_utf8_has_no_value_ready() -> None:
    json_body({})
    assert value_written(json_body("\ud800")) == (False, None)


@pytest.mark.parametrize("write", [json_bytes, json_body])
def test_bytes_take_no_more_than_their_size(write: Callable[[JSON], bytes]) -> None:
    value: JSON = {"name": "x" * 400}
    write(value)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        bodies = [write(value) for _ in range(100)]
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held < 2 * sum(map(sys.getsizeof, bodies))
