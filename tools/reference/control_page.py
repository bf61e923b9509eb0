"""The page of the control API, from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tools.control_api import control_document, operations
from tools.reference.markdown import page, prose, table

Node = dict[str, Any]
SHARED = ("400", "401", "403", "408", "413", "431", "500", "503")
"""Statuses of refusals that operations share; the table of an operation has the others."""


def control_page() -> str:
    """Return the page."""
    document = control_document()
    responses = document["components"]["responses"]
    shared = [
        (status, name["$ref"].rpartition("/")[2])
        for status, name in document["paths"]["/requests/count"]["post"]["responses"].items()
        if status in SHARED
    ]
    refusals = table(("status", ""), ((f"`{status}`", responses[name]["description"]) for status, name in shared))
    sections = [_section(document, tag) for tag in document["tags"]]
    schemas = document["components"]["schemas"]
    return page(
        "Control API",
        document["info"]["description"],
        "`GET /__admin/openapi-admin.json` is this page for programs: OpenAPI 3.1, with the base URL of the world.",
        f"## Refusals\n\nAny operation may answer with one of these, those about bodies if it has one:\n\n{refusals}",
        *sections,
        "## Schemas",
        *(_schema(name, schema) for name, schema in schemas.items()),
    )


def _section(document: Node, tag: Node) -> str:
    own = [entry for entry in operations(document) if entry[2]["tags"] == [tag["name"]]]
    texts = [_operation(document, *entry) for entry in own]
    return "\n\n".join([f"## {tag['name']}", prose(tag["description"]), *texts])


def _operation(document: Node, path: str, method: str, operation: Node) -> str:
    parts = [f"### {operation['summary']}", f"`{method.upper()} /__admin{path}`", operation.get("description", "")]
    parameters = [*document["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    if parameters:
        rows = (
            (f"`{each['name']}`", each["in"], _type(each["schema"]), each.get("description", "")) for each in parameters
        )
        parts.append(table(("parameter", "in", "type", ""), rows))
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        parts.append(f"Body: {_type(media['schema'])}.")
    parts.append(table(("status", "body", ""), _answers(document, operation)))
    return "\n\n".join(part.strip() for part in parts if part)


def _answers(document: Node, operation: Node) -> Iterator[tuple[str, str, str]]:
    for status, node in operation["responses"].items():
        reference = node.get("$ref", "")
        response = document["components"]["responses"][reference.rpartition("/")[2]] if reference else node
        if status in SHARED:
            continue
        content = response.get("content", {})
        bodies = "; ".join(f"`{media}`: {_type(entry['schema'])}" for media, entry in content.items())
        yield f"`{status}`", bodies, response["description"]


def _type(schema: Node | bool) -> str:
    """Return a schema in a few words, with links to those that have names."""
    if isinstance(schema, bool) or not schema:
        return "any value"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema and "properties" not in schema:
            return _either(schema[keyword])
    if "const" in schema:
        return f"`{_word(schema['const'])}`"
    if "enum" in schema:
        return _either(schema["enum"], quote=True)
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and "properties" in schema:
        return "object with " + ", ".join(f"`{name}`" for name in schema["properties"])
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _either(choices: Iterable[Any], *, quote: bool = False) -> str:
    texts = [f"`{_word(choice)}`" if quote else _type(choice) for choice in choices]
    return " or ".join(dict.fromkeys(texts))


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _schema(name: str, schema: Node) -> str:
    parts = [f"### {name}", schema.get("description", "")]
    properties = schema.get("properties")
    if not properties:
        parts.append("[All types](problem-types.md)." if name == "ProblemType" else f"It is: {_type(schema)}.")
    else:
        required = schema.get("required", ())
        rows = (
            (f"`{key}`", _type(member), "yes" if key in required else "", member.get("description", ""))
            for key, member in properties.items()
        )
        parts.append(table(("member", "type", "required", ""), rows))
    return "\n\n".join(part.strip() for part in parts if part)
