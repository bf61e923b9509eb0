"""Defects beyond repair: what leaves nothing to serve, and what nobody can tell the meaning of."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.source import Layers, pointer_of
from mock_server.contract.walk import Document, references, target
from mock_server.exchange import Finding


def defects(document: Document, source: Layers) -> list[Finding]:
    """All that is wrong with a document beyond repair. The kind of ``paths`` comes first: the rest relies on it."""
    paths = document.get("paths", {})
    if not isinstance(paths, dict):
        return [_defect("kind", source, pointer_of("paths"), repr(paths), "an object")]
    return [*_circular_references(document, source)]


def _circular_references(document: Document, source: Layers) -> Iterator[Finding]:
    """References that lead to nothing but references, and at last to themselves."""
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


def _defect(rule: str, source: Layers, pointer: str, actual: str, expected: str) -> Finding:
    return Finding(rule, source.location(pointer), actual, expected, pointer, "Mend the contract.")
