"""Ways through a document: its operations and its references."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.source import mapping_at, pointer_of
from mock_server.exchange import JSON

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods a path item may have (OpenAPI 3.2 added query)."""

Document = dict[str, JSON]


def operations(document: JSON) -> Iterator[tuple[str, Document]]:
    """The JSON Pointer and the node of each operation, in document order."""
    for path, item in mapping_at(document, "paths").items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                yield pointer_of("paths", path, method), operation


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
                is_data = key in ("example", "default", "const", "enum", "examples") or key.startswith("x-")
                if not is_data or (parent in ("properties", "schemas", "parameters") and isinstance(child, dict)):
                    stack.append((pointer + pointer_of(key), child))
