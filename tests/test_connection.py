"""The edges of HTTP/1.1: what a connection is spared, and who waits for nobody."""

from __future__ import annotations

import json

import pytest

from tests.conftest import ME
from tests.test_cases import connected

TOKEN = "Authorization: Bearer polar_cst_individual\r\n"


def said(url: str, text: str | bytes) -> bytes:
    """All that a connection has to say to bytes, until it ends."""
    with connected(url) as connection:
        connection.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def request(target: str, *lines: str, version: str = "1.1", method: str = "GET") -> str:
    return "\r\n".join([f"{method} {target} HTTP/{version}", *lines, "Connection: close", "", ""])


# Hosts


@pytest.mark.parametrize("target", [ME, "/__admin/health", "/~a/__admin/requests", "http://localhost/__admin/health"])
@pytest.mark.parametrize("hosts", [(), ("Host: localhost", "Host: localhost")], ids=["none", "two"])
def test_a_request_names_its_host_once(server_url: str, target: str, hosts: tuple[str, ...]) -> None:
    answer = said(server_url, request(target, *hosts))
    assert status_of(answer) == 400
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "urn:mock-server:problem:host"


def test_a_request_of_http_1_0_may_go_without_a_host_and_no_other_is_answered_from_its_answer(server_url: str) -> None:
    token = TOKEN.strip()
    for _ in range(2):
        assert status_of(said(server_url, request(ME, token, version="1.0"))) == 200
    assert status_of(said(server_url, request(ME, token))) == 400


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        ("/__admin/requests", "[::1].evil.example", 403),
        ("http://evil.example/__admin/requests", "localhost", 403),
        ("http://evil.example/~a/__admin/requests", "localhost", 403),
        ("http://localhost/__admin/requests", "evil.example", 200),
        ("HTTP://LOCALHOST:1/__admin/requests?limit=1", "evil.example", 200),
        ("https://evil.example@localhost/__admin/requests", "localhost", 403),
        ("http://evil.example/__admin/health", "localhost", 200),
        ("http://evil.example?/__admin/requests", "localhost", 404),
    ],
)
def test_control_is_asked_by_the_authority_of_the_target(
    server_url: str, target: str, host: str, expected: int
) -> None:
    assert status_of(said(server_url, request(target, f"Host: {host}"))) == expected


def test_a_target_in_absolute_form_is_answered_as_its_path_is(server_url: str) -> None:
    by_path = said(server_url, request(ME, "Host: api.example", TOKEN.strip()))
    by_url = said(server_url, request(f"http://api.example{ME}", "Host: other.example", TOKEN.strip()))
    assert by_url.partition(b"\r\n\r\n")[2] == by_path.partition(b"\r\n\r\n")[2]
    assert status_of(by_url) == 200
