"""A record as a form: a field for each member that holds no other, by its schema, and the patch that it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from mock_server.admin.router import AdminRequestError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract

MEMBER = "member:"
"""What the names of fields begin with."""
LONGEST = 20_000
"""Characters of a text that a form shows; longer ones are changed as JSON."""


@value_class
class RecordField:
    """A field of a form. ``kind`` is text, number, boolean or choice; ``choices`` are those of an enum."""

    name: str
    kind: str
    value: str
    choices: tuple[str, ...] = ()


def fields_of(contract: Contract, schema: JSON, record: Mapping[str, JSON]) -> list[RecordField]:
    """Return a field for each member of a record that a form can show."""
    return [*_fields(contract, schema, record)]


def _fields(contract: Contract, schema: JSON, record: Mapping[str, JSON]) -> Iterator[RecordField]:
    for name, value in record.items():
        if isinstance(value, (dict, list)) or (isinstance(value, str) and len(value) > LONGEST):
            continue
        part = _member(contract, schema, name)
        choices = tuple(each for each in _enum(contract, part) if isinstance(each, str))
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        if isinstance(value, bool) or (value is None and "boolean" in _types(contract, part)):
            yield RecordField(name, "boolean", text)
        elif choices and (value is None or value in choices):
            yield RecordField(name, "choice", text, choices)
        elif isinstance(value, (int, float)):
            yield RecordField(name, "number", text)
        else:
            yield RecordField(name, "text", text)


def patch_of(
    contract: Contract, schema: JSON, record: Mapping[str, JSON], fields: Mapping[str, str]
) -> dict[str, JSON]:
    """Return the merge patch (RFC 7396) of what a form changes; raises :class:`AdminRequestError` (422)."""
    patch: dict[str, JSON] = {}
    for field in fields_of(contract, schema, record):
        text = fields.get(MEMBER + field.name)
        if text is None or text.replace("\r\n", "\n") == field.value:
            continue
        patch[field.name] = _value(
            field, text.replace("\r\n", "\n"), _types(contract, _member(contract, schema, field.name))
        )
    return patch


def _value(field: RecordField, text: str, types: frozenset[str]) -> JSON:
    if text == "" and (field.kind != "text" or "null" in types):
        return None
    is_number = field.kind == "number" or (types & {"integer", "number"} and "string" not in types)
    if field.kind == "boolean" or is_number:
        try:
            value: JSON = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, bool if field.kind == "boolean" else (int, float)):
            detail = f"{field.name}: found {text[:80]!r}; expected a {'number' if is_number else 'true or false'}."
            raise AdminRequestError("record", 422, detail)
        return value
    return text


def _member(contract: Contract, schema: JSON, name: str) -> JSON:
    """Return the schema of a member; of a composed schema the first that has it."""
    node = contract.resolve(schema)
    if not isinstance(node, dict):
        return None
    properties = node.get("properties")
    if isinstance(properties, dict) and name in properties:
        return contract.resolve(properties[name])
    for key in ("allOf", "oneOf", "anyOf"):
        parts = node.get(key)
        for part in parts if isinstance(parts, list) else ():
            member = _member(contract, part, name)
            if member is not None:
                return member
    return None


def _branches(contract: Contract, schema: JSON) -> Iterator[Mapping[str, JSON]]:
    node = contract.resolve(schema)
    if isinstance(node, dict):
        yield node
        for key in ("anyOf", "oneOf", "allOf"):
            parts = node.get(key)
            for part in parts if isinstance(parts, list) else ():
                branch = contract.resolve(part)
                if isinstance(branch, dict):
                    yield branch


def _types(contract: Contract, schema: JSON) -> frozenset[str]:
    names: set[str] = set()
    for branch in _branches(contract, schema):
        kind = branch.get("type")
        names |= {*map(str, kind)} if isinstance(kind, list) else {str(kind)}
        names |= {"null"} if branch.get("nullable") is True else set()
    return frozenset(names)


def _enum(contract: Contract, schema: JSON) -> Iterator[JSON]:
    for branch in _branches(contract, schema):
        values = branch.get("enum")
        yield from values if isinstance(values, list) else ()
