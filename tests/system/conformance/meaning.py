"""What Schemathesis reads of a contract in another way than its author wrote it, put so that both agree.

Each is a reason why a finding of Schemathesis would be none; there is no other list of exceptions, but the hooks.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.published.contract import Operation, PublishedContract
from benchmarks.published.verdict import may_stream

EVENTS = "text/event-stream"
_NAMES = frozenset(
    {
        "properties",
        "patternProperties",
        "$defs",
        "dependentSchemas",
        "schemas",
        "paths",
        "responses",
        "parameters",
        "headers",
        "content",
        "requestBodies",
        "securitySchemes",
        "mapping",
        "callbacks",
        "links",
        "encoding",
        "scopes",
    }
)
"""Objects whose keys are names and no keywords."""
_SETTLING = frozenset({"type", "$ref", "enum", "const"})
"""Keywords that say which type a value has."""
_VALUES = frozenset({"example", "examples", "default", "const", "enum", "value"})
"""What is no schema, whatever it looks like."""


def as_meant(contract: PublishedContract, operations: list[Operation], document: Any) -> Any:
    """Return a document with these operations as Schemathesis has to read it."""
    document = json.loads(json.dumps(document))
    for operation in operations:
        node = document["paths"][operation.path][operation.method.lower()]
        for status, response in node.get("responses", {}).items():
            if str(status).startswith("2") and "content" in response:
                _streams(contract, operation, response["content"])
        _writable(node)
    return _schemas(document)


def _writable(node: Any) -> None:
    """Take out kinds of multipart bodies that Schemathesis cannot write, where another media type is left."""
    content = node.get("requestBody", {}).get("content", {})
    for media_type in [name for name in content if name.startswith("multipart/") and name != "multipart/form-data"]:
        if len(content) > 1:
            del content[media_type]


def _streams(contract: PublishedContract, operation: Operation, content: dict[str, Any]) -> None:
    """Document the stream that a request with ``stream`` gets where its author left it out (docs/streams.md).

    A schema beside ``text/event-stream`` is that of the JSON in ``data``, as clients of 3.1 take it. Schemathesis
    holds the whole event to it (OpenAPI 3.2, "Server-Sent Event Streams"), so it is left to the other judge.
    """
    if "application/json" in content and may_stream(contract, operation):
        content.setdefault(EVENTS, {})
    if EVENTS in content:
        content[EVENTS].pop("schema", None)


def _schemas(node: Any, key: str = "") -> Any:
    """Return a document whose schemas Schemathesis reads as their author means them.

    A discriminator that maps nothing is left out: Schemathesis wants the names of schemas for it, while the schemas fix
    the member by ``enum`` or ``const``, and what they say is what a client sees. What has ``properties`` or ``items``
    and no type is an object or an array (docs/contracts.md, ``missing-type``). A name that is required twice is
    required: Schemathesis makes no requests for such a schema.
    """
    if isinstance(node, list):
        return [_schemas(child) for child in node]
    if not isinstance(node, dict) or key in _VALUES:
        return node
    result = {name: _schemas(child, "" if key in _NAMES else name) for name, child in node.items()}
    if key in _NAMES:
        return result
    stated = result.get("discriminator")
    if isinstance(stated, dict) and "propertyName" in stated and "mapping" not in stated:
        del result["discriminator"]
    required = result.get("required")
    if isinstance(required, list) and all(isinstance(child, str) for child in required):
        result["required"] = list(dict.fromkeys(required))
    composed = [child for keyword in ("allOf", "anyOf", "oneOf") for child in result.get(keyword, ())]
    if not any(child.keys() & _SETTLING for child in (result, *composed) if isinstance(child, dict)):
        if isinstance(result.get("properties"), dict):
            result["type"] = "object"
        elif isinstance(result.get("items"), dict):
            result["type"] = "array"
    return result


def credentials(contract: PublishedContract, token: str) -> list[str]:
    """Return the headers that carry a credential for every scheme; what Schemathesis makes up may be empty."""
    names = {
        scheme["name"]
        for scheme in contract.schemes.values()
        if (scheme.get("type"), scheme.get("in")) == ("apiKey", "header")
    }
    return [f"Authorization: Bearer {token}", *(f"{name}: {token}" for name in sorted(names - {"Authorization"}))]
