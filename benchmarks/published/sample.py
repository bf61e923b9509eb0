"""Values that keep a schema, as plain as they may be: with what is required alone, or with every member.

Made without this project's generator, so that a request that the server refuses is one that others would send.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.published.contract import PublishedContract, Steps, mapping, way
from benchmarks.published.verdict import Schemas

_DEEPEST = 4
"""Levels of objects and lists that have optional members; below, what is required alone."""
_MOST_LEVELS = 30
"""Levels at which a schema that requires itself is given up."""
_TEXTS = {
    "date-time": "2026-03-14T09:26:53Z",
    "date": "2026-03-14",
    "time": "09:26:53Z",
    "duration": "P1D",
    "email": "lucia@example.com",
    "idn-email": "lucia@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a",
    "uri-reference": "/a",
    "url": "https://example.com/a",
    "iri": "https://example.com/a",
    "uuid": "b5a6a3b0-5f1c-4d3e-9a52-0c2f3f0f8a11",
    "uuid4": "b5a6a3b0-5f1c-4d3e-9a52-0c2f3f0f8a11",
    "byte": "YWJj",
    "json-pointer": "/a",
    "regex": "a",
    "uri-template": "/a",
    "int32": "1",
    "int64": "1",
}
_FORMATS_OF_BYTES = frozenset({"binary", "base64"})
_COMPOSED = ("allOf", "anyOf", "oneOf")


class NoSampleError(ValueError):
    """There is no value that this module finds for a schema."""


@dataclass(frozen=True)
class _Wish:
    """What is wanted of a value. ``turn`` makes values of one schema differ; ``filled`` leaves nothing empty."""

    everything: bool
    filled: bool = False
    depth: int = 0
    turn: int = 0
    above: tuple[int, ...] = ()

    def below(self, schema: int, turn: int = 0) -> _Wish:
        everything = self.everything and self.depth < _DEEPEST and schema not in self.above
        return _Wish(everything, self.filled, self.depth + 1, turn, (*self.above, schema))


class Sampler:
    """Makes values for the schemas of a contract, each held to its schema before it is given away."""

    def __init__(self, contract: PublishedContract, schemas: Schemas) -> None:
        self._contract = contract
        self._schemas = schemas

    def sample(self, steps: Steps, everything: bool, filled: bool = False) -> Any:
        """Return a value that is valid against the schema at the end of a way. Raises :class:`NoSampleError`.

        ``filled`` is for forms, in which an empty object or list cannot be written: there is none, where that may be.
        """
        schema = self._at(steps)
        for candidate in self._candidates(schema, everything, filled):
            if self._schemas.accepts(steps, candidate):
                return candidate
        raise NoSampleError(f"{'/'.join(steps)}: found no value")

    def resolved(self, steps: Steps) -> Mapping[str, Any]:
        """Return the schema at the end of a way, with references and ``allOf`` followed."""
        try:
            return self._merged(self._at(steps), 0)
        except NoSampleError:
            return {}

    def _at(self, steps: Steps) -> Any:
        node: Any = self._schemas.document
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        return node

    def _candidates(self, schema: Any, everything: bool, filled: bool) -> Iterator[Any]:
        for turn in range(3):
            for wish in (_Wish(everything, filled, turn=turn), _Wish(False, filled, turn=turn)):
                try:
                    yield self._value(schema, wish)
                except NoSampleError:
                    continue

    def _value(self, schema: Any, wish: _Wish) -> Any:
        if schema is False or wish.depth > _MOST_LEVELS:
            raise NoSampleError("found the schema false, or one that requires itself")
        schema = self._merged(schema, 0)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            values = [value for value in schema["enum"] if value is not None] or schema["enum"]
            return values[wish.turn % len(values)]
        for keyword in ("oneOf", "anyOf"):
            if schema.get(keyword):
                return self._of_branches(schema, keyword, wish)
        return self._of_type(schema, wish)

    def _of_branches(self, schema: Mapping[str, Any], keyword: str, wish: _Wish) -> Any:
        """Return the value of the first branch that has one which the whole takes too."""
        rest = {key: child for key, child in schema.items() if key != keyword}
        branches = sorted(schema[keyword], key=lambda branch: mapping(branch).get("type") == "null")
        turned = branches[wish.turn % len(branches) :] + branches[: wish.turn % len(branches)]
        for branch in turned:
            try:
                value = self._value(self._joined([rest, self._merged(branch, 0)]), wish)
            except NoSampleError:
                continue
            if self._schemas.takes(schema, value):
                return value
        raise NoSampleError(f"{keyword}: found no branch with a value")

    def _of_type(self, schema: Mapping[str, Any], wish: _Wish) -> Any:
        kinds = schema.get("type")
        kind = next((name for name in kinds if name != "null"), "null") if isinstance(kinds, list) else kinds
        if kind == "null":
            return None
        if kind == "object" or (kind is None and schema.keys() & {"properties", "required", "additionalProperties"}):
            return self._object(schema, wish)
        if kind == "array" or (kind is None and "items" in schema):
            return self._array(schema, wish)
        if kind in ("integer", "number") or (kind is None and schema.keys() & {"minimum", "maximum"}):
            return _number(schema, wish.turn, kind != "number")
        if kind == "boolean":
            return wish.turn % 2 == 0
        return _text(schema, wish.turn)

    def _object(self, schema: Mapping[str, Any], wish: _Wish) -> dict[str, Any]:
        properties = mapping(schema.get("properties"))
        required = list(schema.get("required", ()))
        value: dict[str, Any] = {}
        extra = schema.get("additionalProperties", True)
        for name in dict.fromkeys([*required, *(properties if wish.everything else ())]):
            member = properties.get(name, extra)
            try:
                value[name] = self._value(member, wish.below(id(schema)))
            except NoSampleError:
                if name in required:
                    raise
        most = schema.get("maxProperties", math.inf)
        for name in [name for name in reversed(value) if name not in required]:
            if len(value) > most:
                del value[name]
        extra_count = int(wish.filled or (wish.everything and isinstance(extra, Mapping)))
        least = max(schema.get("minProperties", 0), extra_count)
        for name in [*properties, *(f"extra{index}" for index in range(least if extra is not False else 0))]:
            if len(value) >= min(least, most):
                break
            if name not in value:
                try:
                    value[name] = self._value(properties.get(name, extra), wish.below(id(schema)))
                except NoSampleError:
                    continue
        return value

    def _array(self, schema: Mapping[str, Any], wish: _Wish) -> list[Any]:
        first = schema.get("prefixItems", [])
        count = max(
            schema.get("minItems", 0), int(wish.everything or wish.filled), len(first) if wish.everything else 0
        )
        count = min(count, schema.get("maxItems", count))
        items = schema.get("items", True)
        value: list[Any] = []
        try:
            for turn in range(count if not schema.get("uniqueItems") else 4 * count):
                item = first[len(value)] if len(value) < len(first) else items
                element = self._value(item, wish.below(id(schema), wish.turn + turn))
                if len(value) < count and not (schema.get("uniqueItems") and element in value):
                    value.append(element)
            return value
        except NoSampleError:
            if schema.get("minItems", 0):
                raise
            return []

    def _merged(self, schema: Any, depth: int) -> Mapping[str, Any]:
        """Return a schema with what its ``$ref`` and ``allOf`` say as keywords of its own."""
        if schema is True or not isinstance(schema, Mapping):
            return {}
        if depth > _MOST_LEVELS:
            raise NoSampleError("found a schema that is made of itself")
        if "$ref" not in schema and "allOf" not in schema:
            return schema
        parts: list[Mapping[str, Any]] = [{key: value for key, value in schema.items() if key not in ("$ref", "allOf")}]
        if "$ref" in schema:
            parts.append(self._merged(self._target(schema["$ref"]), depth + 1))
        parts += [self._merged(value, depth + 1) for value in schema.get("allOf", ())]
        return self._joined(parts)

    def _target(self, reference: str) -> Any:
        node = self._at(way(reference))
        if node is False:
            raise NoSampleError("found the schema false")
        return node

    def _joined(self, parts: list[Mapping[str, Any]]) -> Mapping[str, Any]:
        parts = [part for part in parts if part]
        if len(parts) <= 1:
            return parts[0] if parts else {}
        result: dict[str, Any] = {}
        for part in parts:
            for key, value in part.items():
                result[key] = _both(key, result[key], value) if key in result else value
        return result


def size_of(value: Any) -> int:
    """Return the bytes of a value in JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _both(key: str, left: Any, right: Any) -> Any:
    """Return what two values of one keyword ask for together, as near as a sample needs it."""
    if key == "properties":
        names = dict.fromkeys([*left, *right])
        return {
            name: {"allOf": [left[name], right[name]]}
            if name in left and name in right
            else left.get(name, right.get(name))
            for name in names
        }
    if key == "required":
        return [*dict.fromkeys([*left, *right])]
    if key == "enum":
        return [value for value in left if value in right]
    if key == "type":
        kinds = [kind for kind in _listed(left) if kind in _listed(right) or (kind, "number") in _pairs(right)]
        return kinds[0] if len(kinds) == 1 else kinds or right
    if key in ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"):
        return max(left, right)
    if key in ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"):
        return min(left, right)
    if key in ("anyOf", "oneOf"):
        return [{"allOf": [first, second]} for first in left for second in right]
    if key == "items":
        return {"allOf": [left, right]}
    return left if key == "additionalProperties" and right is True else right


