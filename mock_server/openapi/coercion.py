"""Texts to values: what a schema says about the types of values that travel as text.

A query, a form or a header holds texts alone; only the schema tells which of them are numbers. This module guesses
types and validates nothing: what does not look like a value of a type stays a text, and validation says what is wrong
with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias

from mock_server.core.json_text import read_json
from mock_server.core.types import JSON
from mock_server.http.bracket_notation import Tree, indexed

Raw: TypeAlias = "Tree[str]"
"""A value whose leaves are still texts."""
Resolve = Callable[[JSON], JSON]
Reading = Literal["typed", "literal", "json"]
"""How texts are read: by the types that a schema has; as texts wherever allowed; as JSON wherever they are JSON."""
READINGS: tuple[Reading, ...] = ("typed", "literal")
LENIENT: tuple[Reading, ...] = ("typed", "literal", "json")
"""The readings that are tried, the likeliest first."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST_NUMBER = 400
"""Most characters of a number; Python reads no integer of more than 4,300 digits, and no API means one of 400."""
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("if", "then", "else")


class TypeHints:
    """What a schema, with all that it is composed of, says about types.

    The branches of ``allOf``, ``anyOf`` and ``oneOf`` are taken together: a shape is a hint at what a text may mean.
    The shapes of members and items are made at first use, so a schema may refer to itself.
    """

    def __init__(self, schemas: list[JSON], resolve: Resolve) -> None:
        self._resolve = resolve
        self._branches = [*_flattened(schemas, resolve)]
        self._below: dict[str | int, TypeHints] = {}
        self._listed = max((len(_listed(branch)) for branch in self._branches), default=0)
        self.types = frozenset(name for branch in self._branches for name in _types(branch))
        named = [branch["properties"] for branch in self._branches if isinstance(branch.get("properties"), dict)]
        self.names = tuple(
            dict.fromkeys(name for properties in named if isinstance(properties, dict) for name in properties)
        )
        self.is_array = "array" in self.types or (not self.types and self._says("items", "prefixItems"))
        self.is_object = "object" in self.types or (
            not self.types and self._says("properties", "additionalProperties", "patternProperties")
        )
        self.is_scalar = bool(self.types & _SCALARS) or not (self.is_array or self.is_object)

    @property
    def is_open(self) -> bool:
        """Whether an object takes names that the schema does not list, and says so."""
        extra = [branch["additionalProperties"] for branch in self._branches if "additionalProperties" in branch]
        return (
            any(schema is not False for schema in extra) or self._says("patternProperties") or not (self.names or extra)
        )

    def keyword(self, name: str) -> JSON:
        """Return the value of a keyword in the schema, or in the first branch that has it; None where none does."""
        return next((branch[name] for branch in self._branches if name in branch), None)

    def each(self, name: str) -> list[JSON]:
        """Return the values of a keyword in the schema and in all branches that have it."""
        return [branch[name] for branch in self._branches if name in branch]

    def _says(self, *keywords: str) -> bool:
        return any(keyword in branch for branch in self._branches for keyword in keywords)

    def member(self, name: str) -> TypeHints:
        """Return the shape of a member of an object."""
        if name not in self._below:
            schemas = [schema for branch in self._branches for schema in _member(branch, name)]
            self._below[name] = TypeHints(schemas, self._resolve)
        return self._below[name]

    def item(self, index: int) -> TypeHints:
        """Return the shape of an item of an array."""
        place = min(index, self._listed)
        if place not in self._below:
            schemas = [schema for branch in self._branches for schema in _item(branch, place)]
            self._below[place] = TypeHints(schemas, self._resolve)
        return self._below[place]

    def value(self, raw: Raw, reading: Reading = "typed") -> JSON:
        """Return the value that a raw value stands for."""
        if isinstance(raw, str):
            return self._of_text(raw, reading)
        if isinstance(raw, dict) and self.is_array and not self.is_object:
            raw = indexed(raw)
        if isinstance(raw, dict):
            return {name: self.member(name).value(member, reading) for name, member in raw.items()}
        if reading == "json" and len(raw) == 1 and isinstance(raw[0], str):
            whole = _json(raw[0])
            if isinstance(whole, list):
                return whole
        items = [self.item(index).value(item, reading) for index, item in enumerate(raw[: self._listed])]
        return items + self.item(self._listed).values(raw[self._listed :], reading)

    def values(self, raws: Sequence[Raw], reading: Reading) -> list[JSON]:
        """Return the values that items of this shape stand for; texts that stand there often are read once."""
        if self.is_array or self.is_object:
            return [self.value(raw, reading) for raw in raws]
        texts = {raw: self.scalar(raw, reading) for raw in {raw for raw in raws if isinstance(raw, str)}}
        return [texts[raw] if isinstance(raw, str) else self.value(raw, reading) for raw in raws]

    def _of_text(self, text: str, reading: Reading) -> JSON:
        if reading != "literal" or not self.is_scalar:
            whole = self.structure(text)
            if whole is not None:
                return whole
        if self.is_array and not self.is_scalar:
            return self.value([text], "json") if reading == "json" else [self.item(0).value(text, reading)]
        return self.scalar(text, reading)

    def structure(self, text: str) -> JSON:
        """Return the object, or list of objects, that a text is as JSON where the shape allows one; else None.

        Neither has a form of its own in a query or a form, so clients write them as JSON.
        """
        begin = text.lstrip()[:1]
        if (begin == "{" and self.is_object) or (begin == "[" and self.is_array and self.item(0).is_object):
            value = _json(text)
            return value if isinstance(value, (dict, list)) else None
        return None

    def scalar(self, text: str, reading: Reading = "typed") -> JSON:
        """Return a text as the first of null, boolean, integer, number that it is and the types allow.

        Anything else is the text itself. Numbers are those of JSON (RFC 8259, 6), so ``007`` and ``1.`` are not
        numbers; ``1.0`` is not an integer here, though it is one in JSON Schema, since servers that read a whole number
        from text refuse it.
        """
        types = self.types
        if reading == "json" and types - {"string"}:
            value = _json(text)
            kinds = {_type_of(value)} | ({"number"} if _type_of(value) == "integer" else set())
            if isinstance(value, float) and value.is_integer():
                kinds.add("integer")  # JSON Schema (2020-12, Core, 6.1.1) tells 1.0 and 1 not apart
            return value if kinds & types else text
        if not types or (reading == "literal" and "string" in types):
            return text
        # An empty text is null only where it cannot be a text.
        if "null" in types and (text == "null" or (not text and "string" not in types)):
            return None
        if "boolean" in types and text in ("true", "false"):
            return text == "true"
        if len(text) <= _LONGEST_NUMBER:
            if ("integer" in types or "number" in types) and _INTEGER.fullmatch(text):
                return int(text)
            if "number" in types and _NUMBER.fullmatch(text):
                return float(text)
        return text


