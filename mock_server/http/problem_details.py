"""Errors of the server's own, as problem details (RFC 9457). ``docs/errors.md`` has a heading for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import HubError, HubFullError, StoreError, StoreFullError
from mock_server.core.types import JSON
from mock_server.http.messages import Headers, Response, ResponseSource

TITLES: Mapping[str, str] = {
    "answer-breaks-contract": "The answer breaks the contract and was not sent",
    "conflict": "Another has it already",
    "connections": "There are as many connections as there may be",
    "control": "The admin API is for programs of this machine and those who have the token",
    "host": "The request does not name its host once",
    "hub-full": "The hub takes no changes",
    "hub-lost": "The hub does not answer for now",
    "idempotency-conflict": "The key came before, with another request",
    "idempotency-pending": "Another request with the same key is under way",
    "instruction": "The instruction cannot be understood or done",
    "internal": "The mock server failed",
    "invalid-request": "The request breaks the contract",
    "invalid-token": "The token is not valid",
    "large-head": "The head of the request is too large",
    "malformed-request": "The body cannot be read",
    "method-not-allowed": "The path has no operation of this method",
    "no-answer": "The contract has no such answer",
    "no-such-record": "No record has this key",
    "not-acceptable": "No documented media type is one that the client accepts",
    "not-found": "No operation has this path",
    "not-installed": "A part of the server is not installed",
    "not-ready": "The server accepts no requests now",
    "not-verified": "The journal does not show what was expected",
    "preference": "A preference cannot be read or applied",
    "rate-limited": "The rate limit is reached",
    "record": "The record breaks the contract",
    "relation-missing": "A relation leads nowhere",
    "scenario": "The scenario cannot be understood, or would break the contract",
    "server-error": "The server failed, as it was asked to",
    "store-full": "The store is full",
    "store-lost": "The store does not answer for now",
    "timeout": "The request did not come in time",
    "unauthenticated": "The request carries no credential that fits",
    "unknown": "Nothing has this name",
    "unsupported-media-type": "The body has a media type that the operation does not accept",
    "world": "The path names no world",
}
"""The titles by name; the type is ``urn:mock-server:problem:NAME``."""


LOST = (("Retry-After", "1"),)
"""The headers of a problem about a lost store or hub: it is tried again several times a second."""


def store_problem_response(error: StoreError) -> Response:
    """Return the problem document for an error of a store: 507 for a full one (RFC 4918, 11.5), 503 for a lost one."""
    if isinstance(error, StoreFullError):
        return problem_response("store-full", 507, str(error))
    return problem_response("store-lost", 503, str(error), headers=LOST)


def hub_problem_response(error: HubError) -> Response:
    """Return the problem document for a hub that is lost, or takes no changes: 503, since a retry may succeed."""
    if isinstance(error, HubFullError):
        return problem_response("hub-full", 503, str(error), headers=LOST)
    return problem_response("hub-lost", 503, str(error), headers=LOST)


def problem_response(
    name: str, status: int, detail: str, findings: Sequence[Diagnostic] = (), *, headers: Headers = ()
) -> Response:
    """Return a problem document. ``detail`` says what was found, what was expected and what to do."""
    body: dict[str, JSON] = {
        "type": f"urn:mock-server:problem:{name}",
        "title": TITLES[name],
        "status": status,
        "detail": detail or HTTPStatus(status).description,
    }
    if findings:
        body["findings"] = [finding.as_json() for finding in findings]
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(status, (("content-type", "application/problem+json"), *headers), data, ResponseSource.PROBLEM)
