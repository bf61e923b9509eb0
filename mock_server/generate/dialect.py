"""The schemas of OpenAPI 3.0, rewritten to JSON Schema 2020-12, so that one generator works for both."""

from __future__ import annotations

from typing import cast

from mock_server.exchange import JSON

Schema = dict[str, JSON]

_MAPS = ("properties",)
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLES = ("additionalProperties", "items", "not")
_UNKNOWN_TO_IT = frozenset({
    "$anchor", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "const", "contains", "dependentRequired",
    "dependentSchemas", "else", "if", "maxContains", "minContains", "patternProperties", "prefixItems",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
"""Keywords of 2020-12 that have no meaning in 3.0."""


def modern(schema: JSON) -> JSON:
    """Return a schema of OpenAPI 3.0 rewritten to 2020-12."""
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # 3.0 ignores other members next to a reference
    made = {key: value for key, value in schema.items() if key not in _UNKNOWN_TO_IT}
    for key in _MAPS:
        if isinstance(made.get(key), dict):
            made[key] = {name: modern(one) for name, one in cast("Schema", made[key]).items()}
    for key in _LISTS:
        if isinstance(made.get(key), list):
            made[key] = [modern(one) for one in cast("list[JSON]", made[key])]
    for key in _SINGLES:
        if key in made:
            made[key] = modern(made[key])
    _exclusive(made, "minimum", "exclusiveMinimum")
    _exclusive(made, "maximum", "exclusiveMaximum")
    _nullable(made)
    if made.get("enum") == [None] and "type" not in made:  # null alone, for which 3.0 has no type
        made["type"] = "null"
        del made["enum"]
    return made


def _exclusive(made: Schema, inclusive: str, exclusive: str) -> None:
    if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and inclusive in made:
        made[exclusive] = made.pop(inclusive)


def _nullable(made: Schema) -> None:
    """Rewrite ``nullable``, which adds null to the type next to it, and to nothing else (3.0.3)."""
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list) and None not in cast("list[JSON]", made["enum"]):
            made["type"] = cast("list[JSON]", made["type"])[0]
