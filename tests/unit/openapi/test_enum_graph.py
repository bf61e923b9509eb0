"""The enum values that a value contains, by the schemas that apply to it."""

from __future__ import annotations

from typing import Any

from mock_server.core.types import JSON
from mock_server.openapi.enum_graph import EnumGraph
from mock_server.openapi.traversal import target

COLOUR: JSON = {"type": "string", "enum": ["red", "blue"]}


def _met(schema: JSON, value: JSON, **schemas: JSON) -> list[tuple[str, str]]:
    document: dict[str, JSON] = {"components": {"schemas": schemas}}

    def resolve(node: JSON) -> JSON:
        reference = node.get("$ref") if isinstance(node, dict) else None
        return target(document, str(reference)) if reference else node

    return sorted(EnumGraph(resolve).values(schema, value))


def _ref(name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}"}


def test_enum_is_met_in_members_items_and_branches() -> None:
    schema: JSON = {
        "properties": {
            "colour": {"anyOf": [COLOUR, {"type": "null"}]},
            "a/b": {"type": "array", "items": {"properties": {"colour": COLOUR}}},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        }
    }
    value: JSON = {"colour": "red", "a/b": [{"colour": "blue"}, {"colour": "grey"}], "name": "red", "other": "red"}
    assert _met(schema, value) == [("/a~1b/*/colour", "blue"), ("/colour", "red")]


def test_enum_behind_recursive_schema_is_met() -> None:
    node: JSON = {"properties": {"parent": _ref("Node"), "twin": _ref("Twin")}}
    twin: JSON = {"properties": {"node": _ref("Node"), "colour": COLOUR}}
    value: JSON = {"parent": {"parent": {"twin": {"colour": "blue", "node": {"twin": {"colour": "red"}}}}}}
    met = [("/parent/parent/twin/colour", "blue"), ("/parent/parent/twin/node/twin/colour", "red")]
    assert _met(_ref("Node"), value, Node=node, Twin=twin) == met


def test_recursive_schema_without_enum_shows_none() -> None:
    tree: JSON = {"properties": {"left": _ref("Tree"), "right": _ref("Tree")}}
    assert _met(_ref("Tree"), {"left": {"right": {}}}, Tree=tree) == []


def test_enum_of_numbers_is_met_by_its_text() -> None:
    assert _met({"enum": [1, None, True]}, None) == [("", "null")]
    assert _met({"items": {"enum": [1, True]}}, [1, True, 2]) == [("/*", "1"), ("/*", "true")]
