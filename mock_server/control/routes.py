"""The control API: JSON answers, ``application/problem+json`` errors, nothing of the contract's own.

With several contracts ``/__admin`` tells of all of them, and ``BASE/__admin`` of the one under that base path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from mock_server.assembly import Served
from mock_server.contract.model import Operation
from mock_server.errors import GenerationError
from mock_server.exchange import JSON, Answer, Request
from mock_server.problem import problem
from mock_server.settings import suggestion

PREFIX = "/__admin"
VARIANTS = f"{PREFIX}/variants/"


class Control:
    """Answers control requests about what is served. Paths follow WireMock's where it has the like."""

    def __init__(self, served: Sequence[Served]) -> None:
        self._served = served
        self._routes: Mapping[str, Callable[[Sequence[Served]], Answer]] = {
            f"{PREFIX}/health": _health,
            f"{PREFIX}/openapi.json": _document,
        }

    def handle(self, request: Request) -> Answer | None:
        """The answer to a request whose path begins with ``/__admin``, there or after a base path; None for others."""
        base, found, rest = request.path.partition(PREFIX)
        if not found or rest[:1] not in ("", "/"):
            return None
        served = [one for one in self._served if base in ("", one.base_path)]
        if not served or (base and len(self._served) == 1):
            return None
        return self._answered(request.method, PREFIX + rest, served)

    def _answered(self, method: str, path: str, served: Sequence[Served]) -> Answer:
        answer = self._routes.get(path)
        if path.startswith(VARIANTS):
            answer = partial(_variants, path.removeprefix(VARIANTS))
        if answer is None:
            near = suggestion(path, self._routes)
            known = ", ".join([*self._routes, f"{VARIANTS}OPERATION"])
            return problem("not-found", 404, f"Found the control path {path}{near}; expected one of {known}.")
        if method not in ("GET", "HEAD"):
            detail = f"Found {method} {path}; expected GET."
            return problem("method-not-allowed", 405, detail, headers=(("Allow", "GET, HEAD"),))
        return answer(served)


def _health(served: Sequence[Served]) -> Answer:
    told = [_told(one) for one in served]
    if len(told) == 1:
        return _json({"status": "healthy", **told[0]})
    contracts: list[JSON] = [
        {"base_path": one.base_path or "/", **each} for one, each in zip(served, told, strict=True)
    ]
    operations = sum(len(one.contract.operations) for one in served)
    return _json({"status": "healthy", "operations": operations, "contracts": contracts})


def _told(served: Served) -> dict[str, JSON]:
    contract = served.contract
    return {
        "title": contract.title,
        "version": contract.version,
        "digest": contract.digest,
        "operations": len(contract.operations),
    }


def _document(served: Sequence[Served]) -> Answer:
    if len(served) == 1:
        return _json(dict(served[0].contract.document))
    places = ", ".join(f"{one.base_path}{PREFIX}/openapi.json" for one in served if one.base_path)
    return problem("not-found", 404, f"Found several contracts; expected the base path of one before it: {places}.")


def _variants(name: str, served: Sequence[Served]) -> Answer:
    """The variants of an operation, which is named by its operationId or by its key (``GET /pets``)."""
    for one in served:
        operation = _operation(name, one)
        if operation is not None:
            try:
                return _json([variant.as_json() for variant in one.ladder.variants(operation)])
            except GenerationError as error:
                return problem("no-answer", 500, f"{operation.key}: {error}")
    operations = {key: operation for one in served for key, operation in one.contract.operations.items()}
    known = [*(one.operation_id for one in operations.values() if one.operation_id), *operations]
    detail = f"Found the operation {name!r}{suggestion(name, known)}; expected an operationId, or a method and"
    return problem("not-found", 404, f"{detail} a path such as {next(iter(operations), 'GET /')!r}.")


def _operation(name: str, served: Served) -> Operation | None:
    operations = served.contract.operations
    if name in operations:
        return operations[name]
    return next((one for one in operations.values() if one.operation_id == name), None)


def _json(value: JSON) -> Answer:
    headers = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(200, headers, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), "control")
