"""A journal as an HTTP Archive (HAR 1.2), which browsers' tools and most proxies open.

http://www.softwareishard.com/blog/har-12-spec/ describes the members; -1 stands for an unknown value.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from http.client import responses
from importlib.metadata import version
from urllib.parse import parse_qsl

from mock_server.exchange import JSON, Headers
from mock_server.journal import Entry
from mock_server.logged_request import moment
from mock_server.redaction import Redaction


def archive(entries: Iterable[JSON]) -> dict[str, JSON]:
    """Return entries (:func:`archived`) as one archive, the oldest first."""
    creator: JSON = {"name": "mock-server", "version": version("contract-mock-server")}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": [*entries]}}


def archived(entry: Entry, prefix: str, redaction: Redaction) -> dict[str, JSON]:
    """Return an entry of the world with that prefix as an archive has it."""
    wait = round(entry.elapsed * 1000, 3) + entry.answer.delay
    return {
        "startedDateTime": moment(entry.started),
        "time": wait,
        "request": _request(entry, prefix, redaction),
        "response": _response(entry, redaction),
        "cache": {},
        "timings": {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": wait, "receive": 0},
        "comment": entry.answer.reason,
    }


def _request(entry: Entry, prefix: str, redaction: Redaction) -> dict[str, JSON]:
    request = entry.request
    query = redaction.query(request.query)
    parameters: list[JSON] = [{"name": name, "value": value} for name, value in parse_qsl(query, True)]
    members: dict[str, JSON] = {
        "method": request.method,
        "url": request.origin + prefix + (request.raw_path or request.path) + (f"?{query}" if query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(redaction.headers(request.headers)),
        "queryString": parameters,
        "headersSize": -1,
        "bodySize": entry.sizes[0],
    }
    if request.body:
        media_type = request.header("content-type") or ""
        text = redaction.body(request.body, media_type).decode("utf-8", "replace")
        members["postData"] = {"mimeType": media_type, "params": [], "text": text}
    return members


def _response(entry: Entry, redaction: Redaction) -> dict[str, JSON]:
    answer = entry.answer
    content: dict[str, JSON] = {"size": entry.sizes[1], "mimeType": answer.header("content-type") or "x-unknown"}
    body = redaction.body(answer.body, answer.header("content-type") or "")
    try:
        content["text"] = body.decode("utf-8")
    except UnicodeDecodeError:
        content |= {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    return {
        "status": answer.status,
        "statusText": responses.get(answer.status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(redaction.headers(answer.headers)),
        "content": content,
        "redirectURL": redaction.url(answer.header("location") or ""),
        "headersSize": -1,
        "bodySize": entry.sizes[1],
    }


def _headers(headers: Headers) -> list[JSON]:
    return [{"name": name, "value": value} for name, value in headers]
