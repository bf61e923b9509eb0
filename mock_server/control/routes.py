"""The control API: JSON answers, ``application/problem+json`` errors, nothing of the contract's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

from mock_server.answer import Ladder
from mock_server.contract.model import Contract, Operation
from mock_server.errors import GenerationError
from mock_server.exchange import JSON, Answer, Request
from mock_server.problem import problem
from mock_server.settings import suggestion

PREFIX = "/__admin"
VARIANTS = f"{PREFIX}/variants/"


class Control:
    """Answers control requests about one contract. Paths follow WireMock's where it has the like."""

    def __init__(self, contract: Contract, ladder: Ladder) -> None:
        self._contract = contract
        self._ladder = ladder
        self._routes: Mapping[str, Callable[[], Answer]] = {
            f"{PREFIX}/health": self._health,
            f"{PREFIX}/openapi.json": self._document,
        }

    def handle(self, request: Request) -> Answer:
        """The answer to a request whose path begins with ``/__admin``."""
        answer = self._routes.get(request.path)
        if request.path.startswith(VARIANTS):
            answer = partial(self._variants, request.path.removeprefix(VARIANTS))
        if answer is None:
            near = suggestion(request.path, self._routes)
            known = ", ".join([*self._routes, f"{VARIANTS}OPERATION"])
            return problem("not-found", 404, f"Found the control path {request.path}{near}; expected one of {known}.")
        if request.method not in ("GET", "HEAD"):
            detail = f"Found {request.method} {request.path}; expected GET."
            return problem("method-not-allowed", 405, detail, headers=(("Allow", "GET, HEAD"),))
        return answer()

    def _health(self) -> Answer:
        contract = self._contract
        return _json({
            "status": "healthy",
            "title": contract.title,
            "version": contract.version,
            "digest": contract.digest,
            "operations": len(contract.operations),
        })  # fmt: skip

    def _variants(self, name: str) -> Answer:
        """The variants of an operation, which is named by its operationId or by its key (``GET /pets``)."""
        operation = self._operation(name)
        if operation is None:
            operations = self._contract.operations
            known = [*(one.operation_id for one in operations.values() if one.operation_id), *operations]
            detail = f"Found the operation {name!r}{suggestion(name, known)}; expected an operationId, or a method and"
            return problem("not-found", 404, f"{detail} a path such as {next(iter(operations), 'GET /')!r}.")
        try:
            return _json([variant.as_json() for variant in self._ladder.variants(operation)])
        except GenerationError as error:
            return problem("no-answer", 500, f"{operation.key}: {error}")

    def _operation(self, name: str) -> Operation | None:
        operations = self._contract.operations
        if name in operations:
            return operations[name]
        return next((one for one in operations.values() if one.operation_id == name), None)

    def _document(self) -> Answer:
        return _json(dict(self._contract.document))


def _json(value: JSON) -> Answer:
    headers = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(200, headers, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), "control")