def _flattened(schemas: list[JSON], resolve: Resolve) -> Iterator[dict[str, JSON]]:
    """Yield the schemas and all that they are composed of, references followed, each once."""
    seen: set[int] = set()
    waiting = [*schemas]
    while waiting:
        schema = waiting.pop(0)
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        if isinstance(schema.get("$ref"), str):
            waiting.append(resolve({"$ref": schema["$ref"]}))
        for keyword in _BRANCHES:
            branches = schema.get(keyword)
            waiting += branches if isinstance(branches, list) else []
        waiting += [schema[keyword] for keyword in _CONDITIONAL if keyword in schema]


def _types(schema: dict[str, JSON]) -> Iterator[str]:
    stated = schema.get("type")
    yield from (
        [stated] if isinstance(stated, str) else [str(name) for name in stated] if isinstance(stated, list) else []
    )
    if schema.get("nullable") is True:
        yield "null"
    if stated is None:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        yield from map(_type_of, values if isinstance(values, list) else [])


def _type_of(value: JSON) -> str:
    kinds: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    ]
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _member(schema: dict[str, JSON], name: str) -> Iterator[JSON]:
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        yield properties[name]
    elif isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def _listed(schema: dict[str, JSON]) -> list[JSON]:
    listed = schema.get("prefixItems")
    return listed if isinstance(listed, list) else []


def _item(schema: dict[str, JSON], index: int) -> Iterator[JSON]:
    listed = _listed(schema)
    if index < len(listed):
        yield listed[index]
    elif isinstance(schema.get("items"), dict):
        yield schema["items"]


def _json(text: str) -> JSON:
    """Return the value of a JSON text; the text itself where it is not JSON."""
    try:
        return read_json(text)  # type: ignore[no-any-return]
    except ValueError:
        return text
