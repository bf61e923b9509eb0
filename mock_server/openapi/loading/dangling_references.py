"""References that lead nowhere: what is taken in their place, so that the rest of the contract can be served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import cast
from urllib.parse import unquote

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import mapping_at, pointer_parts, reference_to, value_at
from mock_server.core.types import JSON
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.traversal import Document, nodes, target

_STAND_INS: dict[str, tuple[Document, str]] = {
    "schema": ({}, "any value is taken there"),
    "response": ({"description": ""}, "a response without a body is taken"),
    "requestBody": ({"content": {"*/*": {}}}, "any body is taken"),
    "header": ({"schema": {}}, "any value is taken there"),
}
"""By kind of node: what replaces a reference, and how the finding says so."""
_OPTIONAL = ("parameter", "example", "link", "callback")
"""Kinds of nodes that whatever contains them can go without."""
_DEFINITIONS = ("#/$defs/", "#/definitions/")
"""References to definitions that a schema may have brought along from a document of its own."""


def repair_dangling_references(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Replace references that lead to nothing, in place, and yield a finding for each.

    A definition that a schema around the reference has is the one that was meant: JSON Schemas that are generated
    (Pydantic does so) have their ``$defs`` at their own root, and keep ``#/$defs/NAME`` when they are copied into a
    contract. Security schemes and paths are not guessed: these findings are errors.
    """
    idle: list[str] = []
    for at, node, kind in list(nodes(document)):
        if "$ref" in node:
            finding = _repaired_reference(document, source, at, node, kind, idle)
            if finding is not None:
                yield finding
        if kind == "schema" and isinstance(node.get("discriminator"), dict):
            _repair_mapping(document, at, node)
    # The last of a list first, since leaving out an element moves those after it.
    for pointer in sorted(idle, key=_list_index, reverse=True):
        _leave_out(document, pointer)


def _repaired_reference(
    document: Document, source: LayeredSourceMap, at: str, node: Document, kind: str, idle: list[str]
) -> Diagnostic | None:
    """Repair one reference where it has to be; ``idle`` gets the pointer of a node that is to be left out."""
    pointer, reference = at + "/$ref", node["$ref"]
    if not isinstance(reference, str):
        del node["$ref"]
        actual, expected = json.dumps(reference)[:80], "a text that says where something is"
        return _finding(source, pointer, actual, expected, "it is left out")
    if not reference.startswith("#"):
        place, actual = source.location(pointer), f"{reference!r}"
        expected, remedy = "a reference within the file", "Bundle the files into one."
        return Diagnostic("external-reference", place, actual, expected, pointer, remedy)
    if target(document, reference) is not None or _is_anchored(document, reference):
        return None
    actual, expected = f"{reference!r}, which is not defined", "a reference to something in the document"
    around = _definition_around(document, at, reference)
    if around is not None:
        node["$ref"] = around
        return _finding(source, pointer, actual, expected, "the definition of the schema around it is taken")
    if kind in _OPTIONAL:
        idle.append(at)
        return _finding(source, pointer, actual, expected, f"the {kind} is left out")
    if kind not in _STAND_INS:
        remedy = "Define it or fix the reference."
        return Diagnostic("dangling-reference", source.location(pointer), actual, expected, pointer, remedy)
    stand_in, done = _STAND_INS[kind]
    parts = pointer_parts(reference)
    if len(parts) == 3 and parts[:2] == ["components", "schemas"]:
        # Defined once, for all that refer to it.
        schemas = _table(_table(document, "components"), "schemas")
        schemas[parts[2]] = {}
    else:
        del node["$ref"]
        node |= {key: value for key, value in deepcopy(stand_in).items() if key not in node}
    return _finding(source, pointer, actual, expected, done)


def _definition_around(document: Document, at: str, reference: str) -> str | None:
    """Return the reference to the definition of that name in the closest schema around a node; None if there is none.

    >>> _definition_around({"a": {"$defs": {"X": {}}, "items": {}}}, "/a/items", "#/$defs/X")
    '#/a/$defs/X'
    """
    if not reference.startswith(_DEFINITIONS):
        return None
    below = unquote(reference[1:])
    while at:
        try:
            value_at(document, at + below)
        except KeyError:
            at = at.rpartition("/")[0]
        else:
            return reference_to(at + below)
    return None


def _repair_mapping(document: Document, at: str, schema: Document) -> None:
    """Have a discriminator name the same definitions as the branches that were repaired."""
    mapping = mapping_at(schema["discriminator"], "mapping")
    for name, reference in list(mapping.items()):
        if isinstance(reference, str) and reference.startswith(_DEFINITIONS) and target(document, reference) is None:
            around = _definition_around(document, at, reference)
            if around is not None:
                cast("Document", mapping)[name] = around


def _list_index(pointer: str) -> int:
    index = pointer.rpartition("/")[2]
    return int(index) if index.isdecimal() else -1


def _leave_out(document: Document, pointer: str) -> None:
    """Remove the element of a list, or the member of an object, that a JSON Pointer leads to."""
    parent, key = value_at(document, pointer.rpartition("/")[0]), pointer_parts(pointer)[-1]
    if isinstance(parent, list):
        del parent[int(key)]
    elif isinstance(parent, dict):
        del parent[key]


def _table(node: Document, key: str) -> Document:
    """Return the object under a key; make it where there is none."""
    if not isinstance(node.get(key), dict):
        node[key] = {}
    return cast("Document", node[key])


def _is_anchored(document: JSON, reference: str) -> bool:
    """Tell whether a ``#name`` reference has its ``$anchor`` somewhere."""
    if reference.startswith("#/") or reference == "#":
        return reference == "#"
    stack: list[JSON] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if reference[1:] in (node.get("$anchor"), node.get("$dynamicAnchor")):
                return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def _finding(source: LayeredSourceMap, pointer: str, actual: str, expected: str, done: str) -> Diagnostic:
    place, remedy = source.location(pointer), f"Repaired: {done}."
    return Diagnostic("dangling-reference", place, actual, expected, pointer, remedy, "repaired")
