"""Generation that ends soon, and small."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from mock_server.core.errors import GenerationError
from mock_server.generation.generator import FAILURES, LARGEST, generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from tests.support.schema_graphs import reference, ring, schemas


def made(contract: Any, name: str, **options: Any) -> Any:
    return generate(reference(name), SeedKey(0, "answers", "a"), SchemaDocument(contract), complete=True, **options)


def depth(value: Any) -> int:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((depth(member) for member in members), default=0) + isinstance(value, dict)


NESTED = schemas(
    **{
        f"L{level}": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "note": {"type": "string"}, "next": reference(f"L{level + 1}")},
        }
        for level in range(9)
    },
    L9={"type": "string"},
)


@pytest.mark.parametrize("fill", [0, 1, 2, 3])
def test_optional_members_end_at_max_depth(fill: int) -> None:
    value = made(NESTED, "L0", fill=fill)
    for _ in range(fill):
        assert {"id", "note", "next"} == value.keys()
        value = value["next"]
    assert value.keys() == {"id"}


def test_dense_graph_ends_small() -> None:
    value = made(ring(60), "S0", fill=12)
    assert len(json.dumps(value)) < LARGEST
    assert value.keys() > {"kind", "S1", "S59"}


def test_thousand_schemas_that_refer_to_each_other_end() -> None:
    chance = random.Random(3)
    names = [f"S{index}" for index in range(1000)]
    contract = schemas(
        **{
            name: {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer"},
                    **{
                        f"m{i}": {"anyOf": [{"type": "string"}, *(reference(name) for name in chance.sample(names, 2))]}
                        for i in range(8)
                    },
                },
            }
            for name in names
        }
    )
    document = SchemaDocument(contract)
    for name in names[:20]:
        value = generate(reference(name), SeedKey(0, "answers", name), document, complete=True, fill=2)
        assert document.root(reference(name)).accepts(value)
        assert len(json.dumps(value)) < 16_384


def test_optional_members_that_are_large_go() -> None:
    large = {"type": "string", "minLength": LARGEST}
    contract = schemas(
        Page={
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}, "text": large},
        }
    )
    assert made(contract, "Page", fill=2).keys() == {"id"}
    contract["components"]["schemas"]["Page"]["required"].append("text")
    assert made(contract, "Page", fill=2).keys() == {"id", "text"}


def test_all_required_members_are_there() -> None:
    names = [f"m{index}" for index in range(3000)]
    member = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    contract = schemas(Wide={"type": "object", "required": names, "properties": dict.fromkeys(names, member)})
    assert [*made(contract, "Wide", fill=2)] == names


def test_optional_contradiction_is_left_out() -> None:
    never = {"type": "string", "minLength": 3, "maxLength": 2}
    contract = schemas(Pet={"type": "object", "properties": {"id": {"type": "integer"}, "never": never}})
    assert made(contract, "Pet").keys() == {"id"}


def test_contradiction_is_named_and_cached() -> None:
    never = {"type": "string", "minLength": 3, "maxLength": 2}
    document = SchemaDocument(schemas(Pet={"type": "object", "required": ["never"], "properties": {"never": never}}))
    messages = set()
    for identity in ("a", "b"):
        with pytest.raises(GenerationError) as failure:
            generate(reference("Pet"), SeedKey(0, "answers", identity), document, complete=True, fill=2)
        messages.add(str(failure.value))
    (message,) = messages
    assert message.startswith("/never: found minLength and maxLength")
    assert document.caches[FAILURES][document.root(reference("Pet"))] == message


def test_endless_recursion_is_located() -> None:
    node = {"type": "object", "required": ["next"], "properties": {"next": reference("Node")}}
    with pytest.raises(GenerationError, match=r"^/next: found a schema that requires itself for ever"):
        made(schemas(Node=node), "Node", fill=2)


def test_answer_is_not_null_if_avoidable() -> None:
    contract = schemas(Pets={"type": ["array", "null"], "items": {"type": "integer"}})
    document = SchemaDocument(contract)
    values = [generate(reference("Pets"), SeedKey(0, "answers", str(i)), document, complete=True) for i in range(50)]
    assert None not in values
