"""Schemas compiled once, and what they refer to."""

from __future__ import annotations

import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.schema_validators import LARGEST
from tests.support.schema_graphs import reference, ring, schemas

WIDE = LARGEST + 8


def test_dense_schema_graph_is_validated() -> None:
    graph = SchemaDocument(ring(WIDE))
    node = graph.root(reference("S0"))
    assert node.accepts({"kind": "S0", "S3": {"kind": "S3", "S1": {"kind": "S1"}}})
    value: Any = {"kind": "S0", "S3": {"kind": "S3", "S1": {"kind": "S2"}}}
    assert not node.accepts(value)
    assert node.faults(value) == [("/S3/S1/kind", "const")]
    assert node.reasons(value) == [("/S3/S1/kind", '"S2"', 'const: "S1"')]


@pytest.mark.parametrize("keyword", ["unevaluatedProperties", "unevaluatedItems"])
def test_evaluation_follows_references(keyword: str) -> None:
    inner = {"properties": {"a": {"type": "string"}, **{f"m{i}": reference("Wide") for i in range(WIDE)}}}
    graph = SchemaDocument(
        schemas(
            Wide={**inner, "prefixItems": [{"type": "string"}]},
            Closed={"allOf": [reference("Wide")], keyword: False},
        )
    )
    node = graph.root(reference("Closed"))
    good: Any
    bad: Any
    good, bad = ({"a": "x"}, {"b": 1}) if keyword == "unevaluatedProperties" else (["x"], ["x", 2])
    assert (node.accepts(good), node.accepts(bad)) == (True, False)


@pytest.mark.parametrize(
    ("width", "value", "is_good"),
    [
        ("int32", 2**31 - 1, True),
        ("int32", 2**31, False),
        ("int32", -(2**31) - 1, False),
        ("int64", 2**63, False),
        ("int64", 2**62, True),
    ],
)
def test_integers_fit_their_format(width: str, value: int, is_good: bool) -> None:
    graph = SchemaDocument(schemas(Number={"type": "integer", "format": width, "maximum": 10**30}))
    assert graph.root(reference("Number")).accepts(value) is is_good


def test_link_says_what_the_schema_says() -> None:
    """Random values, judged by jsonschema too."""
    contract = ring(WIDE)
    node, plain = SchemaDocument(contract).root(reference("S0")), Draft202012Validator({**contract, **reference("S0")})
    chance = random.Random(7)

    def value(depth: int) -> Any:
        members = {f"S{chance.randrange(WIDE)}": value(depth - 1) for _ in range(chance.randrange(3)) if depth}
        return {"kind": f"S{chance.choice([0, 0, 1])}", **members}

    for _ in range(200):
        sample = value(3)
        assert node.accepts(sample) == plain.is_valid(sample)
