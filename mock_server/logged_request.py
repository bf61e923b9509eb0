"""Entries of a journal as WireMock's clients read them, with members of our own in addition.

https://wiremock.org/docs/verifying/ (2026-01) describes the members; what has no member in WireMock or here is left
out.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs

from mock_server.exchange import JSON, Answer, Headers, Request
from mock_server.journal import Entry
from mock_server.redaction import Redaction
from mock_server.request_id import given_id
from mock_server.worlds import World


class Telling:
    """Writes the entries of one world as JSON."""

    def __init__(self, world: World, redaction: Redaction) -> None:
        self._journal = world.journal
        self._world = world
        self._redaction = redaction

    def event(self, entry: Entry) -> dict[str, JSON]:
        """Return an entry as a serve event: request, response, timing, and members of our own."""
        request, answer = entry.request, entry.answer  # each time they are asked for they are unpacked
        findings: list[JSON] = [self._redaction.value(one.as_json(), request) for one in entry.findings]
        members: dict[str, JSON] = {
            "id": str(self._journal.id_of(entry.number)),
            "request": self.request(entry),
            "responseDefinition": {"status": answer.status, "fromConfiguredStub": entry.was_matched},
            "response": self._response(answer),
            "wasMatched": entry.was_matched,
            "timing": timing(entry),
            "requestId": self._request_id(entry, request),
            "world": self._world.name,
            "operation": entry.operation.key if entry.operation else None,
            "operationId": entry.operation.operation_id if entry.operation else None,
            "pathParameters": dict(entry.route.path_parameters),
            "reason": answer.reason,
            "findings": findings,
        }
        stream = answer.stream
        if stream is not None:
            members["stream"] = {"items": stream.sent, "end": stream.end}
        if entry.is_shortened:
            members["bodySizes"] = {"request": entry.sizes[0], "response": entry.sizes[1]}
        return members

    def request(self, entry: Entry) -> dict[str, JSON]:
        """Return the request as it was logged."""
        request = entry.request
        query = self._redaction.query(request.query)
        url = (request.raw_path or request.path) + (f"?{query}" if query else "")
        host = request.origin.partition("://")[2].partition("/")[0].partition(":")[0]
        parameters: dict[str, JSON] = {
            name: {"key": name, "values": [*values]} for name, values in parse_qs(query, keep_blank_values=True).items()
        }
        return {
            "id": str(self._journal.id_of(entry.number)),
            "url": url,
            "absoluteUrl": request.origin + self._world.prefix + url,
            "method": request.method,
            "scheme": request.origin.partition(":")[0],
            "host": host,
            "headers": fields(self._redaction.headers(request.headers)),
            "cookies": {},
            "queryParams": parameters,
            "browserProxyRequest": False,
            "loggedDate": int(entry.started * 1000),
            "loggedDateString": moment(entry.started),
            **bodies(self._redaction.body(request.body, request.header("content-type") or "")),
        }

    def _request_id(self, entry: Entry, request: Request) -> str:
        """Return the id that the client gave the request, if it may be shown, else that of the entry."""
        return given_id(self._redaction.headers(request.headers)) or str(self._journal.id_of(entry.number))

    def _response(self, answer: Answer) -> dict[str, JSON]:
        body = self._redaction.body(answer.body, answer.header("content-type") or "")
        return {"status": answer.status, "headers": fields(self._redaction.headers(answer.headers)), **bodies(body)}


def timing(entry: Entry) -> dict[str, JSON]:
    """Return milliseconds: the delay that was added, and the time that it took to find the answer."""
    took = round(entry.elapsed * 1000, 3)
    return {"addedDelay": entry.answer.delay, "processTime": took, "totalTime": took + entry.answer.delay}


def bodies(body: bytes) -> Mapping[str, JSON]:
    """Return a body as text, and as its bytes in base64."""
    return {"body": body.decode("utf-8", "replace"), "bodyAsBase64": base64.b64encode(body).decode()}


def fields(headers: Headers) -> dict[str, JSON]:
    """Return headers by name: a text, or a list where a name occurs several times."""
    values: dict[str, JSON] = {}
    names: dict[str, str] = {}
    for name, value in headers:
        key = names.setdefault(name.lower(), name.title() if name.islower() else name)
        known = values.get(key)
        values[key] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return values


def moment(seconds: float) -> str:
    """Return seconds since 1970 in the format of RFC 3339, in UTC and to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
