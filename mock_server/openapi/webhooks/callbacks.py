"""The callbacks of operations: requests that the API sends to an address which the client told it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import mapping_at, pointer_of, value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.webhooks.model import Webhook
from mock_server.openapi.webhooks.reader import requests_of
from mock_server.openapi.webhooks.runtime_expressions import expressions_in, is_expression


@value_class
class Callback:
    """A request that follows the answer of an operation. ``url`` has runtime expressions in it."""

    operation: str
    url: str
    webhook: Webhook


def callbacks_of(contract: Contract) -> Mapping[str, Sequence[Callback]]:
    """Return the callbacks of a contract by the keys of their operations (``POST /subscriptions``)."""
    callbacks = {key: callbacks_after(contract, operation) for key, operation in contract.operations.items()}
    return {key: described for key, described in callbacks.items() if described}


def callbacks_after(contract: Contract, operation: Operation) -> Sequence[Callback]:
    """Return the callbacks of one operation."""
    return tuple(_of(contract, operation))


def callback_findings(contract: Contract) -> list[Diagnostic]:
    """Return which addresses cannot be understood: such callbacks never happen."""
    return [
        Diagnostic(
            "callback",
            contract.locate(callback.webhook.pointer),
            f"the expression {expression!r}",
            "$url, $method, $statusCode, $request or $response with .header.NAME, .query.NAME, .path.NAME or"
            " .body#/POINTER",
            callback.webhook.pointer,
        )
        for callbacks in callbacks_of(contract).values()
        for callback in callbacks
        for expression in expressions_in(callback.url)
        if not is_expression(expression)
    ]


def _of(contract: Contract, operation: Operation) -> Iterator[Callback]:
    node = _node(contract, operation)
    for name, described in mapping_at(node, "callbacks").items():
        items = contract.resolve(described)
        pointer = operation.pointer + pointer_of("callbacks", name)
        for url, item in items.items() if isinstance(items, dict) and not name.startswith("x-") else ():
            if not url.startswith("x-"):
                for webhook in requests_of(contract, name, item, pointer + pointer_of(url)):
                    yield Callback(operation.key, url, webhook)


def _node(contract: Contract, operation: Operation) -> JSON:
    """Return the node of an operation; None for one that a reference leads to."""
    try:
        return value_at(contract.document, operation.pointer)
    except LookupError:
        item = mapping_at(contract.document, "paths").get(operation.path)
        resolved = contract.resolve(item)
        return resolved.get(operation.method.lower()) if isinstance(resolved, dict) else None
