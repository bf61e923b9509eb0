"""Defects that cannot be repaired: nothing is left to serve, or nobody can tell what is meant."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import pointer_of
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.traversal import Document, references, target


def find_unsupported(document: Document, source: LayeredSourceMap) -> list[Diagnostic]:
    """Return what is wrong with a document beyond repair. The type of ``paths`` comes first: the rest relies on it."""
    paths = document.get("paths", {})
    if not isinstance(paths, dict):
        return [_defect("kind", source, pointer_of("paths"), repr(paths), "an object")]
    return [*_circular_references(document, source)]


def _circular_references(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Yield a finding for each chain of references that only leads back to itself."""
    ends: set[str] = set()
    for pointer, reference in references(document):
        if reference in ends:
            continue
        ends.add(reference)
        seen = [reference]
        node = target(document, reference)
        while isinstance(node, dict) and isinstance(node.get("$ref"), str) and len(node) == 1:
            seen.append(str(node["$ref"]))
            if seen.count(seen[-1]) > 1:
                yield _defect("circular-reference", source, pointer, " → ".join(seen), "references that end somewhere")
                break
            node = target(document, seen[-1])


def _defect(rule: str, source: LayeredSourceMap, pointer: str, actual: str, expected: str) -> Diagnostic:
    return Diagnostic(rule, source.location(pointer), actual, expected, pointer, "Fix the contract.")
