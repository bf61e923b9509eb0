"""Ways through a document: its operations and its references."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from mock_server.contract.source import find, mapping_at, pointer_of
from mock_server.exchange import JSON

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods a path item may have (OpenAPI 3.2 added query)."""

_DATA = frozenset({"example", "default", "const", "enum", "value"})
"""Keys that hold values and not parts of a document."""

Document = dict[str, JSON]


def operations(document: JSON) -> Iterator[tuple[str, Document]]:
    """The JSON Pointer and the node of each operation, in document order."""
    for path, node in mapping_at(document, "paths").items():
        item = _path_item(document, node)
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                yield pointer_of("paths", path, method), operation


def _path_item(document: JSON, node: JSON) -> JSON:
    """A path item, or the one that its reference leads to."""
    if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
        return node
    try:
        return find(document, str(node["$ref"]))
    except KeyError:
        return node


def references(document: JSON) -> Iterator[tuple[str, str]]:
    """The JSON Pointer of each ``$ref`` and what it says. Values that are data are not looked into."""
    stack: list[tuple[str, JSON]] = [("", document)]
    while stack:
        pointer, node = stack.pop()
        if isinstance(node, list):
            stack.extend((f"{pointer}/{index}", child) for index, child in enumerate(node))
        elif isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                yield pointer + "/$ref", reference
            parent = pointer.rsplit("/", 1)[-1]
            for key, child in node.items():
                # `examples` is a list of values in a schema and a map of Example Objects elsewhere.
                is_data = key in _DATA or key.startswith("x-") or (key == "examples" and isinstance(child, list))
                if not is_data or (parent in ("properties", "schemas", "parameters") and isinstance(child, dict)):
                    stack.append((pointer + pointer_of(key), child))


def target(document: Document, reference: str) -> JSON:
    """What a reference within the document leads to; None where that is nothing, or in another file."""
    try:
        return find(document, unquote(reference)) if reference.startswith("#") else None
    except KeyError:
        return None
