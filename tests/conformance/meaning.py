"""What Schemathesis reads of a contract in another way than its author wrote it, put so that both agree.

Each is a reason why a finding of Schemathesis would be none; there is no other list of exceptions, but the hooks.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.published.contract import Operation, PublishedContract
from benchmarks.published.verdict import may_stream

EVENTS = "text/event-stream"


def as_meant(contract: PublishedContract, operations: list[Operation], document: Any) -> Any:
    """Return a document with these operations as Schemathesis has to read it."""
    document = json.loads(json.dumps(document))
    for operation in operations:
        node = document["paths"][operation.path][operation.method.lower()]
        for status, response in node.get("responses", {}).items():
            if str(status).startswith("2") and "content" in response:
                _streams(contract, operation, response["content"])
    return _without_names(document)


def _streams(contract: PublishedContract, operation: Operation, content: dict[str, Any]) -> None:
    """Document the stream that a request with ``stream`` gets where its author left it out (docs/streams.md).

    A schema beside ``text/event-stream`` is that of the JSON in ``data``, as clients of 3.1 take it. Schemathesis
    holds the whole event to it (OpenAPI 3.2, "Server-Sent Event Streams"), so it is left to the other judge.
    """
    if "application/json" in content and may_stream(contract, operation):
        content.setdefault(EVENTS, {})
    if EVENTS in content:
        content[EVENTS].pop("schema", None)


def _without_names(node: Any) -> Any:
    """Return a document without discriminators that map nothing, of which Schemathesis wants the names of schemas.

    The schemas fix the member by ``enum`` or ``const``, and what they say is what a client sees.
    """
    if isinstance(node, list):
        return [_without_names(one) for one in node]
    if not isinstance(node, dict):
        return node
    stated = node.get("discriminator")
    is_nameless = isinstance(stated, dict) and "propertyName" in stated and "mapping" not in stated
    return {key: _without_names(one) for key, one in node.items() if not (key == "discriminator" and is_nameless)}


def credentials(contract: PublishedContract, token: str) -> list[str]:
    """Return the headers that carry a credential for every scheme; what Schemathesis makes up may be empty."""
    names = {
        one["name"] for one in contract.schemes.values() if (one.get("type"), one.get("in")) == ("apiKey", "header")
    }
    return [f"Authorization: Bearer {token}", *(f"{name}: {token}" for name in sorted(names - {"Authorization"}))]
