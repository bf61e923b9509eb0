"""Defects of a contract that have no safe repair, found before a library stumbles over them.

openapi-spec-validator finds most of what can be wrong; these are what it crashes on (a value of the
wrong kind, references in a circle, an odd path or address) or passes over (a scheme that is not there).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mock_server.contract.source import Layers, mapping_at, pointer_of
from mock_server.contract.walk import METHODS, Document, operations, references, target
from mock_server.exchange import Finding

_KINDS: dict[str, type] = {
    "info": dict,
    "paths": dict,
    "components": dict,
    "servers": list,
    "tags": list,
    "security": list,
    "webhooks": dict,
}


def defects(document: Document, source: Layers) -> list[Finding]:
    """All that is wrong with a document beyond repair. The kinds come first: the rest relies on them."""
    found = list(_wrong_kinds(document, source))
    if found:
        return found
    rules = (_circular_references, _odd_paths, _identical_paths, _odd_servers, _unknown_schemes)
    return [finding for rule in rules for finding in rule(document, source)]


def _wrong_kinds(document: Document, source: Layers) -> Iterator[Finding]:
    for key, kind in _KINDS.items():
        if key in document and not isinstance(document[key], kind):
            yield _defect(
                "kind", source, pointer_of(key), repr(document[key]), "an object" if kind is dict else "a list"
            )
    for path, item in mapping_at(document, "paths").items():
        if not isinstance(item, dict) and not path.startswith("x-"):
            yield _defect("kind", source, pointer_of("paths", path), repr(item), "an object")


def _circular_references(document: Document, source: Layers) -> Iterator[Finding]:
    """References that lead to nothing but references, and at last to themselves."""
    for pointer, reference in references(document):
        seen = [reference]
        node = target(document, reference)
        while isinstance(node, dict) and isinstance(node.get("$ref"), str) and len(node) == 1:
            seen.append(str(node["$ref"]))
            if seen.count(seen[-1]) > 1:
                yield _defect("circular-reference", source, pointer, " → ".join(seen), "references that end somewhere")
                break
            node = target(document, seen[-1])


def _odd_paths(document: Document, source: Layers) -> Iterator[Finding]:
    for path in mapping_at(document, "paths"):
        if path.startswith("x-"):
            continue
        where = pointer_of("paths", path)
        if not path.startswith("/"):
            yield _defect("path", source, where, repr(path), "a path that begins with a slash")
        outside = "".join(part.rpartition("}")[2] for part in path.split("{"))
        whole = path.count("{") == path.count("}") and "}" not in outside and "{}" not in path
        if not whole or any(part.count("}") != 1 for part in path.split("{")[1:]):
            yield _defect("path", source, where, repr(path), "a path whose braces each hold the name of a parameter")


def _identical_paths(document: Document, source: Layers) -> Iterator[Finding]:
    """Operations that no path tells apart (OpenAPI 3.1, Paths Object), and methods that the routes do not know."""
    first: dict[tuple[str, str], str] = {}
    for path, item in mapping_at(document, "paths").items():
        plain = re.sub(r"\{[^}]*\}", "{}", path)
        for method in item if isinstance(item, dict) else ():
            taken = first.setdefault((plain, method), path) if method in METHODS else path
            if taken != path:
                expected = f"an operation that a path tells from that of {taken!r}"
                yield _defect("identical-paths", source, pointer_of("paths", path, method), repr(path), expected)
        if isinstance(item, dict) and "additionalOperations" in item:
            where = pointer_of("paths", path, "additionalOperations")
            yield _defect("method", source, where, "methods of its own", "methods that the routes know")


def _odd_servers(document: Document, source: Layers) -> Iterator[Finding]:
    servers = document.get("servers")
    for index, server in enumerate(servers if isinstance(servers, list) else []):
        url = server.get("url") if isinstance(server, dict) else None
        try:
            urlsplit(url if isinstance(url, str) else "")
        except ValueError:
            yield _defect("server", source, pointer_of("servers", index, "url"), repr(url), "the URL of a server")


def _unknown_schemes(document: Document, source: Layers) -> Iterator[Finding]:
    schemes = mapping_at(document.get("components"), "securitySchemes")
    for pointer, node in [("", document), *operations(document)]:
        alternatives = node.get("security")
        for index, alternative in enumerate(alternatives if isinstance(alternatives, list) else []):
            for name in alternative if isinstance(alternative, dict) else ():
                if name not in schemes:
                    where = pointer + pointer_of("security", index, name)
                    yield _defect("security-scheme", source, where, repr(name), "one of components.securitySchemes")


def _defect(rule: str, source: Layers, pointer: str, found: str, expected: str) -> Finding:
    return Finding(rule, source.location(pointer), found, expected, pointer, "Mend the contract.")
