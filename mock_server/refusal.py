"""How a refusal is said: with the answer that the contract has for it, told what really went wrong.

RFC 9110 (15.5) for the statuses. An answer by example stays as the contract has it; one that has to be made
is told what is known, as far as its schema lets it. The findings are in ``Mock-Findings`` in any case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from mock_server.contract.model import Operation, Response
from mock_server.exchange import JSON, Answer, Finding, Headers

STATUSES: Mapping[str, tuple[int, ...]] = {
    "unauthenticated": (401,),
    "invalid_token": (401,),
    "not_found": (404,),
    "method_not_allowed": (405,),
    "not_acceptable": (406,),
    "unsupported_media_type": (415, 422, 400),
    "malformed_request": (400, 422),
    "invalid_request": (422, 400),
    "idempotency_conflict": (409, 422),
    "rate_limited": (429,),
    "server_error": (500,),
}
"""The statuses of a failure, the one that fits best first."""

LONGEST = 4096
"""Characters of ``Mock-Findings``."""
_TEXTS = ("detail", "message", "error_description", "msg", "description")
_NUMBERS = ("status", "code", "statusCode", "status_code")


def documented(operation: Operation | None, failure: str) -> Iterator[tuple[Response, int]]:
    """The contract's own answers to a failure: by status, then by range, then ``default``.

    A ``default`` is the answer to errors where there is another to success (OpenAPI 3.1, "Responses Object").
    """
    responses = operation.responses if operation else {}
    statuses = STATUSES[failure]
    for status in statuses:
        if str(status) in responses:
            yield responses[str(status)], status
    for status in statuses[:1]:
        for key in (f"{status // 100}XX", f"{status // 100}xx"):
            if key in responses:
                yield responses[key], status
        if "default" in responses and any(key[:1] in "23" for key in responses):
            yield responses["default"], status


def findings_header(findings: tuple[Finding, ...]) -> Headers:
    """Findings as the header ``Mock-Findings``: a JSON array in ASCII, of as many whole findings as fit 4 KB."""
    if not findings:
        return ()
    shown = [finding.as_json() for finding in findings]
    while len(text := json.dumps(shown, separators=(",", ":"))) > LONGEST and shown:
        shown.pop()
    return (("Mock-Findings", text),)


def informed(value: JSON, accepts: Callable[[JSON], bool], own: Answer) -> JSON:
    """A made answer with what is known of the failure in the members that are for it, where the schema lets it.

    ``own`` is the problem document that would be sent if the contract had no answer.
    """
    if not isinstance(value, dict):
        return value
    known = json.loads(own.body)
    if "detail" in value or "title" in value:  # RFC 9457, or FastAPI's list of what is wrong
        listed = [_validation_error(finding) for finding in known.get("findings", ())]
        candidates: list[dict[str, JSON]] = [known, {"detail": listed}] if listed else [known]
        for candidate in candidates:
            if value.keys() <= candidate.keys() and accepts(candidate):
                return candidate
    told = dict(value)
    said = [(name, known["detail"]) for name in _TEXTS if isinstance(value.get(name), str)]
    said += [(name, known["status"]) for name in _NUMBERS if type(value.get(name)) is int]
    for name, one in said:
        if accepts({**told, name: one}):
            told[name] = one
    return told


def _validation_error(finding: Mapping[str, str]) -> JSON:
    """A finding as FastAPI's ValidationError: where by steps, what in words, the kind of error."""
    place, _, name = finding["location"].partition(" ")
    steps: list[JSON] = [place, *([name] if name else [])]
    for step in finding.get("pointer", "").split("/")[1:]:
        plain = step.replace("~1", "/").replace("~0", "~")
        steps.append(int(plain) if plain.isascii() and plain.isdigit() else plain)
    return {"loc": steps, "msg": f"{finding['found']}; expected {finding['expected']}", "type": finding["rule"]}
