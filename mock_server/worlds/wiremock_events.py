"""Entries of a journal as WireMock's clients read them, with members of our own in addition.

https://wiremock.org/docs/verifying/ (2026-01) describes the members; what has no member in WireMock or here is left
out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs

from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.http.messages import Headers, Request, Response
from mock_server.http.request_id import client_request_id
from mock_server.worlds.journal import Entry, LoggedExchange
from mock_server.worlds.redaction import Redaction
from mock_server.worlds.world import World

_MEMORY = 4 * 1024 * 1024
"""Bytes of texts that are remembered while a list is told: those that more entries have."""
_TEXT = json.JSONEncoder(ensure_ascii=False).encode


class _Shared(NamedTuple):
    """JSON texts of what entries of one exchange have in common: members of an event, and of its request.

    ``delay`` is in milliseconds, ``request_id`` is empty where the client gave none.
    """

    event: str
    request: str
    delay: int
    request_id: str


class ServeEventWriter:
    """Tells the entries of one world. Those of one exchange differ in their ids and times alone."""

    def __init__(self, world: World, redaction: Redaction) -> None:
        self._journal = world.journal
        self._world = world
        self._redaction = redaction
        self._texts: SizedCache[LoggedExchange, _Shared] = SizedCache(_MEMORY)

    def event(self, entry: Entry) -> bytes:
        """Return an entry as the JSON text of a serve event: request, response, timing, and what we know beside."""
        shared = self._shared(entry)
        name, took = str(self._journal.id_of(entry.number)), took_of(entry)
        text = (
            f'{{"id": "{name}", "requestId": {shared.request_id or _TEXT(name)}, "timing": {{"addedDelay":'
            f' {shared.delay}, "processTime": {took}, "totalTime": {took + shared.delay}}}, "request":'
            f" {self._request(entry, shared, name)}, {shared.event}"
        )
        return text.encode("utf-8", "replace")

    def request(self, entry: Entry) -> bytes:
        """Return the JSON text of the request as it was logged."""
        name = str(self._journal.id_of(entry.number))
        return self._request(entry, self._shared(entry), name).encode("utf-8", "replace")

    @staticmethod
    def _request(entry: Entry, shared: _Shared, name: str) -> str:
        started = entry.started
        return (
            f'{{"id": "{name}", "loggedDate": {int(started * 1000)}, "loggedDateString": "{moment(started)}",'
            f" {shared.request}"
        )

    def _shared(self, entry: Entry) -> _Shared:
        exchange = entry.kept
        shared = self._texts.get(exchange)
        if shared is None:
            shared = self._shared_of(exchange)
            if exchange.holders > 1:
                self._texts.keep(exchange, shared, 4 * (len(shared.event) + len(shared.request)) + exchange.cost)
        return shared

    def _shared_of(self, exchange: LoggedExchange) -> _Shared:
        request, answer, sizes = exchange.request, exchange.answer, exchange.sizes  # unpacked each time
        operation, findings = exchange.operation, exchange.findings
        headers = self._redaction.headers(request.headers)
        members: dict[str, JSON] = {
            "responseDefinition": {"status": answer.status, "fromConfiguredStub": operation is not None},
            "response": self._response(answer),
            "wasMatched": operation is not None,
            "world": self._world.name,
            "operation": operation.key if operation else None,
            "operationId": operation.operation_id if operation else None,
            "pathParameters": dict(exchange.route.path_parameters),
            "reason": answer.reason,
            "findings": self._redaction.value([diagnostic.as_json() for diagnostic in findings], request)
            if findings
            else [],
        }
        stream = answer.stream
        if stream is not None:
            members["stream"] = {"items": stream.sent, "end": stream.end}
        if sizes != (len(request.body), len(answer.body)):
            members["bodySizes"] = {"request": sizes[0], "response": sizes[1]}
        name = client_request_id(headers)
        text = _TEXT(self._members_of(request, headers))
        return _Shared(_TEXT(members)[1:], text[1:], answer.delay, _TEXT(name) if name else "")

    def _members_of(self, request: Request, headers: Headers) -> dict[str, JSON]:
        """Return the request without what is of one entry alone; ``headers`` are those that may be shown."""
        query = self._redaction.query(request.query)
        url = (request.raw_path or request.path) + (f"?{query}" if query else "")
        host = request.origin.partition("://")[2].partition("/")[0].partition(":")[0]
        parameters: dict[str, JSON] = {
            name: {"key": name, "values": [*values]} for name, values in parse_qs(query, keep_blank_values=True).items()
        }
        return {
            "url": url,
            "absoluteUrl": request.origin + self._world.prefix + url,
            "method": request.method,
            "scheme": request.origin.partition(":")[0],
            "host": host,
            "headers": fields(headers),
            "cookies": {},
            "queryParams": parameters,
            "browserProxyRequest": False,
            **bodies(self._redaction.body(request.body, request.header("content-type") or "")),
        }

    def _response(self, answer: Response) -> dict[str, JSON]:
        body = self._redaction.body(answer.body, answer.header("content-type") or "")
        return {"status": answer.status, "headers": fields(self._redaction.headers(answer.headers)), **bodies(body)}


def took_of(entry: Entry) -> float:
    """Return the milliseconds that it took to find the answer."""
    return round(entry.elapsed * 1000, 3)


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
