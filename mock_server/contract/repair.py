"""Defects of a contract that have one safe repair: found, mended, and always reported.

Each rule is a function that mends the document in place and yields what it found. A defect that has no
safe repair comes out with severity ``error`` and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import cast

from mock_server.contract.source import Layers, mapping_at, pointer_of
from mock_server.contract.walk import METHODS, Document, operations, references, target
from mock_server.exchange import JSON, Finding

Rule = Callable[[Document, Layers], Iterator[Finding]]


def repair(document: Document, source: Layers) -> list[Finding]:
    """Mend ``document`` in place; the findings say what was wrong and what was done."""
    return [finding for rule in RULES for finding in rule(document, source)]


def _missing_info(document: Document, source: Layers) -> Iterator[Finding]:
    info = document.get("info")
    if not isinstance(info, dict):
        document["info"] = info = {}
    for key, value in (("title", source.name), ("version", "0")):
        if not isinstance(info.get(key), str):
            found = f"no {key}" if key not in info else f"{info[key]!r}"
            yield _repaired("missing-info", source, pointer_of("info", key), found, "a text", f"{value!r} is used")
            info[key] = value


def _missing_description(document: Document, source: Layers) -> Iterator[Finding]:
    for pointer, operation in operations(document):
        for status, response in mapping_at(operation, "responses").items():
            if isinstance(response, dict) and "$ref" not in response and "description" not in response:
                where = f"{pointer}{pointer_of('responses', status)}"
                yield _repaired(
                    "missing-description", source, where, "a response without description", "one", "left blank"
                )
                response["description"] = ""


def _undeclared_path_parameter(document: Document, source: Layers) -> Iterator[Finding]:
    for path, item in mapping_at(document, "paths").items():
        shared = _parameter_names(document, item)
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if not isinstance(operation, dict):
                continue
            for name in re.findall(r"\{([^{}]+)\}", path):
                if name not in shared | _parameter_names(document, operation):
                    where = pointer_of("paths", path, method)
                    yield _repaired("undeclared-path-parameter", source, where, f"no parameter {name!r}",
                                    "a parameter in path", "it is taken as a text")  # fmt: skip
                    declared = operation.get("parameters")
                    added: JSON = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                    operation["parameters"] = [*(declared if isinstance(declared, list) else []), added]


def _parameter_names(document: Document, node: JSON) -> set[str]:
    parameters = node.get("parameters") if isinstance(node, dict) else None
    names: set[str] = set()
    for parameter in parameters if isinstance(parameters, list) else []:
        if isinstance(parameter, dict) and isinstance(parameter.get("$ref"), str):
            parameter = target(document, cast("str", parameter["$ref"]))
        if isinstance(parameter, dict) and parameter.get("in") == "path":
            names.add(str(parameter.get("name")))
    return names


def _dangling_reference(document: Document, source: Layers) -> Iterator[Finding]:
    for pointer, reference in list(references(document)):
        if not reference.startswith("#"):
            yield Finding("external-reference", source.location(pointer), f"{reference!r}",
                          "a reference within the file", pointer, "Bundle the files into one.")  # fmt: skip
        elif target(document, reference) is None and not _anchored(document, reference):
            yield _mend_reference(document, source, pointer, reference)


def _mend_reference(document: Document, source: Layers, pointer: str, reference: str) -> Finding:
    parts = reference.lstrip("#/").split("/")
    if len(parts) == 3 and parts[:2] == ["components", "schemas"]:
        schemas = _table(_table(document, "components"), "schemas")
        schemas[parts[2].replace("~1", "/").replace("~0", "~")] = {}
        return _repaired("dangling-reference", source, pointer, f"{reference!r}, which is not defined",
                         "a reference to something in the document", "any value is taken there")  # fmt: skip
    return Finding("dangling-reference", source.location(pointer), f"{reference!r}, which is not defined",
                   "a reference to something in the document", pointer, "Define it or mend the reference.")  # fmt: skip


def _table(node: Document, key: str) -> Document:
    """The object under a key, made where there is none."""
    if not isinstance(node.get(key), dict):
        node[key] = {}
    return cast("Document", node[key])


def _duplicate_operation_id(document: Document, source: Layers) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for pointer, operation in operations(document):
        name = operation.get("operationId")
        if isinstance(name, str):
            if name in first:
                yield _repaired("duplicate-operation-id", source, f"{pointer}/operationId", f"{name!r} a second time",
                                "an operationId of its own", "the operation goes without")  # fmt: skip
                del operation["operationId"]
            first.setdefault(name, pointer)


RULES: tuple[Rule, ...] = (
    _missing_info,
    _missing_description,
    _dangling_reference,
    _undeclared_path_parameter,
    _duplicate_operation_id,
)


def _anchored(document: JSON, reference: str) -> bool:
    """Whether a ``#name`` reference has its ``$anchor`` somewhere."""
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


def _repaired(rule: str, source: Layers, pointer: str, found: str, expected: str, done: str) -> Finding:
    return Finding(rule, source.location(pointer), found, expected, pointer, f"Repaired: {done}.", "repaired")
