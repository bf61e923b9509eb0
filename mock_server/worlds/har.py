"""A journal as an HTTP Archive (HAR 1.2), which browsers' tools and most proxies open.

http://www.softwareishard.com/blog/har-12-spec/ describes the members; -1 stands for an unknown value.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from http.client import responses
from importlib.metadata import version
from urllib.parse import parse_qsl

from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.http.messages import Headers, Request, Response
from mock_server.worlds.journal import Entry, LoggedExchange
from mock_server.worlds.redaction import Redaction
from mock_server.worlds.wiremock_events import moment, took_of

_MEMORY = 4 * 1024 * 1024
"""Bytes of texts that are remembered while an archive is told: those that more entries have."""
_TEXT = json.JSONEncoder(ensure_ascii=False).encode


def archive(entries: Iterable[JSON]) -> dict[str, JSON]:
    """Return entries (:class:`Archiving`) as one archive, the oldest first."""
    creator: JSON = {"name": "mock-server", "version": version("contract-mock-server")}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": [*entries]}}


class Archiving:
    """Tells the entries of the world with a prefix. Those of one exchange differ in their times alone."""

    def __init__(self, prefix: str, redaction: Redaction) -> None:
        self._prefix = prefix
        self._redaction = redaction
        self._texts: SizedCache[LoggedExchange, tuple[str, int]] = SizedCache(_MEMORY)

    def entry(self, entry: Entry) -> bytes:
        """Return an entry as the JSON text that an archive has of it."""
        text, delay = self._shared(entry.kept)
        wait = took_of(entry) + delay
        own = (
            f'{{"startedDateTime": "{moment(entry.started)}", "time": {wait}, "timings": {{"blocked": -1, "dns": -1,'
            f' "connect": -1, "ssl": -1, "send": 0, "wait": {wait}, "receive": 0}}, {text}'
        )
        return own.encode("utf-8", "replace")

    def _shared(self, exchange: LoggedExchange) -> tuple[str, int]:
        """Return the JSON text of what entries of one exchange have in common, and milliseconds of delay."""
        shared = self._texts.get(exchange)
        if shared is None:
            request, answer, sizes = exchange.request, exchange.answer, exchange.sizes
            members: dict[str, JSON] = {
                "request": self._request(request, sizes[0]),
                "response": self._response(answer, sizes[1]),
                "cache": {},
                "comment": answer.reason,
            }
            shared = _TEXT(members)[1:], answer.delay
            if exchange.holders > 1:
                self._texts.keep(exchange, shared, 4 * len(shared[0]) + exchange.cost)
        return shared

    def _request(self, request: Request, size: int) -> dict[str, JSON]:
        query = self._redaction.query(request.query)
        url = request.origin + self._prefix + (request.raw_path or request.path) + (f"?{query}" if query else "")
        parameters: list[JSON] = [{"name": name, "value": value} for name, value in parse_qsl(query, True)]
        entry_log: dict[str, JSON] = {
            "method": request.method,
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(self._redaction.headers(request.headers)),
            "queryString": parameters,
            "headersSize": -1,
            "bodySize": size,
        }
        if request.body:
            media_type = request.header("content-type") or ""
            text = self._redaction.body(request.body, media_type).decode("utf-8", "replace")
            entry_log["postData"] = {"mimeType": media_type, "params": [], "text": text}
        return entry_log

    def _response(self, answer: Response, size: int) -> dict[str, JSON]:
        media_type = answer.header("content-type") or ""
        content: dict[str, JSON] = {"size": size, "mimeType": media_type or "x-unknown"}
        body = self._redaction.body(answer.body, media_type)
        try:
            content["text"] = body.decode("utf-8")
        except UnicodeDecodeError:
            content |= {"text": base64.b64encode(body).decode(), "encoding": "base64"}
        return {
            "status": answer.status,
            "statusText": responses.get(answer.status, ""),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(self._redaction.headers(answer.headers)),
            "content": content,
            "redirectURL": self._redaction.url(answer.header("location") or ""),
            "headersSize": -1,
            "bodySize": size,
        }


def _headers(headers: Headers) -> list[JSON]:
    return [{"name": name, "value": value} for name, value in headers]
