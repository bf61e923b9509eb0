"""Texts of refusals: the reason is written into the contract's answer to a failure.

RFC 9110 (15.5) for the statuses. An answer gets the reason, as far as its schema allows, wherever it has a text for it
(``failures`` decides which answers). The findings are in ``Mock-Findings`` in any case.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Response
from mock_server.openapi.model import Operation, ResponseSpec

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
    "no_such_record": (404,),
    "conflict": (409, 422, 400),
    "relation_missing": (422, 400, 404),
    "rate_limited": (429,),
    "server_error": (500,),
}
"""The statuses of a failure, the most fitting one first."""

LONGEST = 4096
"""Most characters of ``Mock-Findings``."""
_MESSAGES = frozenset(
    {
        "detail",
        "details",
        "message",
        "messages",
        "msg",
        "description",
        "errordescription",
        "errordetail",
        "errormessage",
        "errormsg",
        "reason",
        "usermessage",
        "developermessage",
    }
)
"""Members that say what is wrong, in lower case and without separators between words."""
_HEADINGS = frozenset({"title", "error", "errors", "summary", "text", "statustext", "statusmessage"})
"""Members that are used where there is none of :data:`_MESSAGES`."""
_NUMBERS = frozenset({"status", "code", "statuscode", "httpstatus", "httpcode"})
_DEEPEST = 8
_MOST_PLACES = 24
"""Most members of an answer that are tried: an answer to an error has few."""
_SHORTER = (1000, 255, 100, 40)
"""Lengths of a shortened reason, in characters, that are tried where the schema refuses a longer one."""


def documented_error(operation: Operation | None, failure: str) -> Iterator[tuple[ResponseSpec, int]]:
    """Yield the contract's own answers to a failure: by status, then by range, then ``default``.

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


def findings_header(findings: tuple[Diagnostic, ...]) -> Headers:
    """Return findings as the header ``Mock-Findings``: a JSON array in ASCII, of as many whole findings as fit 4 KB."""
    if not findings:
        return ()
    entries = [finding.as_json() for finding in findings]
    while len(text := json.dumps(entries, separators=(",", ":"))) > LONGEST and entries:
        entries.pop()
    return (("Mock-Findings", text),)


def with_diagnostics(value: JSON, accepts: Callable[[JSON], bool], own: Response, *, is_example: bool = False) -> JSON:
    """Return an answer with the reason of the failure in the members that are for it, where the schema allows it.

    ``own`` is the problem document that would be sent if the contract had no answer. In an example only texts are
    changed: its numbers mean something to the API (an error code of its own, say), generated ones do not.
    """
    known = json.loads(own.body)
    if (
        isinstance(value, dict) and not is_example and ("detail" in value or "title" in value)
    ):  # RFC 9457, or FastAPI's list of faults
        listed = [_validation_error(finding) for finding in known.get("findings", ())]
        candidates: list[dict[str, JSON]] = [known, {"detail": listed}] if listed else [known]
        for candidate in candidates:
            if value.keys() <= candidate.keys() and accepts(candidate):
                return candidate
    body = copy.deepcopy(value)
    places = [*islice(_places(body, "", 0), _MOST_PLACES)]
    for place in places:
        if not is_example and place.name in _NUMBERS and type(place.value) is int:
            place.fill([known["status"]], body, accepts)
    texts = _reasons(known)
    for names in (_MESSAGES, _HEADINGS):
        filled = [
            place.fill(texts, body, accepts) for place in places if place.name in names and isinstance(place.value, str)
        ]
        if any(filled):
            break
    return body


@value_class
class _FieldLocation:
    """A member or an item within an answer; ``name`` is that of the member, in the form of :data:`_MESSAGES`."""

    name: str
    within: Any
    key: str | int

    @property
    def value(self) -> JSON:
        return self.within[self.key]  # type: ignore[no-any-return]

    def fill(self, values: list[JSON], whole: JSON, accepts: Callable[[JSON], bool]) -> bool:
        """Put the first of the values here with which the whole is valid; return whether there is one."""
        before = self.value
        for value in values:
            self.within[self.key] = value
            if accepts(whole):
                return True
        self.within[self.key] = before
        return False


def _places(node: JSON, name: str, depth: int) -> Iterator[_FieldLocation]:
    """Yield the scalars of an answer, the outer ones first; of a list those of its first item."""
    if depth > _DEEPEST:
        return
    below: list[tuple[JSON, str]] = []
    members: Iterable[tuple[str | int, JSON]] = ()
    if isinstance(node, dict):
        members = node.items()
    elif isinstance(node, list):
        members = [(0, node[0])] if node else []
    for key, value in members:
        called = re.sub(r"[\s_.-]", "", key).lower() if isinstance(key, str) else name
        if isinstance(value, (dict, list)):
            below.append((value, called))
        else:
            yield _FieldLocation(called, node, key)
    for value, called in below:
        yield from _places(value, called, depth + 1)


def _reasons(known: Mapping[str, Any]) -> list[JSON]:
    """Return the reason, and shortened ones for members with less room."""
    detail: str = known["detail"]
    return [*dict.fromkeys([detail, *(detail[:length] for length in _SHORTER)])]


def _validation_error(finding: Mapping[str, str]) -> JSON:
    """Return a finding as FastAPI's ValidationError: the steps to the place, the message, the kind of error."""
    place, _, name = finding["location"].partition(" ")
    steps: list[JSON] = [place, *([name] if name else [])]
    for step in finding.get("pointer", "").split("/")[1:]:
        plain = step.replace("~1", "/").replace("~0", "~")
        steps.append(int(plain) if plain.isascii() and plain.isdigit() else plain)
    return {"loc": steps, "msg": f"{finding['found']}; expected {finding['expected']}", "type": finding["rule"]}
