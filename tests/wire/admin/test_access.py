"""Who may use control."""

from __future__ import annotations

import httpx
import pytest

from mock_server.admin.access import check_caller, check_sender
from mock_server.admin.router import AdminRequestError
from mock_server.http.messages import Request
from mock_server.settings import Settings

OPEN = Settings(host="0.0.0.0", admin_token="s3cret", allowed_host=("mock",))
PLAIN = Settings()


def status(settings: Settings, peer: str = "127.0.0.1", **headers: str) -> int:
    lines = tuple((name.replace("_", "-"), value) for name, value in {"host": "localhost:4010", **headers}.items())
    try:
        request = Request("GET", "/__admin/requests", headers=lines)
        check_sender(request, settings)
        check_caller(request, peer, settings)
    except AdminRequestError as refused:
        return refused.answer.status
    return 200


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""])
def test_programs_of_this_machine_may(peer: str) -> None:
    assert status(PLAIN, peer) == 200


@pytest.mark.parametrize("peer", ["10.0.0.1", "172.17.0.1", "2001:db8::1", "::ffff:10.0.0.1"])
def test_others_need_the_token(peer: str) -> None:
    assert status(OPEN, peer) == 403
    assert status(OPEN, peer, authorization="Bearer s3cret") == 200
    assert status(OPEN, peer, authorization="Bearer s3cre") == 401
    assert status(OPEN, peer, authorization="Bearer ü") == 401 or status(OPEN, peer, authorization="Bearer ü") == 403
    assert status(PLAIN, peer, authorization="Bearer ") == 403


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", 200),
        ("LOCALHOST.:80", 200),
        ("api.localhost:1", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:4010", 200),
        ("[::1].evil.example", 403),
        ("[::1]evil.example:80", 403),
        ("[127.0.0.1]", 403),
        ("[::1", 403),
        ("::1", 403),
        ("user@localhost", 403),
        ("localhost:80:evil", 403),
        ("localhost..", 403),
        ("127.0.0.1:evil.example", 403),
        ("localhost, evil.example", 403),
        ("[::1%eth0]", 403),
        ("mock:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("10.0.0.1", 403),
        ("0.0.0.0", 403),
    ],
)
def test_host_must_be_name_of_this_machine(host: str, expected: int) -> None:
    assert status(OPEN, host=host) == expected
    assert status(OPEN, host=host, authorization="Bearer s3cret") == 200


def test_address_to_listen_on_is_a_name_too() -> None:
    assert status(Settings(host="192.0.2.7"), host="192.0.2.7:4010") == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost", "http://localhost:4011"])
def test_other_host_is_refused_with_token(origin: str) -> None:
    assert status(OPEN, origin=origin) == 403
    assert status(OPEN, origin=origin, authorization="Bearer s3cret") == 403


def test_cross_site_request_is_refused_with_token() -> None:
    assert status(PLAIN, sec_fetch_site="cross-site") == 403
    assert status(OPEN, sec_fetch_site="cross-site", authorization="Bearer s3cret") == 403


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_page_of_this_machine_and_person_at_address_bar_may(site: str) -> None:
    assert status(PLAIN, sec_fetch_site=site) == 200
    assert status(PLAIN, sec_fetch_site=site, host="evil.example") == 403


def test_opaque_origin_needs_a_host() -> None:
    assert status(PLAIN, host="", origin="null") == 403


def test_page_of_the_server_itself_may() -> None:
    assert status(PLAIN, origin="http://localhost:4010") == 200


def test_only_health_is_public(server_url: str) -> None:
    evil = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert httpx.get(f"{server_url}/__admin/health", headers=evil).status_code == 200
    for path in ("/__admin/requests", "/~a/__admin/requests", "/__admin/openapi.json"):
        answer = httpx.get(server_url + path, headers=evil)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:mock-server:problem:control")
    refused = httpx.post(f"{server_url}/__admin/reset", headers={"Origin": "null"}, content=b"x" * 100)
    assert refused.status_code == 403
