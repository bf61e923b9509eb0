"""Walks through a document: the kind of each node, its operations, its references and their targets.

Only its path from the root tells the kind of a node: ``parameters`` is a list in an operation, a map among the
components, and the name of a property in a schema. So the grammar of OpenAPI is here once, as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import unquote

from mock_server.core.json_pointer import mapping_at, pointer_of, value_at
from mock_server.core.types import JSON

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods a path item may have (OpenAPI 3.2 added query)."""
LONGEST_CHAIN = 100
"""A chain of more references than this is circular."""

Document = dict[str, JSON]

_SCHEMA = {
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), "{schema"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "[schema"),
    **dict.fromkeys(
        (
            "not",
            "if",
            "then",
            "else",
            "contains",
            "additionalProperties",
            "propertyNames",
            "unevaluatedItems",
            "unevaluatedProperties",
            "items",
            "additionalItems",
            "contentSchema",
        ),
        "schema",
    ),
}
_SECTIONS = {
    "schemas": "{schema",
    "responses": "{response",
    "parameters": "{parameter",
    "examples": "{example",
    "requestBodies": "{requestBody",
    "headers": "{header",
    "securitySchemes": "{securityScheme",
    "links": "{link",
    "callbacks": "{callback",
    "pathItems": "{pathItem",
    "mediaTypes": "{media",
}
_DESCRIBED = {"schema": "schema", "content": "{media", "examples": "{example"}
GRAMMAR: Mapping[str, Mapping[str, str]] = {
    "document": {
        "paths": "{pathItem",
        "webhooks": "{pathItem",
        "components": "components",
        "definitions": "{schema",
        "parameters": "{parameter",
        "responses": "{response",
        "securityDefinitions": "{securityScheme",
    },
    "components": _SECTIONS,
    "pathItem": {
        "parameters": "[parameter",
        "additionalOperations": "{operation",
        **dict.fromkeys(METHODS, "operation"),
    },
    "operation": {
        "parameters": "[parameter",
        "requestBody": "requestBody",
        "responses": "{response",
        "callbacks": "{callback",
    },
    "callback": {"*": "pathItem"},
    "parameter": _DESCRIBED,
    "header": _DESCRIBED,
    "requestBody": {"content": "{media"},
    "response": {"headers": "{header", "content": "{media", "links": "{link", "schema": "schema"},
    "media": {
        "schema": "schema",
        "itemSchema": "schema",
        "examples": "{example",
        "encoding": "{encoding",
        "prefixEncoding": "[encoding",
        "itemEncoding": "encoding",
    },
    "encoding": {
        "headers": "{header",
        "encoding": "{encoding",
        "prefixEncoding": "[encoding",
        "itemEncoding": "encoding",
    },
    "schema": _SCHEMA,
    "example": {},
    "securityScheme": {},
    "link": {},
}
"""The kind of node under each key of each kind of node: ``{kind`` is a map of nodes, ``[kind`` a list.

The keys of 2.0 are here too.
"""


def nodes(document: JSON, kind: str = "document", *, follow: bool = True) -> Iterator[tuple[str, Document, str]]:
    """Yield the JSON Pointer, the node and the kind of each object of a document. Values that are data are left out.

    What a reference leads to within the document is visited too, wherever it is, as the kind that the reference needs,
    unless ``follow`` is False. A map that is a reference has the kind of its members with a brace before it.
    """
    seen: set[str] = set()
    stack = [("", document, kind)]
    later: list[tuple[str, str, str]] = []
    while stack or later:
        if stack:
            here, node, is_a = stack.pop()
        else:
            here, reference, is_a = later.pop()
            # Most targets of references have been visited by then, and need not be looked up.
            node = None if here in seen else target(document, reference)
        if not isinstance(node, dict) or here in seen:
            continue
        seen.add(here)
        yield here, node, is_a
        stack += _children(here, node, is_a)
        referred = node.get("$ref") if follow else None
        if isinstance(referred, str) and referred.startswith("#/"):
            there = unquote(referred[1:])
            if there not in seen:
                later.append((there, referred, is_a))


def _children(here: str, node: Document, kind: str) -> list[tuple[str, JSON, str]]:
    """Return the nodes below a node, the last first: pointer, node and kind."""
    grammar = GRAMMAR[kind] if kind[0] != "{" else {"*": kind[1:]}
    children: list[tuple[str, JSON, str]] = []
    for key, child in node.items():
        form = grammar.get(key) or grammar.get("*", "")
        if not form or not isinstance(child, (dict, list)) or key.startswith("x-"):
            continue
        below = here + _step(key)
        if isinstance(child, list):
            if form[0] != "{":
                children += [(f"{below}/{index}", item, form.lstrip("[")) for index, item in enumerate(child)]
        elif form[0] == "{":
            if isinstance(child.get("$ref"), str):
                children.append((below, child, form))
                continue
            child_kind = form[1:]
            extensible = kind != "components" and child_kind in ("pathItem", "response")
            children += [
                (below + _step(name), value, child_kind)
                for name, value in child.items()
                if not (extensible and name.startswith("x-"))
            ]
        elif form[0] != "[":
            children.append((below, child, form))
    children.reverse()
    return children


def _step(name: str) -> str:
    """Return a name as the last step of a JSON Pointer. This is fast, since there are hundreds of thousands of them."""
    return "/" + name if "/" not in name and "~" not in name else pointer_of(name)


def operations(document: JSON) -> Iterator[tuple[str, Document]]:
    """Yield the JSON Pointer and the node of each operation, in document order."""
    for path, node in mapping_at(document, "paths").items():
        item = resolved(document, node)
        if not isinstance(item, dict) or path.startswith("x-"):
            continue
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                yield pointer_of("paths", path, method), operation
        for method, operation in mapping_at(item, "additionalOperations").items():
            if isinstance(operation, dict):
                yield pointer_of("paths", path, "additionalOperations", method), operation


def references(document: JSON) -> Iterator[tuple[str, str]]:
    """Yield the JSON Pointer and the text of each ``$ref``. Values that are data are left out."""
    for pointer, node, _ in nodes(document):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield pointer + "/$ref", reference


def target(document: JSON | Mapping[str, JSON], reference: str) -> JSON:
    """Return what a reference within the document leads to; None where that is nothing, or in another file."""
    try:
        return value_at(cast("JSON", document), unquote(reference)) if reference.startswith("#") else None
    except KeyError:
        return None


def resolved(document: JSON | Mapping[str, JSON], node: JSON) -> JSON:
    """Return the node itself, or what its ``$ref`` leads to after any number of steps; None where that is nothing."""
    for _ in range(LONGEST_CHAIN):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            return node
        node = target(document, cast("str", node["$ref"]))
    return None
