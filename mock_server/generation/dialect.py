"""The schemas of OpenAPI 3.0, rewritten to JSON Schema 2020-12, so that one generator works for both."""

from __future__ import annotations

from typing import cast

from mock_server.core.types import JSON

Schema = dict[str, JSON]

_MAPS = ("properties",)
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLES = ("additionalProperties", "items", "not")
_UNKNOWN_TO_IT = frozenset(
    {
        "$anchor",
        "$defs",
        "$dynamicAnchor",
        "$dynamicRef",
        "$id",
        "const",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxContains",
        "minContains",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""Keywords of 2020-12 that have no meaning in 3.0."""


def to_2020_12(schema: JSON) -> JSON:
    """Return a schema of OpenAPI 3.0 rewritten to 2020-12."""
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # what stands beside a reference is ignored in 3.0
    result = {key: value for key, value in schema.items() if key not in _UNKNOWN_TO_IT}
    for key in _MAPS:
        if isinstance(result.get(key), dict):
            result[key] = {name: to_2020_12(child) for name, child in cast("Schema", result[key]).items()}
    for key in _LISTS:
        if isinstance(result.get(key), list):
            result[key] = [to_2020_12(child) for child in cast("list[JSON]", result[key])]
    for key in _SINGLES:
        if key in result:
            result[key] = to_2020_12(result[key])
    _exclusive(result, "minimum", "exclusiveMinimum")
    _exclusive(result, "maximum", "exclusiveMaximum")
    _nullable(result)
    if result.get("enum") == [None] and "type" not in result:  # null alone, for which 3.0 has no type
        result["type"] = "null"
        del result["enum"]
    return result


def _exclusive(schema: Schema, inclusive: str, exclusive: str) -> None:
    if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and inclusive in schema:
        schema[exclusive] = schema.pop(inclusive)


def _nullable(schema: Schema) -> None:
    """Rewrite ``nullable``, which adds null to the type next to it, and to nothing else (3.0.3)."""
    if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in cast("list[JSON]", schema["enum"]):
            schema["type"] = cast("list[JSON]", schema["type"])[0]
