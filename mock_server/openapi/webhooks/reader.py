"""Read the requests that a contract describes of its own: ``webhooks``, and what a path item below a callback says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.types import JSON
from mock_server.http.media_types import is_json
from mock_server.openapi.model import Contract
from mock_server.openapi.traversal import METHODS
from mock_server.openapi.webhooks.model import Webhook

SECTIONS = ("webhooks", "x-webhooks")
"""Where webhooks stand: OpenAPI 3.1 has the former, contracts of 3.0 write the latter."""


def read_webhooks(contract: Contract) -> Iterator[Webhook]:
    """Yield the webhooks of a contract, in its order."""
    for section in SECTIONS:
        for name, item in mapping_at(contract.document, section).items():
            if not name.startswith("x-"):
                yield from requests_of(contract, name, item, pointer_of(section, name))


def requests_of(contract: Contract, name: str, item: JSON, pointer: str) -> Iterator[Webhook]:
    """Yield the requests of a path item, each under this name; ``pointer`` leads to the item."""
    node = contract.resolve(item)
    for method in METHODS:
        operation = node.get(method) if isinstance(node, dict) else None
        if isinstance(operation, dict):
            media, schema = _body(contract, operation)
            yield Webhook(name, method.upper(), f"{pointer}/{method}", media, schema)


def _body(contract: Contract, operation: Mapping[str, JSON]) -> tuple[str, JSON]:
    """Return the media type and the schema of a body: JSON where it may be JSON, else the first."""
    request = contract.resolve(operation.get("requestBody"))
    content = mapping_at(request, "content")
    media = next((name for name in content if is_json(name)), next(iter(content), ""))
    described = contract.resolve(content.get(media))
    return media, described.get("schema") if isinstance(described, dict) else None
