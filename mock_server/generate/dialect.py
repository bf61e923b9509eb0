"""OpenAPI 3.0's own JSON Schema, said in the words of 2020-12, so that one walker serves both."""

from __future__ import annotations

from collections.abc import Mapping
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
"""Keywords of 2020-12 that mean nothing in 3.0."""


def modern_document(document: Mapping[str, JSON], hidden: str) -> Schema:
    """A copy of an OpenAPI 3.0 document whose component schemas are in 2020-12's words.

    ``hidden`` is ``writeOnly`` for answers and ``readOnly`` for requests: 3.0 forbids such members there,
    required or not.
    """
    components = dict(cast("Schema", document.get("components") or {}))
    schemas = components.get("schemas")
    if isinstance(schemas, dict):
        components["schemas"] = {name: modern(schema, hidden) for name, schema in schemas.items()}
    return {**document, "components": components}


def modern(schema: JSON, hidden: str = "writeOnly") -> JSON:
    """One schema of OpenAPI 3.0 in 2020-12's words."""
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # what stands beside a reference is ignored in 3.0
    made = {key: value for key, value in schema.items() if key not in _UNKNOWN_TO_IT}
    for key in _MAPS:
        if isinstance(made.get(key), dict):
            made[key] = {name: modern(one, hidden) for name, one in cast("Schema", made[key]).items()}
    for key in _LISTS:
        if isinstance(made.get(key), list):
            made[key] = [modern(one, hidden) for one in cast("list[JSON]", made[key])]
    for key in _SINGLES:
        if key in made:
            made[key] = modern(made[key], hidden)
    _exclusive(made, "minimum", "exclusiveMinimum")
    _exclusive(made, "maximum", "exclusiveMaximum")
    _nullable(made)
    if made.get("enum") == [None] and "type" not in made:  # null alone, for which 3.0 has no type
        made["type"] = "null"
        del made["enum"]
    _hide(made, schema, hidden)
    return made


def _exclusive(made: Schema, inclusive: str, exclusive: str) -> None:
    if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and inclusive in made:
        made[exclusive] = made.pop(inclusive)


def _nullable(made: Schema) -> None:
    """``nullable`` adds null to the type that stands beside it, and to nothing else (3.0.3)."""
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list) and None not in cast("list[JSON]", made["enum"]):
            made["type"] = cast("list[JSON]", made["type"])[0]


def _hide(made: Schema, schema: Schema, hidden: str) -> None:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    names = [name for name, one in properties.items() if isinstance(one, dict) and one.get(hidden) is True]
    if names:
        made["properties"] = {**cast("Schema", made["properties"]), **dict.fromkeys(names, False)}
        made["required"] = [name for name in cast("list[JSON]", schema.get("required") or []) if name not in names]
