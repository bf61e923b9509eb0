"""Contracts written in a line for each operation: ``POST /pets createPet < Pet > 201 Pet``.

After the path stands the operationId, after ``<`` the body, after ``>`` the status and what is answered: a type, the
name of a schema, ``[Pet]`` for an array, ``{data: [Pet], total: integer}`` for an object, ``{const: pet}`` for a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import infer
from mock_server.openapi.resources.model import ResourceModel
from tests.support.contracts import Document, document, load

_LINE = re.compile(r"(\w+) (\S+)(?: (\w[^ <>]*))?(?: < (.+?))?(?: > (\d+)(?: (.+))?)?")
_TYPES = ("string", "integer", "number", "boolean", "object")


def inferred(
    directory: Path,
    operations: str,
    schemas: Mapping[str, str],
    *,
    security: Mapping[str, str] | None = None,
    parameters: Mapping[str, list[Document]] | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> ResourceModel:
    """What is inferred of a contract of these operations.

    ``schemas`` are as answers are, ``security`` names the scheme of paths that begin so, ``parameters`` are further
    ones of an operation by its key; ``extensions`` are members of the document (``x-mock-resources``), or of an
    operation by its key.
    """
    return infer(loaded(directory, operations, schemas, security, parameters, extensions))


def loaded(
    directory: Path,
    operations: str,
    schemas: Mapping[str, str],
    security: Mapping[str, str] | None = None,
    parameters: Mapping[str, list[Document]] | None = None,
    extensions: Mapping[str, Any] | None = None,
    *,
    strict: bool = False,
) -> Contract:
    """The contract of these operations, as of :func:`inferred`."""
    paths: Document = {}
    for line in filter(None, map(str.strip, operations.splitlines())):
        match = _LINE.fullmatch(line)
        assert match is not None, line
        method, path, identifier, body, status, answer = match.groups()
        node = _operation(path, body, status, answer)
        if identifier:
            node["operationId"] = identifier
        node["parameters"] += (parameters or {}).get(f"{method} {path}", [])
        node["security"] = [{scheme: []} for start, scheme in (security or {}).items() if path.startswith(start)]
        node |= (extensions or {}).get(f"{method} {path}", {})
        paths.setdefault(path, {})[method.lower()] = node
    components = {
        "schemas": {name: schema_of(yaml.safe_load(text)) for name, text in schemas.items()},
        "securitySchemes": {name: {"type": "http", "scheme": "bearer"} for name in (security or {}).values()},
    }
    members = {name: value for name, value in (extensions or {}).items() if " " not in name}
    return load(directory, {**document(paths, components=components), **members}, strict=strict)


def claims(model: ResourceModel) -> dict[str, str]:
    """What each operation is said to do."""
    return {operation: verdict.claim for operation, verdict in model.verdicts.items()}


def schema_of(node: Any) -> Document:
    """The schema of a type, the name of a component, an array or an object."""
    if isinstance(node, list):
        return {"type": "array", "items": schema_of(node[0])}
    if isinstance(node, dict) and node.keys() == {"const"}:
        return node
    if isinstance(node, dict):
        return {"type": "object", "properties": {name: schema_of(member or "string") for name, member in node.items()}}
    return {"type": node} if node in _TYPES else {"$ref": f"#/components/schemas/{node}"}


def _operation(path: str, body: str | None, status: str | None, answer: str | None) -> Document:
    content = {"application/json": {"schema": schema_of(yaml.safe_load(answer))}} if answer else {}
    node: Document = {
        "responses": {status or "204": {"description": "Done", **({"content": content} if content else {})}},
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", path)
        ],
    }
    if body:
        schema = schema_of(yaml.safe_load(body))
        node["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return node
