"""The schemas of a contract in the words of JSON Schema 2020-12, as their authors mean them.

OpenAPI 3.0.4, "Schema Object"; what authors write in the words of another version is read as it was meant. ``sends``
is ``answer`` or ``request``: the former has no member that is ``writeOnly``, the latter none that is ``readOnly``.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import jsonschema_rs

from benchmarks.published.contract import Node, PublishedContract, mapping, way

SchemaObject = dict[str, Any]

_HIDDEN = {"answer": "writeOnly", "request": "readOnly"}
_NAMES = frozenset(
    {
        "callbacks",
        "content",
        "encoding",
        "headers",
        "links",
        "parameters",
        "pathItems",
        "paths",
        "requestBodies",
        "responses",
        "securitySchemes",
    }
)
"""Objects of OpenAPI whose keys are names."""
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLES = frozenset(
    {
        "items",
        "additionalProperties",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_REMARKS = frozenset({"description", "example", "examples", "default", "title", "externalDocs", "xml", "discriminator"})
_NUMBERS = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    }
)
_INTEGERS = {"int32": 2**31, "int64": 2**63}


def converted(contract: PublishedContract, sends: str) -> SchemaObject:
    """Return the document with all its schemas in 2020-12; what is no schema is as it was."""
    document: SchemaObject = Conversion(contract, _HIDDEN[sends]).node(contract.document)
    return document


class Conversion:
    """The conversion of one document."""

    def __init__(self, contract: PublishedContract, hidden: str) -> None:
        self._contract = contract
        self._hidden = hidden

    def node(self, node: Any, name: str = "") -> Any:
        """Return a node that is no schema itself, with the schemas below it converted; ``name`` is its key."""
        if isinstance(node, list):
            return [self.node(child) for child in node]
        if not isinstance(node, Mapping):
            return node
        if name in _NAMES:
            return {key: self.node(child) for key, child in node.items()}
        return {key: self._member(key, child, name) for key, child in node.items() if not str(key).startswith("x-")}

    def _member(self, key: str, value: Any, owner: str) -> Any:
        if key in ("schema", "itemSchema"):
            return self.schema(value)
        if key == "schemas" and owner == "components":
            return {name: self.schema(child) for name, child in mapping(value).items()}
        return None if key in ("example", "examples", "value") else self.node(value, key)

    def schema(self, schema: Any) -> Any:
        """Return a schema in 2020-12."""
        if not isinstance(schema, Mapping):
            return schema if isinstance(schema, bool) else True
        result: SchemaObject = {}
        for key, value in schema.items():
            if key in _MAPS:
                result[key] = {name: self._property(child) for name, child in mapping(value).items()}
            elif key in _LISTS and isinstance(value, list):
                result[key] = [self.schema(child) for child in value]
            elif key == "items" and isinstance(value, list):
                result["prefixItems"] = [self.schema(child) for child in value]
            elif key in _SINGLES:
                result[key] = self.schema(value)
            elif key not in _REMARKS:
                result[key] = value
        self._reference(result)
        _kind(result)
        _bounds(result)
        _limits_of_format(result)
        self._requires(schema, result)
        _pattern(result)
        return self._nullable(schema, result)

    def _property(self, schema: Any) -> Any:
        """Return the schema of a member: false for one that is not to be sent."""
        return False if self._is_hidden(schema) else self.schema(schema)

    def _is_hidden(self, schema: Any) -> bool:
        return bool(
            mapping(schema).get(self._hidden) is True or self._contract.follow(schema)[0].get(self._hidden) is True
        )

    def _reference(self, result: SchemaObject) -> None:
        """Take out a reference that leads nowhere, and in 3.0 what stands beside one but says nothing there."""
        reference = result.get("$ref")
        if not isinstance(reference, str):
            return
        try:
            self._contract.at(way(reference))
        except (LookupError, ValueError, TypeError):
            del result["$ref"]
        else:
            if self._contract.is_old:
                for key in [key for key in result if key not in ("$ref", "nullable")]:
                    del result[key]

    def _requires(self, schema: Node, result: SchemaObject) -> None:
        """Require no member that is not to be sent (3.0: "the required will take effect on the response only")."""
        required = result.get("required")
        if not isinstance(required, list):
            result.pop("required", None)
            return
        hidden = self._hidden_members(schema, frozenset())
        result["required"] = [name for name in required if isinstance(name, str) and name not in hidden]

    def _hidden_members(self, schema: Any, above: Set[int]) -> set[str]:
        node, _ = self._contract.follow(schema)
        if id(node) in above:
            return set()
        hidden = {name for name, child in mapping(node.get("properties")).items() if self._is_hidden(child)}
        for branch in node.get("allOf") or ():
            hidden |= self._hidden_members(branch, {*above, id(node)})
        return hidden

    def _nullable(self, schema: Node, result: SchemaObject) -> SchemaObject:
        """Return a schema that takes null where ``nullable`` says so, beside whatever it stands."""
        result.pop("nullable", None)
        if schema.get("nullable") is not True:
            return result
        enum = result.get("enum")
        if isinstance(enum, list) and None not in enum:
            result["enum"] = [*enum, None]
        kind = result.get("type")
        alone = not result.keys() & {"$ref", "allOf", "anyOf", "oneOf", "not", "const"}
        if alone and kind is not None:
            result["type"] = [*(kind if isinstance(kind, list) else [kind]), "null"]
            return result
        return {"anyOf": [{"type": "null"}, result]} if not alone else result


def _kind(result: SchemaObject) -> None:
    """Take out a type that JSON Schema does not know, and an ``enum`` that is no list."""
    stated = result.get("type")
    kinds = [kind for kind in (stated if isinstance(stated, list) else [stated]) if kind in _TYPES]
    if stated is not None and not kinds:
        del result["type"]
    elif isinstance(stated, list):
        result["type"] = [*dict.fromkeys(kinds)]
    if not isinstance(result.get("enum", []), list):
        del result["enum"]


def _bounds(result: SchemaObject) -> None:
    """Write a bound that is exclusive by a flag (draft 4) as a number, and take out one that is no number."""
    for keyword in _NUMBERS & result.keys():
        value = result[keyword]
        is_flag = isinstance(value, bool) and keyword.startswith("exclusive")
        if not isinstance(value, (int, float)) or (isinstance(value, bool) and not is_flag):
            del result[keyword]
    for limit, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(result.get(flag), bool) and result.pop(flag) and limit in result:
            result[flag] = result.pop(limit)


def _limits_of_format(result: SchemaObject) -> None:
    """Hold integers to the bits of their format, which JSON Schema leaves to OpenAPI's registry."""
    size = _INTEGERS.get(str(result.get("format")))
    if size is not None and result.get("type") == "integer":
        result["allOf"] = [*result.get("allOf", ()), {"minimum": -size, "maximum": size - 1}]


def _pattern(result: SchemaObject) -> None:
    """Take out a pattern that is none."""
    pattern = result.get("pattern")
    if pattern is not None:
        try:
            jsonschema_rs.Draft202012Validator({"pattern": pattern})
        except ValueError:
            del result["pattern"]
