"""The control API: JSON answers, ``application/problem+json`` errors, nothing of the contract's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from mock_server.contract.model import Contract
from mock_server.exchange import JSON, Answer, Request
from mock_server.problem import problem
from mock_server.settings import suggestion

PREFIX = "/__admin"


class Control:
    """Answers control requests about one contract. Paths follow WireMock's where it has the like."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._routes: Mapping[str, Callable[[], Answer]] = {
            f"{PREFIX}/health": self._health,
            f"{PREFIX}/openapi.json": self._document,
        }

    def handle(self, request: Request) -> Answer:
        """The answer to a request whose path begins with ``/__admin``."""
        answer = self._routes.get(request.path)
        if answer is None:
            near = suggestion(request.path, self._routes)
            known = ", ".join(self._routes)
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

    def _document(self) -> Answer:
        return _json(dict(self._contract.document))


def _json(value: dict[str, JSON]) -> Answer:
    headers = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(200, headers, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), "control")
