"""Repair by OpenAPI's own schema: what breaks it is removed piece by piece, until the rest can be served.

OpenAPI's schemas (as openapi-spec-validator ships them) define what is wrong, jsonschema-rs finds it in milliseconds.
Each defect costs as little as possible: a value of a similar type is converted, a missing member with an obvious value
gets it, and what cannot be repaired is left out. Every change is reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import jsonschema_rs
from regress import Regex, RegressError

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import pointer_of, value_at
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.traversal import Document, references

ROUNDS = 30
"""Most rounds of validating a document again after its defects were repaired."""
LONGEST = 120
"""Most characters of a value that a message shows."""

_MISSING: dict[str, JSON] = {
    "description": "",
    "responses": {"default": {"description": ""}},
    "paths": {},
    "required": True,
    "content": {},
    "scopes": {},
    "authorizationUrl": "/",
    "tokenUrl": "/",
    "schema": {},
    "title": "",
    "version": "0",
}
"""Members with one obvious value, which is added where they are missing."""
_ANYTHING = {name: lambda _: True for name in ("uri", "uri-reference", "uri-template", "email", "media-range", "iri")}
"""Formats that do not matter for serving: any text is accepted."""


def repair_against_metaschema(document: Document, source: LayeredSourceMap) -> list[Diagnostic]:
    """Repair ``document`` in place; the findings are ``repaired``, or ``error`` where nothing helped."""
    findings: list[Diagnostic] = []
    validator = _validator(".".join(str(document["openapi"]).split(".")[:2]))
    spared: set[str] = set()
    for _ in range(ROUNDS):
        flaws = [flaw for flaw in _flaws(validator, document) if flaw[0] not in spared]
        if not flaws:
            return findings
        # What is wrong below a key makes the key one that nobody knows, too.
        flaws = [flaw for flaw in flaws if flaw[1].kind.name != "unevaluatedProperties"] or flaws
        referred = {unquote(reference.lstrip("#")) for _, reference in references(document)}
        # From the end of the document to its beginning, so that the numbers of a list stay true.
        for pointer, error in sorted(
            flaws, key=lambda flaw: [_ordered(part) for part in flaw[1].instance_path], reverse=True
        ):
            done, details = _repaired(document, pointer, error, referred)
            if done is None:
                spared.add(pointer)
                done = "it stays as it is"
            where = pointer + details[0]
            findings.append(
                Diagnostic(
                    "openapi", source.location(where), details[1], details[2], where, f"Repaired: {done}.", "repaired"
                )
            )
    findings += [
        Diagnostic(
            "openapi",
            source.location(pointer),
            describe_value(value_at(document, pointer), LONGEST),
            error.message,
            pointer,
            "Fix the contract.",
        )
        for pointer, error in _flaws(validator, document)
        if pointer not in spared
    ]
    return findings


def _ordered(part: str | int) -> tuple[int, str]:
    return (part, "") if isinstance(part, int) else (-1, part)


@cache
def _validator(version: str) -> Any:
    """Return the validator of OpenAPI's schema; for 3.1 and later with the schema of the Schema Object in it."""
    spec = find_spec("openapi_spec_validator")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "resources" / "schemas" / f"v{version}" / "schema.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    formats = cast("Any", {**_ANYTHING, "regex": _is_pattern})
    if version == "3.0":
        return jsonschema_rs.Draft4Validator(schema, validate_formats=True, formats=formats)
    schema["$defs"]["schema"] = {"$dynamicAnchor": "meta", "$ref": "https://json-schema.org/draft/2020-12/schema"}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, formats=formats)


def _is_pattern(text: object) -> bool:
    for flags in ("u", ""):
        try:
            Regex(str(text), flags)
        except RegressError:
            continue
        return True
    return False


def _flaws(validator: Any, document: Document) -> list[tuple[str, Any]]:
    """Return the JSON Pointer and the error of each defect, each place once."""
    flaws: dict[str, Any] = {}
    for error in validator.iter_errors(document):
        for leaf in _leaves(document, error):
            flaws.setdefault(pointer_of(*leaf.instance_path), leaf)
    return [*flaws.items()]


