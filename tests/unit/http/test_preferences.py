from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.messages import Request
from mock_server.http.preferences import LONGEST_DELAY, Preferences, read_preferences
from tests.support.hypothesis_settings import repeatable


def asked(*prefer: str, query: str = "") -> Request:
    return Request("GET", "/", query, tuple(("prefer", value) for value in prefer))


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("code=429", {"code": 429}),
        ("example=cat", {"example": "cat"}),
        ('example="a cat, with \\"claws\\""', {"example": 'a cat, with "claws"'}),
        ("dynamic=true", {"dynamic": True}),
        ("dynamic", {"dynamic": True}),
        ("dynamic=FALSE", {"dynamic": False}),
        ("seed=-42", {"seed": -42}),
        ("delay=250", {"delay": 250}),
        (f"delay={LONGEST_DELAY}", {"delay": LONGEST_DELAY}),
        ("CODE = 404", {"code": 404}),
        ("code=404; because=why, seed=1", {"code": 404, "seed": 1}),
        ("code=404, code=500", {"code": 404}),
        ("code=404 example=cat", {"code": 404, "example": "cat"}),
        ("return=minimal, wait=10, codes=404", {}),
        ("", {}),
    ],
)
def test_header_is_read(prefer: str, expected: dict[str, Any]) -> None:
    assert read_preferences(asked(prefer)) == (Preferences(**expected), ())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("__code=429&a=1", {"code": 429}),
        ("__example=a%20cat", {"example": "a cat"}),
        ("__dynamic=true&__seed=7&__delay=1", {"dynamic": True, "seed": 7, "delay": 1}),
        ("__dynamic", {"dynamic": True}),
        ("code=429", {}),
        ("__other=1", {}),
    ],
)
def test_query_is_read(query: str, expected: dict[str, Any]) -> None:
    assert read_preferences(asked(query=query)) == (Preferences(**expected), ())


def test_header_wins_over_query_preference_by_preference() -> None:
    read, _ = read_preferences(asked("code=404", query="__code=500&__seed=7"))
    assert read == Preferences(code=404, seed=7)


def test_of_several_headers_the_first_wins() -> None:
    assert read_preferences(asked("code=404", "code=500, seed=1"))[0] == Preferences(code=404, seed=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code", "abc"),
        ("code", "99"),
        ("code", "600"),
        ("code", "404.0"),
        ("code", ""),
        ("code", "٤٠٤"),
        ("example", ""),
        ("dynamic", "perhaps"),
        ("seed", "1.5"),
        ("seed", "9" * 19),
        ("delay", "-1"),
        ("delay", str(LONGEST_DELAY + 1)),
    ],
)
@pytest.mark.parametrize("place", ["header", "query"])
def test_known_preference_that_cannot_be_read_is_found(place: str, name: str, value: str) -> None:
    request = asked(f"{name}={value}") if place == "header" else asked(query=f"__{name}={value}")
    read, (finding,) = read_preferences(request)
    assert read == Preferences()
    assert finding.location == ("header prefer" if place == "header" else f"query __{name}")
    assert (finding.rule, finding.found) == ("preference", f"{name}={value!r}")
    assert finding.expected


def test_what_can_be_read_is_read_beside_what_cannot() -> None:
    read, findings = read_preferences(asked("code=abc, seed=7, delay=x"))
    assert read == Preferences(seed=7)
    assert [finding.found for finding in findings] == ["code='abc'", "delay='x'"]


@pytest.mark.parametrize(
    ("preferences", "names", "header"),
    [
        (Preferences(), {"code", "delay"}, ""),
        (Preferences(code=404, seed=7), {"code"}, "code=404"),
        (Preferences(seed=0, dynamic=True), {"dynamic", "seed"}, "dynamic=true, seed=0"),
        (Preferences(example="cat"), {"example"}, "example=cat"),
        (Preferences(example='a "cat"'), {"example"}, 'example="a \\"cat\\""'),
        (Preferences(delay=5), {"delay"}, "delay=5"),
    ],
)
def test_what_was_honoured_is_shown(preferences: Preferences, names: set[str], header: str) -> None:
    assert preferences.applied(frozenset(names)) == header


@repeatable
@given(st.text(st.characters(min_codepoint=1, max_codepoint=255)), st.text())
def test_no_text_makes_the_reader_fail(header: str, query: str) -> None:
    _, findings = read_preferences(asked(header, query="__" + query))
    assert {finding.rule for finding in findings} <= {"preference"}


@repeatable
@given(st.text(min_size=1, alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_example_is_named_as_preference(name: str) -> None:
    header = Preferences(example=name).applied(frozenset({"example"}))
    assert read_preferences(asked(header))[0].example == name
