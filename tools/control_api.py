"""Put the document of the control API together.

``python -m tools.control_api`` reads the YAML files of ``mock_server/admin/openapi`` and writes beside them
``openapi-admin.json``, which the server sends, and a JSON Schema for each kind of file that people write by hand. The
values of enums that the server has in its code come from there, and so do the refusals that all operations share.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from mock_server.http.problem_details import TITLES
from mock_server.openapi.failure_extensions import FAILURES
from mock_server.scenarios.delivery_fault import FAULT_KINDS
from mock_server.scenarios.model import CUTS, GARBLES

Node: TypeAlias = dict[str, Any]

FOLDER = Path(__file__).parent.parent / "mock_server" / "admin" / "openapi"
DOCUMENT = "openapi-admin.json"
METHODS = ("get", "put", "post", "delete", "patch")
EDITOR_SCHEMAS = {
    "scenario.schema.json": ("Scenario", "A scenario of mock-server"),
    "request-pattern.schema.json": ("RequestPattern", "A request pattern of mock-server"),
}
"""The JSON Schemas for editors: the component that each has, and its title."""
_OPEN = {"400": "BadRequest", "431": "LargeHead", "500": "Failed", "503": "Unavailable"}
_GUARDED = {"401": "Unauthorized", "403": "Forbidden"}
_WITH_BODY = {"408": "Timeout", "413": "TooLarge", "422": "Invalid"}
_REFERENCE = "#/components/schemas/"


def control_document() -> Node:
    """Return the document, composed of all YAML files."""
    parts = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.yaml"))]
    (document,) = [part for part in parts if "openapi" in part]
    document["paths"] = {path: item for part in parts for path, item in sorted(part.get("paths", {}).items())}
    for part in parts:
        for kind, named in part.get("components", {}).items():
            document["components"].setdefault(kind, {}).update(named)
    for _, _, operation in operations(document):
        _add_refusals(operation)
    _fill_enums(document["components"]["schemas"])
    components = document.pop("components")
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return {**document, "components": components}


def operations(document: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield path template, method in lower case and Operation Object of each operation."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def editor_schema(document: Node, name: str, title: str) -> Node:
    """Return a component as a JSON Schema (2020-12) that stands for itself."""
    schemas = document["components"]["schemas"]
    definitions: Node = {}
    waiting = [*_names(schemas[name])]
    while waiting:
        other = waiting.pop()
        if other not in definitions:
            definitions[other] = _relative(schemas[other])
            waiting += _names(schemas[other])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **_relative(schemas[name]), "$defs": dict(sorted(definitions.items()))}


def files() -> dict[Path, str]:
    """Return the text of each file that is composed, by its path."""
    document = control_document()
    composed = {DOCUMENT: document}
    composed |= {file: editor_schema(document, *component) for file, component in EDITOR_SCHEMAS.items()}
    return {FOLDER / file: json.dumps(node, indent=1, ensure_ascii=False) + "\n" for file, node in composed.items()}


def _add_refusals(operation: Node) -> None:
    """Add to an operation the refusals that it shares with others; those of its own stay."""
    shared = dict(_OPEN)
    if operation.get("security") != []:
        shared |= _GUARDED
    if "requestBody" in operation:
        shared |= _WITH_BODY
    own = operation["responses"]
    refusals = {status: {"$ref": f"#/components/responses/{name}"} for status, name in shared.items()}
    operation["responses"] = dict(sorted({**refusals, **own}.items()))


def _fill_enums(schemas: Node) -> None:
    answer = schemas["ScenarioAnswer"]["properties"]
    schemas["ProblemType"]["enum"] = [f"urn:mock-server:problem:{name}" for name in TITLES]
    answer["failure"]["enum"] = [*FAILURES]
    answer["cut"]["enum"] = [*CUTS]
    answer["garble"]["enum"] = [*GARBLES]
    for name in ("EventFault", "PlannedFaultOrder"):
        schemas[name]["properties"]["fault"]["enum"] = [*FAULT_KINDS]


def _names(node: object) -> Iterator[str]:
    """Yield the names of the components that a schema refers to."""
    members: Iterable[object] = ()
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_REFERENCE)
        members = node.values()
    elif isinstance(node, list):
        members = node
    for member in members:
        yield from _names(member)


def _relative(node: Any) -> Any:
    """Return a schema whose references lead into ``$defs``."""
    if isinstance(node, dict):
        return {
            key: f"#/$defs/{value.removeprefix(_REFERENCE)}" if key == "$ref" else _relative(value)
            for key, value in node.items()
        }
    return [_relative(item) for item in node] if isinstance(node, list) else node


def main() -> None:
    """Write all files."""
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
        print(file.relative_to(FOLDER.parent.parent.parent))


if __name__ == "__main__":
    main()
