"""Idempotency keys: the same key with the same request gets the same answer, with another request it is an error.

See draft-ietf-httpapi-idempotency-key-header. A key is claimed by its first request, which keeps its answer or,
where it failed, gives the key back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.value_class import value_class
from mock_server.http.json_codec import response_from_json, response_to_json
from mock_server.http.messages import Request, Response
from mock_server.hub import Hub
from mock_server.hub.model import KeyQuestion
from mock_server.openapi.extensions import MockExtensions
from mock_server.openapi.model import Operation
from mock_server.worlds.rate_limits import short

REPLAYED = "Idempotency-Replayed"


def key_question(extensions: MockExtensions, operation: Operation, request: Request, token: str) -> KeyQuestion | None:
    """Return the question that claims the key of a request; None where it has none that the contract knows."""
    rule = extensions.idempotency
    if rule is None or operation.method not in rule.methods:
        return None
    key = request.header(rule.header)
    if key is None:
        return None
    return KeyQuestion(f"{operation.key}\n{short(token)}\n{short(key)}", fingerprint(request))


def fingerprint(request: Request) -> str:
    """Return a digest by which two requests are equal: of method, path, query and body."""
    head = f"{request.method} {request.path}?{request.query}\n".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(head + request.body, digest_size=16).hexdigest()


def conflict(extensions: MockExtensions) -> Diagnostic:
    """Return why a request with the key of another one is refused."""
    header = "" if extensions.idempotency is None else extensions.idempotency.header
    found, expected = "a key that another request has", "the same request again, or a key of its own"
    return Diagnostic("idempotency-key", f"header {header}", found, expected)


def replayed(answer: bytes) -> Response:
    """Return the answer that was kept for a key, as it is sent again."""
    response = response_from_json(json.loads(answer))
    return replace(response, headers=(*response.headers, (REPLAYED, "true")))


@value_class
class KeyClaim:
    """The right to keep an answer for a key."""

    hub: Hub
    world: str
    key: str
    claim: str

    def settle(self, answer: Response) -> None:
        """Keep an answer, or give the key back after a failure: a retry has to be a new request then."""
        if answer.status >= 400:
            self.release()
            return
        answer = replace(answer, wire=None, delay=0)
        self.hub.keep(self.world, self.key, self.claim, json.dumps(response_to_json(answer)).encode())

    def release(self) -> None:
        """Give the key back."""
        self.hub.release(self.world, self.key, self.claim)
