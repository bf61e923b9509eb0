"""The admin API for web pages of the origins that ``--admin-origin`` names, and of no others."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support.server_process import RunningServer

ORIGIN, SECOND = "http://localhost:3000", "https://console.example"
STRANGER = "https://evil.example"
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def url(own_cache: None) -> Iterator[str]:
    """The base URL of a server whose admin API is open to pages of two origins."""
    flags = ("--admin-origin", ORIGIN, "--admin-origin", SECOND, "--admin-token", "s3cret", "--no-cors")
    with RunningServer(*flags) as server:
        yield server.url
    assert server.errors == ""


def preflight(url: str, origin: str, method: str = "POST") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
        "Access-Control-Request-Private-Network": "true",
    }
    return httpx.options(url, headers={**headers, **CROSS_SITE})


@pytest.mark.parametrize("origin", [ORIGIN, SECOND])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_preflight_of_named_origin_is_granted(origin: str, method: str, url: str) -> None:
    granted = preflight(f"{url}/~{uuid4()}/__admin/scenarios", origin, method)
    assert granted.status_code == 200
    assert granted.headers["access-control-allow-origin"] == origin
    assert method in granted.headers["access-control-allow-methods"].split(", ")
    assert granted.headers["access-control-allow-headers"] == "authorization,content-type"
    assert granted.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-credentials" not in granted.headers
    assert "Origin" in granted.headers["vary"]


def test_page_of_named_origin_reads_and_writes_in_world_that_it_begins(url: str) -> None:
    admin = f"{url}/~{uuid4()}/__admin"
    headers = {"Origin": SECOND, **CROSS_SITE}
    started = httpx.post(f"{admin}/scenarios", json={"answers": [{"code": 500}]}, headers=headers)
    listed = httpx.get(f"{admin}/scenarios", headers=headers)
    assert (started.status_code, len(listed.json()["scenarios"])) == (201, 1)
    for answer in (started, listed):
        assert answer.headers["access-control-allow-origin"] == SECOND
        assert answer.headers["access-control-expose-headers"] == "*"
    assert httpx.delete(f"{admin}/", headers=headers).status_code == 200


@pytest.mark.parametrize("origin", [STRANGER, "null", f"{ORIGIN}0", "https://localhost:3000", "http://console.example"])
def test_page_of_other_origin_gets_nothing(origin: str, url: str) -> None:
    admin = f"{url}/__admin/scenarios"
    for answer in (
        preflight(admin, origin),
        httpx.post(admin, json={"answers": [{"code": 500}]}, headers={"Origin": origin, **CROSS_SITE}),
        httpx.get(admin, headers={"Origin": origin, "Authorization": "Bearer s3cret"}),
    ):
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_named_origin_needs_own_host_and_token_as_ever(url: str) -> None:
    headers = {"Origin": ORIGIN, "Host": "rebound.example"}
    assert httpx.get(f"{url}/__admin/requests", headers=headers).status_code == 403
    wrong = {"Origin": ORIGIN, "Authorization": "Bearer s3cre"}
    assert httpx.get(f"{url}/__admin/requests", headers=wrong).status_code == 401


def test_what_browser_sends_without_origin_is_refused_as_ever(url: str) -> None:
    assert httpx.get(f"{url}/__admin/requests", headers=CROSS_SITE).status_code == 403


def test_refusal_can_be_read_by_page_of_named_origin(url: str) -> None:
    answer = httpx.post(f"{url}/__admin/scenarios", json={}, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (422, ORIGIN)


def test_no_origin_is_named_by_default(server_url: str) -> None:
    refused = preflight(f"{server_url}/__admin/scenarios", ORIGIN)
    assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (403, False)
