"""One request on the wire, byte for byte, and its response."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from tests.support.customers import ME


@dataclass(frozen=True)
class Got:
    """An answer off the wire; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


OBSERVERS: list[Callable[[str, dict[str, Any], Got], None]] = []
"""What looks at each exchange: the base URL, the case, the answer."""


def asked(server_url: str, case: dict[str, Any]) -> Got:
    """Send the case byte for byte: clients would tidy it or refuse to send it."""
    headers = case.get("headers", {})
    pairs = [*(headers.items() if isinstance(headers, dict) else headers)]
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.append(("Host", urlsplit(server_url).netloc))
    content = expanded(case.get("content", "")).encode()
    if content:
        pairs.append(("Content-Length", str(len(content))))
    target = case.get("path", ME) + (f"?{case['query']}" if "query" in case else "")
    lines = [f"{case.get('method', 'GET')} {target} HTTP/1.1", *(f"{name}: {expanded(value)}" for name, value in pairs)]
    with connected(server_url) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + content)
        answer = HTTPResponse(connection, method=case.get("method", "GET"))
        answer.begin()
        got = Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    for observe in OBSERVERS:
        observe(server_url, case, got)
    return got


def connected(server_url: str) -> socket.socket:
    address = urlsplit(server_url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=30)


def expanded(text: str) -> str:
    return re.sub(r"«(\d+)\*(.)»", lambda match: match[2] * int(match[1]), text)


def compare(got: Got, expected: dict[str, Any]) -> None:
    assert got.status == expected["status"], got.body
    for name, value in expected.get("headers", {}).items():
        assert got.headers.get(name) == value, name
    if "text" in expected:
        assert got.body.decode() == expected["text"]
    if "body" in expected:
        assert json.loads(got.body) == expected["body"]
    if "contains" in expected:
        assert_contains(json.loads(got.body), expected["contains"])


def assert_contains(actual: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert_contains(actual[key], value)
    else:
        assert actual == expected


def me(url: str, handle: str = "individual", **headers: str) -> Got:
    """The answer about the customer of a handle."""
    return asked(url, {"headers": {"Authorization": f"Bearer polar_cst_{handle}", **headers}})
