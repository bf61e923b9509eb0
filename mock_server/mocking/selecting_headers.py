"""The headers of requests that can change an answer, for each operation: what else a client sends makes nothing new.

Trace ids, user agents and cookies come with each request, and most of them no operation reads. Which ones are read
follows from the contract (parameters, security schemes, idempotency keys, the fragments of paths) and from what the
server reads of every request: credentials, preferences, content negotiation, what frames a body, who asks (CORS), and
the host, which links are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias
from urllib.parse import parse_qsl

from mock_server.core.json_pointer import mapping_at, value_at
from mock_server.openapi.model import Contract, Operation, path_parts

HeaderNames: TypeAlias = frozenset[bytes] | None
"""Names in lower case, as ASGI has them; None for all that there are."""

ALWAYS = frozenset(
    {
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "origin",
        "prefer",
        "transfer-encoding",
    }
)
"""What is read of requests to any operation."""


class SelectingHeaders:
    """The headers that can change the answers of the operations of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._names: dict[str, HeaderNames] = {}

    def of(self, operation: Operation) -> HeaderNames:
        """Return the names of the headers that can change the answer to a request which was taken for an operation.

        They are those of all operations that such a request may be for: their method and path template are the same.
        """
        if operation.key not in self._names:
            self._names[operation.key] = self._names_of(operation)
        return self._names[operation.key]

    def _names_of(self, operation: Operation) -> HeaderNames:
        names = set(ALWAYS) | set(self._of_security())
        rule = self._contract.extensions.idempotency
        if rule is not None:
            names.add(rule.header.lower())
        for sibling in self._siblings[_place_of(operation)]:
            nodes = self._nodes(sibling)
            # Addresses of callbacks may be made of any header ($request.header.NAME), or may lack one.
            if any(isinstance(node, dict) and node.get("callbacks") for node in nodes):
                return None
            names.update(name for node in nodes for name in self._of_parameters(node))
            names.update(name.lower() for name, _ in parse_qsl(path_parts(sibling.path)[2], keep_blank_values=True))
        return frozenset(name.encode("latin-1", "replace") for name in names)

    @cached_property
    def _siblings(self) -> dict[tuple[str, str], list[Operation]]:
        """All operations by method and path template."""
        siblings: dict[tuple[str, str], list[Operation]] = {}
        for operation in self._contract.operations.values():
            siblings.setdefault(_place_of(operation), []).append(operation)
        return siblings

    def _of_security(self) -> Iterator[str]:
        """Yield the headers that hold credentials; a token names the caller in whichever operation."""
        for scheme in self._contract.schemes.values():
            if scheme.type == "apiKey" and scheme.place == "header":
                yield scheme.key.lower()
            elif scheme.type == "apiKey" and scheme.place == "cookie":
                yield "cookie"

    def _nodes(self, operation: Operation) -> list[object]:
        """Return the nodes of an operation and of its path item, by its pointer and by its path: they may differ."""
        document = self._contract.document
        item = self._contract.resolve(mapping_at(document, "paths").get(operation.path))
        method = operation.method
        nodes: list[object] = [
            item,
            mapping_at(item, method.lower()),
            mapping_at(mapping_at(item, "additionalOperations"), method),
        ]
        for pointer in (operation.pointer, operation.pointer.rpartition("/")[0]):
            try:
                nodes.append(value_at(document, pointer))
            except LookupError:
                continue
        return nodes

    def _of_parameters(self, node: object) -> Iterator[str]:
        listed = node.get("parameters") if isinstance(node, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            parameter = self._contract.resolve(entry)
            if isinstance(parameter, dict) and parameter.get("in") == "header":
                yield str(parameter.get("name")).lower()
            elif isinstance(parameter, dict) and parameter.get("in") == "cookie":
                yield "cookie"


def _place_of(operation: Operation) -> tuple[str, str]:
    return operation.method, path_parts(operation.path)[0]
