"""Records of a resource: whether one keeps the contract, and in which order its members stand.

A record is judged more strictly than an answer: a member that the schema does not name is a typing error
until the contract says otherwise.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from openapi_schema_validator import OAS30ReadValidator, OAS31Validator, oas30_format_checker, oas31_format_checker

from mock_server.contract.formats import FORMATS
from mock_server.contract.model import Contract
from mock_server.contract.schema_error import explain
from mock_server.contract.source import mapping_at
from mock_server.exchange import JSON
from mock_server.settings import suggestion

Schema = dict[str, JSON]
_APPLICATORS = ("allOf", "anyOf", "oneOf")


class RecordJudge:
    """Judges the records of one resource, whose schema is a reference into the contract."""

    def __init__(self, contract: Contract, reference: str) -> None:
        self._resolve = contract.resolve
        self._schema: Schema = {"$ref": reference}
        modern = contract.openapi >= (3, 1)
        whole = {**contract.document, **(_closed_position(self._schema) if modern else self._schema)}
        if modern:
            whole["components"] = _closed_components(cast("Schema", dict(contract.document)))
        checker = copy.deepcopy(oas31_format_checker if modern else oas30_format_checker)
        for name, check in FORMATS.items():
            checker.checks(name)(check)
        validator = OAS31Validator if modern else OAS30ReadValidator
        self._validator = cast("Any", validator)(whole, format_checker=checker)
        self._names = sorted(set(_property_names(self._schema, contract.resolve, 0)))

    def problems(self, value: JSON) -> Iterator[tuple[str, str, str]]:
        """JSON Pointer, found and expected, of everything that is wrong with a record."""
        for error in self._validator.iter_errors(value):
            pointer, found, expected = explain(error)
            if expected != "no other members":
                yield pointer, found, expected
            elif unknown := self._unknown(found):
                yield pointer, unknown, expected

    def ordered(self, value: JSON) -> JSON:
        """The record with its members in the order of the schema."""
        return _ordered(value, self._schema, self._resolve)

    def _unknown(self, message: str) -> str:
        """The keys that no schema of the resource names.

        Where a branch of an ``anyOf`` fails for another reason, all its members count as unevaluated.
        """
        names = [name for name in re.findall(r"'([^']+)'", message) if name not in self._names]
        return ", ".join(f"the unknown key {name!r}{suggestion(name, self._names)}" for name in names)


def _closed_position(schema: JSON) -> Schema:
    """A schema for a place where a value stands: no members but those that it or its parts name."""
    if not isinstance(schema, dict):
        return cast("Schema", schema)
    closed = _closed_parts(schema)
    open_ended = any(key in schema for key in ("additionalProperties", "unevaluatedProperties"))
    if open_ended or not any(key in schema for key in ("$ref", "properties", *_APPLICATORS)):
        return closed
    return {**closed, "unevaluatedProperties": False}


def _closed_parts(schema: Schema) -> Schema:
    """A schema whose members and items are closed, itself left open: it may be one part of several."""
    closed = dict(schema)
    for key in ("properties", "patternProperties"):
        if isinstance(schema.get(key), dict):
            closed[key] = {name: _closed_position(one) for name, one in cast("Schema", schema[key]).items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            closed[key] = _closed_position(schema[key])
    if isinstance(schema.get("prefixItems"), list):
        closed["prefixItems"] = [_closed_position(one) for one in cast("list[JSON]", schema["prefixItems"])]
    for key in _APPLICATORS:
        if isinstance(schema.get(key), list):
            parts = cast("list[JSON]", schema[key])
            closed[key] = [_closed_parts(one) if isinstance(one, dict) else one for one in parts]
    return closed


def _closed_components(document: Schema) -> Schema:
    components = dict(mapping_at(document, "components"))
    schemas = mapping_at(components, "schemas")
    components["schemas"] = {
        name: _closed_parts(one) if isinstance(one, dict) else one for name, one in schemas.items()
    }
    return components


def _parts(schema: JSON, resolve: Callable[[JSON], JSON], depth: int) -> Iterator[Schema]:
    """The schema and, by reference and applicator, what it consists of."""
    node = resolve(schema)
    if isinstance(node, dict) and depth < 12:
        yield node
        for key in _APPLICATORS:
            for part in cast("list[JSON]", node.get(key) or []):
                yield from _parts(part, resolve, depth + 1)


def _property_names(schema: JSON, resolve: Callable[[JSON], JSON], depth: int) -> Iterator[str]:
    for part in _parts(schema, resolve, depth):
        for name, child in mapping_at(part, "properties").items():
            yield name
            if depth < 6:
                yield from _property_names(child, resolve, depth + 1)
        for key in ("items", "additionalProperties"):
            if depth < 6 and isinstance(part.get(key), dict):
                yield from _property_names(part[key], resolve, depth + 1)


def _ordered(value: JSON, schema: JSON, resolve: Callable[[JSON], JSON]) -> JSON:
    if isinstance(value, list):
        items = [part.get("items", True) for part in _parts(schema, resolve, 0)]
        return [_ordered(one, items[0] if items else True, resolve) for one in value]
    if not isinstance(value, dict):
        return value
    known: Schema = {}
    for part in _parts(schema, resolve, 0):
        known |= mapping_at(part, "properties")
    names = [name for name in known if name in value] + [name for name in value if name not in known]
    return {name: _ordered(value[name], known.get(name, True), resolve) for name in names}