def _listed(kind: Any) -> list[str]:
    return kind if isinstance(kind, list) else [kind]


def _pairs(kind: Any) -> list[tuple[str, str]]:
    return [("integer", name) for name in _listed(kind)]


def _number(schema: Mapping[str, Any], turn: int, whole: bool) -> int | float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0 if schema.get("maximum", 1) >= 0 else -math.inf))
    high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
    if low == -math.inf:
        low = high - 1000
    step = schema.get("multipleOf", 1 if whole or high - low > 1 else (high - low) / 4 or 1)
    value = math.ceil(low / step) * step
    if value == schema.get("exclusiveMinimum") or value < low:
        value += step
    value = value + turn * step if value + turn * step <= high else value
    return int(value) if whole or value == int(value) else value


def _text(schema: Mapping[str, Any], turn: int) -> str:
    kind = schema.get("format")
    low, high = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    if "pattern" in schema:
        return _patterned(schema, turn)
    if kind in _TEXTS:
        return _TEXTS[kind]
    text = ("text" if turn == 0 else f"text{turn}") if high >= 5 else "abcde"[turn % 5]
    return text + "x" * max(0, low - len(text)) if high >= 1 else ""


def _patterned(schema: Mapping[str, Any], turn: int) -> str:
    """Return a text for a pattern. None is made here: that is what the project's own generator is asked for."""
    from mock_server.core.errors import GenerationError
    from mock_server.generation.generator import generate
    from mock_server.generation.schema_document import SchemaDocument
    from mock_server.generation.seeding import SeedKey

    text_schema = {
        "type": "string",
        **{key: schema[key] for key in ("pattern", "minLength", "maxLength", "format") if key in schema},
    }
    try:
        return str(generate(text_schema, SeedKey(turn, "sample", ""), SchemaDocument(text_schema)))
    except GenerationError as error:
        raise NoSampleError(str(error)) from None
