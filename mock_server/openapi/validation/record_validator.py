"""Records of a resource: whether one is valid by the contract, and the order of its members.

A record is validated more strictly than an answer: a member that the schema does not name counts as a typing error,
unless the contract explicitly allows other members.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.regex import matches
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.openapi.model import Contract
from mock_server.openapi.read_write_only import Direction, mentions, with_schemas
from mock_server.openapi.validation.error_messages import explain
from mock_server.openapi.validation.explanations import UNEXPLAINED, UnexplainedError, explained
from mock_server.openapi.validation.formats import format_checks

Schema = dict[str, JSON]
MOST_FINDINGS = 50
"""Things that are told of one record, and names of one object: more help nobody."""
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLES = ("if", "then", "else")
_OPEN = ("additionalProperties", "unevaluatedProperties")


class RecordValidator:
    """Validates the records of one resource, whose schema is one of the contract, or a reference into it.

    ``views`` are references to further schemas that show the same records: members that only they name are known too.
    """

    def __init__(self, contract: Contract, schema: JSON, views: Sequence[str] = ()) -> None:
        # Imported here, so that the start does not wait: they bring jsonschema and pydantic, a tenth of a second and
        # 15 MB together, and most servers are never given a record.
        with LATE_IMPORTS:
            from openapi_schema_validator import (
                OAS30ReadValidator,
                OAS31Validator,
                oas30_format_checker,
                oas31_format_checker,
            )

            from mock_server.openapi.validation.bounded_keywords import bounded

        self._contract = contract
        self._parts_before: dict[int, tuple[JSON, _Parts]] = {}
        """By the ``id`` of a schema, for its entry holds it: every record needs the same few, member by member, and a
        plain dictionary tells them in a tenth of the time of a bounded cache. The contract bounds it."""
        self._further = self._named_by(views, schema)
        if self._further:
            schema = {"allOf": [schema, {"properties": self._further}]}
        self._schema: Schema = {"allOf": [schema]}  # beside the document, which it may refer into
        modern = contract.openapi >= (3, 1)
        checker = copy.deepcopy(oas31_format_checker if modern else oas30_format_checker)
        for name, check in format_checks().items():
            checker.checks(name)(check)
        validator = bounded(OAS31Validator if modern else OAS30ReadValidator)
        document = contract.document
        if mentions(document, "writeOnly"):  # a record is what answers show
            shown = Direction(document, "writeOnly", {"not": {}})
            document = with_schemas(document, shown.schema)
            self._schema = {"allOf": [shown.schema(schema)]}
        self._validator = validator({**document, **self._schema}, format_checker=checker)

    def problems(self, value: JSON, *, is_accepted: bool = False) -> Iterator[tuple[str, str, str]]:
        """Yield the JSON Pointer, what was found and what was expected for everything that is wrong with a record.

        ``is_accepted``: a faster validator has accepted it already, so only unknown members are searched.
        """
        try:
            for error in (
                ()
                if is_accepted and not self._further
                else explained(self._validator.iter_errors(value), MOST_FINDINGS)
            ):
                if error.validator not in _OPEN:  # said better below
                    yield explain(error)
        except UnexplainedError:
            yield "", "a record that breaks it", UNEXPLAINED
        yield from islice(self._unknown_members(value, self._schema, ""), MOST_FINDINGS)

    def _named_by(self, views: Sequence[str], schema: JSON) -> Schema:
        """Return the schemas of members that only these views name."""
        own = _Parts(self._found_parts(schema)).properties if views else {}
        shown = [_Parts(self._found_parts({"$ref": view})).properties for view in views]
        return {name: member for members in shown for name, member in members.items() if name not in own}

    def ordered(self, value: JSON) -> JSON:
        """Return the record with its members in the order of the schema."""
        return self._ordered(value, self._schema)

    def _unknown_members(self, value: JSON, schema: JSON, pointer: str) -> Iterator[tuple[str, str, str]]:
        parts = self._parts(schema)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._unknown_members(item, parts.item(index), f"{pointer}/{index}")
        elif isinstance(value, dict):
            known = parts.properties
            unknown = [name for name in value if name not in known and not parts.welcomes(name)]
            if unknown:
                said = [f"the unknown key {name!r}{did_you_mean(name, known)}" for name in unknown[:MOST_FINDINGS]]
                said += [f"and {len(unknown) - len(said)} more"] if len(unknown) > len(said) else []
                yield pointer, ", ".join(said), "no other members"
            strange = frozenset(unknown)
            for name, item in value.items():
                if name not in strange:
                    yield from self._unknown_members(item, parts.member(name), pointer + pointer_of(name))

    def _ordered(self, value: JSON, schema: JSON) -> JSON:
        parts = self._parts(schema)
        if isinstance(value, list):
            return [self._ordered(item, parts.item(index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        known = parts.properties
        names = [name for name in known if name in value] + [name for name in value if name not in known]
        return {name: self._ordered(value[name], parts.member(name)) for name in names}

    def _parts(self, schema: JSON) -> _Parts:
        """Return what a schema consists of."""
        known = self._parts_before.get(id(schema))
        if known is None or known[0] is not schema:
            known = self._parts_before[id(schema)] = (schema, _Parts(self._found_parts(schema)))
        return known[1]

    def _found_parts(self, schema: JSON, depth: int = 0) -> list[Schema]:
        """Return the schema and the schemas that it consists of, by references and applicators."""
        node = self._contract.resolve(schema)
        if not isinstance(node, dict) or depth > 12:
            return []
        within = [node[key] for key in _SINGLES if key in node]
        for key in _LISTS:
            within += cast("list[JSON]", node.get(key) or [])
        within += mapping_at(node, "dependentSchemas").values()
        if isinstance(schema, dict) and "$ref" in schema and len(schema) > 1:  # siblings of a reference (3.1)
            within.append({key: value for key, value in schema.items() if key != "$ref"})
        return [node, *(part for child in within for part in self._found_parts(child, depth + 1))]


class _Parts:
    """The schemas that apply to one value, or may do so: what several of them describe is what any of them takes."""

    def __init__(self, parts: list[Schema]) -> None:
        self._parts = parts
        described: dict[str, list[JSON]] = {}
        for part in parts:
            for name, schema in mapping_at(part, "properties").items():
                described.setdefault(name, []).append(schema)
        self.properties: Schema = {name: _any_of(schemas) for name, schemas in described.items()}
        """The schemas of the members that are named."""
        self._required = {name for part in parts for name in cast("list[str]", part.get("required") or [])}
        self._items = _any_of([part["items"] for part in parts if "items" in part])

    def member(self, name: str) -> JSON:
        """Return the schema of a member."""
        return self.properties[name] if name in self.properties else self._other(name)

    def welcomes(self, name: str) -> bool:
        """Tell whether the contract allows this member in addition to those that it describes."""
        if name in self._required or any(
            key in part and part[key] is not False for part in self._parts for key in _OPEN
        ):
            return True
        if self._other(name) is not True:
            return True
        return not any("properties" in part or any(part.get(key) is False for key in _OPEN) for part in self._parts)

    def _other(self, name: str) -> JSON:
        """Return the schema of a member that ``properties`` does not name; true where there is none."""
        for part in self._parts:
            for pattern, schema in mapping_at(part, "patternProperties").items():
                if matches(pattern, name):
                    return schema
        return next((part[key] for part in self._parts for key in _OPEN if isinstance(part.get(key), dict)), True)

    def item(self, index: int) -> JSON:
        """Return the schema of an item."""
        for part in self._parts:
            prefix = part.get("prefixItems")
            if isinstance(prefix, list) and index < len(prefix):
                return prefix[index]
        return self._items


def _any_of(schemas: list[JSON]) -> JSON:
    """Return a schema of which any of these is a part; true where there are none."""
    distinct = [schema for index, schema in enumerate(schemas) if schema not in schemas[:index]]
    if len(distinct) == 1:
        return distinct[0]
    return {"anyOf": distinct} if distinct else True
