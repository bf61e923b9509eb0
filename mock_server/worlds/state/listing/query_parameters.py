"""The query parameters of a list as its contract has them, with what matters to read their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.worlds.state.listing.query_values import separator_of

_DEFAULT_IN_WORDS = re.compile(r"\bdefaults?\b(?: value| is| to| of|:|=|\W){0,4}([0-9][0-9,]{0,8})\b", re.IGNORECASE)
"""``The default is 10``, ``Defaults to 20.``, ``(default: 30)``."""
_LARGEST_IN_WORDS = re.compile(
    r"\bbetween \W?[0-9]+\W? and \W?([0-9][0-9,]{0,8})\b"
    r"|\bmax(?:imum)?\b(?: value| is| of| size|:|=|\W){0,4}([0-9][0-9,]{0,8})\b",
    re.IGNORECASE,
)
"""``Limit can range between 1 and 100``, ``(max 100)``, ``Maximum is 100.``"""
_FROM_ZERO = re.compile(
    r"\b(?:zero|0)[- ](?:based|indexed)|\b(?:start|begin)\w*\s+(?:at|from|with)\s+(?:0|zero)\b", re.I
)
_FROM_ONE = re.compile(
    r"\b(?:one|1)[- ](?:based|indexed)|\b(?:start|begin)\w*\s+(?:at|from|with)\s+(?:page\s+)?\W?1\b", re.I
)
_DEEPEST = 5


@value_class
class ListedParameter:
    """A query parameter. ``schema`` has the keywords of its schema, with those of the branch that is not null."""

    name: str
    schema: Mapping[str, JSON]
    shape: SchemaShape
    separator: str = ""
    """What parts the values of an array within one text; empty where each has a name of its own."""
    description: str = ""

    @property
    def types(self) -> frozenset[str]:
        """The types of its value, or of the items of an array."""
        stated = self.schema.get("type")
        listed = stated if isinstance(stated, list) else [stated]
        return frozenset(name for name in listed if isinstance(name, str)) - {"null"}

    @property
    def default(self) -> JSON:
        """The default that the schema says."""
        return self.schema.get("default")

    @property
    def enum(self) -> tuple[str, ...]:
        """The texts that the schema lists, also for the items of an array."""
        items = self.schema.get("items")
        listed = self.schema.get("enum") or (items.get("enum") if isinstance(items, dict) else None)
        return tuple(value for value in listed if isinstance(value, str)) if isinstance(listed, list) else ()

    def number(self, keyword: str) -> int | None:
        """Return a whole number that the schema says."""
        value = self.schema.get(keyword)
        return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def default_number(self) -> int | None:
        """The default as a number: of the schema, else of the description's words."""
        default = self.default
        if isinstance(default, str) and default.isdigit():
            return int(default)
        if isinstance(default, (int, float)) and not isinstance(default, bool):
            return int(default)
        match = _DEFAULT_IN_WORDS.search(self.description)
        return _plain_number(match[1]) if match else None

    @property
    def largest(self) -> int | None:
        """The largest number: of the schema, else of the description's words."""
        largest = self.number("maximum")
        if largest is None:
            match = _LARGEST_IN_WORDS.search(self.description)
            largest = _plain_number(match[1] or match[2]) if match else None
        return largest

    @property
    def begins_at_zero(self) -> bool:
        """Whether a page number counts from 0."""
        default, least = self.number("default"), self.number("minimum")
        if default is not None:
            return default == 0
        if _FROM_ONE.search(self.description):
            return False
        return least == 0 or _FROM_ZERO.search(self.description) is not None


def _plain_number(text: str) -> int:
    """Return the number that a text says, with or without commas between thousands."""
    return int(text.replace(",", ""))


def listed_parameters(contract: Contract, reader: ShapeReader, operation: Operation) -> dict[str, ListedParameter]:
    """Return the query parameters of an operation and of its path, by name."""
    item = reader.resolved(mapping_at(contract.document, "paths").get(operation.path))
    node = mapping_at(item, operation.method.lower())
    entries: list[JSON] = []
    for holder in (node, item):
        listed = holder.get("parameters")
        entries += listed if isinstance(listed, list) else []
    return parameters_by_name(reader, entries)


def parameters_by_name(reader: ShapeReader, entries: Iterable[JSON]) -> dict[str, ListedParameter]:
    """Return the query parameters among Parameter Objects and references to such, by name; the first of a name."""
    parameters: dict[str, ListedParameter] = {}
    for entry in entries:
        node = reader.resolved(entry)
        name = node.get("name")
        if isinstance(name, str) and node.get("in") == "query":
            parameters.setdefault(name, _parameter(reader, name, node))
    return parameters


def _parameter(reader: ShapeReader, name: str, node: Mapping[str, JSON]) -> ListedParameter:
    schema = plain_schema(reader, node.get("schema"))
    shape = reader.shape(node.get("schema"))
    style, explode = node.get("style"), node.get("explode")
    separator = separator_of(
        style if isinstance(style, str) else "form",
        explode if isinstance(explode, bool) else None,
        is_array=shape.kind == "array" or "items" in schema,
    )
    texts = [text for text in (node.get("description"), schema.get("description")) if isinstance(text, str)]
    return ListedParameter(name, schema, shape, separator, " ".join(texts))


def plain_schema(reader: ShapeReader, schema: JSON, depth: int = 0) -> dict[str, JSON]:
    """Return the keywords of a schema with those of all it refers to and of its branches; the outer ones count."""
    node = {**reader.resolved(schema)}
    if depth > _DEEPEST:
        return node
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = node.pop(keyword, None)
        for branch in branches if isinstance(branches, list) else ():
            if isinstance(branch, dict) and branch.get("type") != "null":
                node = {**plain_schema(reader, branch, depth + 1), **node}
    items = node.get("items")
    if isinstance(items, dict) and "$ref" in items:
        node["items"] = plain_schema(reader, items, depth + 1)
    return node
