"""Negation of schemas: each way in which a value can fail a schema is a schema of its own.

``not`` tells what a value must not be. To make a value, the generator needs to know what it may be instead, so each
keyword within is converted to the schemas of the values that break it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from mock_server.core.types import JSON

Schema = dict[str, JSON]

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")

NOT_VALUES = "x-mock-not-values"
NOT_PATTERNS = "x-mock-not-patterns"
NOT_FORMATS = "x-mock-not-formats"
NOT_STEPS = "x-mock-not-steps"
NOT_TYPES = "x-mock-not-types"
REPEATED = "x-mock-repeated"
STRANGER = "x-mock-stranger"
"""Keywords of the generator itself, for what JSON Schema cannot express: they never leave the process."""


def complements(schema: Mapping[str, JSON]) -> list[JSON]:
    """Return schemas of which a value that breaks the given one satisfies at least one, with rare exceptions."""
    alternatives: list[JSON] = []
    for keyword, value in schema.items():
        if keyword in _WAYS:
            alternatives += _WAYS[keyword](value, schema)
    return alternatives


def _negated(schema: JSON) -> JSON:
    return not schema if isinstance(schema, bool) else {"not": schema}


def _items(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def _members(value: JSON) -> Schema:
    return value if isinstance(value, dict) else {}


def _types(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    listed = _items(value) or [value]
    return [{NOT_TYPES: listed}]


def _properties(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    return [
        {"type": "object", "required": [name], "properties": {name: _negated(child)}}
        for name, child in _members(value).items()
        if child is not True
    ]


def _additional(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    known: Schema = dict.fromkeys(_members(schema.get("properties")), True)
    patterns: Schema = dict.fromkeys(_members(schema.get("patternProperties")), True)
    inverse: Schema = {"type": "object", "properties": known, "patternProperties": patterns}
    return [{**inverse, "additionalProperties": _negated(value), STRANGER: True}]


def _dependent(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    return [
        {"type": "object", "required": [name], "properties": {needed: False}}
        for name, names in _members(value).items()
        for needed in _items(names)
        if needed != name and isinstance(needed, str)
    ]


def _prefix(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    return [
        {"type": "array", "prefixItems": [*([True] * index), _negated(child)], "minItems": index + 1}
        for index, child in enumerate(_items(value))
        if child is not True
    ]


def _rest(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    before = len(_items(schema.get("prefixItems")))
    listed: list[JSON] = [*([True] * before), _negated(value)]
    return [] if value is True else [{"type": "array", "prefixItems": listed, "minItems": before + 1}]


def _contains(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    least, most = schema.get("minContains", 1), schema.get("maxContains")
    ways: list[JSON] = []
    if isinstance(least, (int, float)) and least == 1:
        ways.append({"type": "array", "items": _negated(value)})
    elif isinstance(least, (int, float)) and least > 1:
        ways.append({"type": "array", "contains": value, "minContains": 0, "maxContains": int(least) - 1})
    if isinstance(most, (int, float)):
        ways.append({"type": "array", "contains": value, "minContains": int(most) + 1})
    return ways


def _condition(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    ways: list[JSON] = []
    if "then" in schema:
        ways.append({"allOf": [value, _negated(schema["then"])]})
    if "else" in schema:
        ways.append({"allOf": [_negated(value), _negated(schema["else"])]})
    return ways


def _one_of(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
    branches = _items(value)
    none: JSON = {"allOf": [_negated(branch) for branch in branches]}
    pairs: list[JSON] = [
        {"allOf": [branch, other]} for index, branch in enumerate(branches) for other in branches[index + 1 :]
    ]
    return [none, *pairs[:6]]


def _count(kind: str, keyword: str, step: int) -> Callable[[JSON, Mapping[str, JSON]], list[JSON]]:
    def ways(value: JSON, schema: Mapping[str, JSON]) -> list[JSON]:
        bound = int(cast("float", value)) + step
        return [{"type": kind, keyword: bound}] if bound >= 0 else []

    return ways


def _bound(keyword: str) -> Callable[[JSON, Mapping[str, JSON]], list[JSON]]:
    return lambda value, schema: [{"type": "number", keyword: value}]


_WAYS: Mapping[str, Callable[[JSON, Mapping[str, JSON]], list[JSON]]] = {
    "$ref": lambda value, schema: [{"not": {"$ref": value}}] if len(schema) > 1 else [],
    "$dynamicRef": lambda value, schema: [{"not": {"$dynamicRef": value}}] if len(schema) > 1 else [],
    "type": _types,
    "const": lambda value, schema: [{NOT_VALUES: [value]}],
    "enum": lambda value, schema: [{NOT_VALUES: value}],
    "minimum": _bound("exclusiveMaximum"),
    "maximum": _bound("exclusiveMinimum"),
    "exclusiveMinimum": _bound("maximum"),
    "exclusiveMaximum": _bound("minimum"),
    "multipleOf": lambda value, schema: [{"type": "number", NOT_STEPS: [value]}],
    "minLength": _count("string", "maxLength", -1),
    "maxLength": _count("string", "minLength", 1),
    "pattern": lambda value, schema: [{"type": "string", NOT_PATTERNS: [value]}],
    "format": lambda value, schema: [{"type": "string", NOT_FORMATS: [value]}],
    "minItems": _count("array", "maxItems", -1),
    "maxItems": _count("array", "minItems", 1),
    "uniqueItems": lambda value, schema: [{"type": "array", "minItems": 2, REPEATED: True}] if value is True else [],
    "prefixItems": _prefix,
    "items": _rest,
    "contains": _contains,
    "minProperties": _count("object", "maxProperties", -1),
    "maxProperties": _count("object", "minProperties", 1),
    "required": lambda value, schema: [
        {"type": "object", "properties": {name: False}} for name in _items(value) if isinstance(name, str)
    ],
    "properties": _properties,
    "patternProperties": lambda value, schema: [
        {"type": "object", "patternProperties": {name: _negated(child)}, STRANGER: True}
        for name, child in _members(value).items()
        if child is not True
    ],
    "additionalProperties": _additional,
    "unevaluatedProperties": _additional,
    "unevaluatedItems": _rest,
    "propertyNames": lambda value, schema: [{"type": "object", "minProperties": 1, "propertyNames": _negated(value)}],
    "dependentRequired": _dependent,
    "dependentSchemas": lambda value, schema: [
        {"type": "object", "required": [name], "allOf": [_negated(child)]} for name, child in _members(value).items()
    ],
    "allOf": lambda value, schema: [_negated(branch) for branch in _items(value)],
    "anyOf": lambda value, schema: [{"allOf": [_negated(branch) for branch in _items(value)]}],
    "oneOf": _one_of,
    "not": lambda value, schema: [value],
    "if": _condition,
}
