"""JSON that is nearly right: a good value with a few of its nodes gone, doubled, swapped or replaced."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, 1e-320, 999_999_999])
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "a",
        "A" * 300,
        "\0",
        "\n",
        "é",
        "😀",
        "\ud800",
        "#",
        "#/",
        "#/components/schemas/Pet",
        "#/paths",
        "%",
        "%zz",
        "$",
        "{",
        "{}",
        "{id}",
        "/",
        "//",
        "/~x",
        "/__admin",
        "~0",
        "~2",
        "null",
        "true",
        "1",
        "-1",
        "NaN",
        "application/json",
        "*/*",
        "text/",
        "[a-z]+",
        "(",
        "(a|a)*$",
        "^(a+)+$",
        "\\p{L}",
        "string",
        "object",
        "array",
        "integer",
        "date-time",
        "2026-13-45",
        "2026-01-01T00:00:00Z",
        "http://[",
        "http://localhost:1/x.yaml",
        "3.1.0",
        "2.0",
        "4.0",
        "$..*",
        "$[?@.a",
        "default",
        "2XX",
        "200",
        "get",
        "__proto__",
        "x-mock-fixture",
        "cut",
        "mid_body",
        "pet_tom",
        "bearer",
    ]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
"""JSON of any kind; texts may hold lone surrogates."""

Pointer = tuple[str | int, ...]


def pointers(value: Any, at: Pointer = ()) -> Iterator[Pointer]:
    """Yield where each node of a value stands, as the members and indexes that lead to it."""
    yield at
    entries: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        entries = iter(value.items())
    elif isinstance(value, list):
        entries = iter(enumerate(value))
    for key, member in entries:
        yield from pointers(member, (*at, key))


def node(value: Any, at: Pointer) -> Any:
    """Return the node at a place."""
    for key in at:
        value = value[key]
    return value


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[Any], words: Sequence[str], most: int = 4) -> Any:
    """Draw one of the ``seeds`` and change it up to ``most`` times; ``words`` are members that may be added."""
    value = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, most))):
        places = [*pointers(value)]
        at = places[draw(st.integers(0, len(places) - 1))]
        other = places[draw(st.integers(0, len(places) - 1))]
        value = _changed(draw, value, at, other, words)
    return value


def _changed(draw: st.DrawFn, value: Any, at: Pointer, other: Pointer, words: Sequence[str]) -> Any:
    kind = draw(st.sampled_from(["replace", "remove", "copy", "add", "rename", "wrap"]))
    there = node(value, at)
    if kind == "add" and isinstance(there, dict):
        there[draw(st.sampled_from(words) | TEXTS)] = draw(VALUES) if draw(st.booleans()) else copied(value, other)
        return value
    if kind == "add" and isinstance(there, list):
        there.append(draw(VALUES) if draw(st.booleans()) else copied(value, other))
        return value
    if not at:
        return value if draw(st.integers(0, 9)) else draw(VALUES)
    parent, key = node(value, at[:-1]), at[-1]
    if kind == "remove":
        del parent[key]
    elif kind == "rename" and isinstance(parent, dict):
        parent[draw(st.sampled_from(words) | TEXTS)] = parent.pop(key)
    elif kind == "wrap":
        parent[key] = draw(st.sampled_from([[there], {draw(st.sampled_from(words)): there}]))
    else:
        parent[key] = copied(value, other) if kind == "copy" else draw(VALUES)
    return value


def copied(value: Any, at: Pointer) -> Any:
    """Return a copy of what stands somewhere, where it is not the better part of all."""
    there = node(value, at)
    return copy.deepcopy(there) if at else None
