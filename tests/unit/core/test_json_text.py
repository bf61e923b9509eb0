"""JSON texts of this program's own, which are read for their validation."""

from __future__ import annotations

import pytest

from mock_server.core.json_text import NotJSONError, TooDeepError, json_bytes, read_json

DEEP: object = 1
for _ in range(5):
    DEEP = [DEEP]


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "ü\u0000"]}, [], "text", {"": {"": 0}}, 10**30])
def test_own_text_is_read_as_it_was_written(value: object) -> None:
    assert read_json(json_bytes(value), is_own=True) == value == read_json(json_bytes(value))


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": -float("inf")}])
def test_own_text_with_what_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(NotJSONError, match="is no JSON"):
        read_json(json_bytes(value), is_own=True)


def test_own_text_has_as_many_levels_as_any() -> None:
    with pytest.raises(TooDeepError):
        read_json(json_bytes(DEEP), deepest=4, is_own=True)