def _leaves(document: Document, error: Any) -> Iterator[Any]:
    """Yield the errors that an ``anyOf`` or a ``oneOf`` consists of, in the branch that was most likely meant."""
    branches = getattr(error.kind, "context", None)
    if not branches or error.kind.name not in ("anyOf", "oneOf"):
        yield error
        return
    node = _at(document, error.instance_path)
    is_reference = isinstance(node, dict) and "$ref" in node

    def likelihood(errors: list[Any]) -> tuple[bool, int, int]:
        wants_reference = any(getattr(cause.kind, "property", "") == "$ref" for cause in errors)
        unlikely = wants_reference and not is_reference
        deepest = max((len(leaf.instance_path) for cause in errors for leaf in _leaves(document, cause)), default=0)
        return not unlikely, deepest, -len(errors)

    best: list[Any] = max((branch for branch in branches if branch), key=likelihood, default=[])
    if not best or all(
        len(cause.instance_path) == len(error.instance_path) and cause.kind.name == "type" for cause in best
    ):
        yield error
        return
    for cause in best:
        yield from _leaves(document, cause)


def _at(document: JSON, path: list[str | int]) -> JSON:
    for part in path:
        if isinstance(document, dict):
            document = document[str(part)]
        elif isinstance(document, list):
            document = document[int(part)]
    return document


def _repaired(
    document: Document, pointer: str, error: Any, referred: set[str]
) -> tuple[str | None, tuple[str, str, str]]:
    """Repair one defect; return what was done, and the message: the pointer below, what was found and expected.

    What was done is None where it could not be repaired.
    """
    path = [*error.instance_path]
    try:
        node = _at(document, path)
    except (KeyError, IndexError):  # removed together with something around it
        return "it is left out", ("", "something that stood in what was left out", "something else")
    name, kind = error.kind.name, error.kind
    if name in ("additionalProperties", "unevaluatedProperties") and isinstance(node, dict):
        return _without_unknown(node, pointer, list(kind.unexpected), referred)
    if name == "required" and isinstance(node, dict) and kind.property in _MISSING:
        node[kind.property] = json.loads(json.dumps(_MISSING[kind.property]))
        return f"{json.dumps(_MISSING[kind.property])} is taken", ("", f"no {kind.property}", "one")
    if name == "propertyNames":
        return None, ("", "a name that OpenAPI does not allow", "letters, digits, '.', '-' and '_'")
    details = ("", describe_value(node, LONGEST), _expected(error))
    if name == "uniqueItems" and isinstance(node, list):  # a member that is required twice is required
        _put(document, path, [item for index, item in enumerate(node) if item not in node[:index]])
        return "each item is taken once", details
    if name == "type" and path:
        correction = _meant(node, list(kind.types))
        if correction is not None:
            _put(document, path, correction)
            return f"{describe_value(correction, LONGEST)} is taken", details
    if path[-1:] == ["in"]:  # a parameter that is nowhere is none
        path.pop()
    if not path or any(reference == pointer or reference.startswith(pointer + "/") for reference in referred):
        return None, details
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        del parent[int(path[-1])]
    elif isinstance(parent, dict):
        parent.pop(str(path[-1]), None)
    return "it is left out", details


def _without_unknown(
    node: Document, pointer: str, unknown: list[str], referred: set[str]
) -> tuple[str | None, tuple[str, str, str]]:
    removed, retained = [], []
    for key in unknown:
        below = pointer + pointer_of(key)
        if any(reference == below or reference.startswith(below + "/") for reference in referred):
            retained.append(key)
        else:
            node.pop(key, None)
            removed.append(key)
    where = pointer_of(unknown[0]) if len(unknown) == 1 else ""
    details = (where, "the key " + " and ".join(map(repr, unknown)), "keys that OpenAPI knows there")
    return (None if retained and not removed else "it is left out"), details


def _put(document: Document, path: list[str | int], value: JSON) -> None:
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        parent[int(path[-1])] = value
    elif isinstance(parent, dict):
        parent[str(path[-1])] = value


def _meant(value: JSON, types: list[str]) -> JSON:
    """Return the value of the right type that a value of a similar type stands for; None where that is not clear."""
    if "string" in types and isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if "boolean" in types and value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and ({"integer", "number"} & set(types)):
        try:
            return int(value) if value.lstrip("+-").isdigit() else float(value)
        except ValueError:
            return None
    if types == ["array"] and isinstance(value, str):
        return [value]
    return None


def _expected(error: Any) -> str:
    kind = error.kind
    if kind.name == "type":
        return "type: " + " or ".join(kind.types)
    if kind.name == "enum":
        return "enum: " + describe_value(list(kind.options), LONGEST)
    if kind.name == "required":
        return f"the required member {kind.property!r}"
    if kind.name == "format":
        return f"the format {kind.format}"
    if kind.name in ("anyOf", "oneOf"):
        return "what OpenAPI takes there"
    return str(kind.name)
