"""The acceptance cases: requests on the wire against a server in a process of its own."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.conftest import ME

FILES = ("tokens", "paths", "preferences", "requests")
CASES = [
    pytest.param(case, id=f"{file}: {case['name']}")
    for file in FILES
    for case in yaml.safe_load((Path(__file__).parent / f"cases/{file}.yaml").read_text(encoding="utf-8"))["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any], server_url: str) -> None:
    expected = case["expect"]
    if "raw" in case:
        status = raw_status(server_url, case["raw"])
        assert status in ([expected["status"]] if isinstance(expected["status"], int) else expected["status"])
    else:
        compare(asked(server_url, case), expected)
    assert_alive(server_url)


@dataclass(frozen=True)
class Got:
    """An answer off the wire; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def asked(server_url: str, case: dict[str, Any]) -> Got:
    """Send the case byte for byte: clients would tidy it or refuse to send it."""
    headers = case.get("headers", {})
    pairs = [*(headers.items() if isinstance(headers, dict) else headers)]
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.append(("Host", urlsplit(server_url).netloc))
    content = written(case.get("content", "")).encode()
    if content:
        pairs.append(("Content-Length", str(len(content))))
    target = case.get("path", ME) + (f"?{case['query']}" if "query" in case else "")
    lines = [f"{case.get('method', 'GET')} {target} HTTP/1.1", *(f"{name}: {written(value)}" for name, value in pairs)]
    with connected(server_url) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + content)
        answer = HTTPResponse(connection, method=case.get("method", "GET"))
        answer.begin()
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def connected(server_url: str) -> socket.socket:
    address = urlsplit(server_url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=30)


def written(text: str) -> str:
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


def raw_status(server_url: str, text: str) -> int:
    with connected(server_url) as connection:
        connection.sendall(text.encode("latin-1"))
        answer = b""
        while b"\r\n" not in answer:
            part = connection.recv(65536)
            assert part, "the connection was dropped without an answer"
            answer += part
    return int(answer.split()[1])


def assert_alive(server_url: str) -> None:
    got = asked(server_url, {"headers": {"Authorization": "Bearer polar_cst_individual"}})
    assert (got.status, json.loads(got.body)["email"]) == (200, "harriet.winslade@example.com")
