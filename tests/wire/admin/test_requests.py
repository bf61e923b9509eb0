"""The journal over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.customers import ME

TOKEN = {"Authorization": "Bearer polar_cst_individual"}
OPERATION = "customer_portal:customers:get"


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    """A client in a world with three requests: one that is answered, one that is refused, one to nowhere."""
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}", timeout=30) as client:
        client.get(ME, params={"page": "1"}, headers=TOKEN)
        client.get(ME, headers={"X-Trace": "t"})
        client.post("/nowhere", json={"name": "Ada", "tags": [1, 2]})
        yield client
        client.delete("/__admin/")


def listed(world: httpx.Client, **filters: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = world.get("/__admin/requests", params=filters).json()["requests"]
    return entries


def test_journal_has_newest_first_with_all_that_is_known(world: httpx.Client) -> None:
    answer = world.get("/__admin/requests").json()
    assert (answer["meta"], answer["requestJournalDisabled"]) == ({"total": 3}, False)
    lost, refused, served = answer["requests"]
    assert [event["response"]["status"] for event in (lost, refused, served)] == [404, 401, 200]
    assert [event["wasMatched"] for event in (lost, refused, served)] == [False, True, True]
    assert (served["operationId"], served["reason"], served["findings"]) == (OPERATION, "fixture", [])
    assert served["request"]["url"] == f"{ME}?page=1"
    assert served["request"]["absoluteUrl"] == f"{world.base_url}{ME.removeprefix('/')}?page=1"
    assert served["request"]["headers"]["Authorization"] == "[redacted]"
    assert served["request"]["queryParams"] == {"page": {"key": "page", "values": ["1"]}}
    assert lost["request"]["body"] == '{"name":"Ada","tags":[1,2]}'
    assert lost["findings"][0]["rule"] == "path"
    assert world.get(f"/__admin/requests/{served['id']}").json() == served


@pytest.mark.parametrize(
    ("filters", "statuses"),
    [
        ({"limit": "1"}, [404]),
        ({"limit": "0"}, []),
        ({"operation": OPERATION}, [401, 200]),
        ({"operation": f"GET {ME}", "status": "4xx"}, [401]),
        ({"status": "200"}, [200]),
        ({"method": "post"}, [404]),
        ({"path": "/nowhere"}, [404]),
        ({"unmatched": "true"}, [404]),
        ({"since": "2020-01-01T00:00:00Z"}, [404, 401, 200]),
        ({"since": "2100-01-01T00:00:00Z"}, []),
    ],
)
def test_filters_choose_among_the_requests(filters: dict[str, str], statuses: list[int], world: httpx.Client) -> None:
    assert [event["response"]["status"] for event in listed(world, **filters)] == statuses


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"limits": "1"}, "did you mean limit?"),
        ({"limit": "-1"}, "expected a whole number"),
        ({"status": "abc"}, "a range such as 4XX"),
        ({"since": "yesterday"}, "RFC 3339"),
        ({"unmatched": "maybe"}, "true or false"),
        ({"operation": "customer_portal:customer:get"}, f"did you mean {OPERATION}?"),
    ],
)
def test_invalid_filter_is_refused(filters: dict[str, str], said: str, world: httpx.Client) -> None:
    answer = world.get("/__admin/requests", params=filters)
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True)


def test_requests_match_by_pattern(world: httpx.Client) -> None:
    pattern = {"method": "GET", "urlPath": ME}
    assert world.post("/__admin/requests/count", json=pattern).json()["count"] == 2
    matches = world.post("/__admin/requests/find", json={"bodyPatterns": [{"contains": "Ada"}]}).json()["requests"]
    assert [request["url"] for request in matches] == ["/nowhere"]
    events = world.post("/__admin/requests/find?events=true", json=pattern).json()["serveEvents"]
    assert [event["response"]["status"] for event in events] == [200, 401]
    refusal = world.post("/__admin/requests/find?events=all", json=pattern)
    assert (refusal.status_code, "expected true or false" in refusal.json()["detail"]) == (400, True)
    assert [request["url"] for request in world.get("/__admin/requests/unmatched").json()["requests"]] == ["/nowhere"]
    assert len(world.post("/__admin/requests/remove", json=pattern).json()["serveEvents"]) == 2
    (left,) = listed(world)
    assert world.delete(f"/__admin/requests/{left['id']}").json() == {}
    assert listed(world) == []


@pytest.mark.parametrize("how", [("DELETE", "/requests"), ("POST", "/requests/reset"), ("POST", "/reset")])
def test_journal_is_emptied(how: tuple[str, str], world: httpx.Client) -> None:
    assert world.request(how[0], f"/__admin{how[1]}").json() == {}
    assert listed(world) == []


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ({}, 200),
        ({"times": 2}, 200),
        ({"times": 1}, 409),
        ({"min": 3}, 409),
        ({"max": 1}, 409),
        ({"min": 1, "max": 2}, 200),
    ],
)
def test_what_is_expected_is_verified(expected: dict[str, int], status: int, world: httpx.Client) -> None:
    answer = world.post("/__admin/requests/verify", json={"method": "GET", **expected})
    assert (answer.status_code, answer.json()["count"]) == (status, 2)


def test_failed_verification_shows_near_misses(
    world: httpx.Client,
) -> None:
    pattern = {"method": "GET", "path": ME, "headers": {"authorization": {"equalTo": "Bearer other"}}, "times": 1}
    answer = world.post("/__admin/requests/verify", json=pattern)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"].startswith("Found 0 requests that fit; expected 1 request.")
    nearest = problem["nearMisses"]
    assert [len(miss["differences"]) for miss in nearest] == [1, 1, 3]
    assert nearest[1]["differences"] == ['header authorization: found [redacted]; expected "Bearer other"']
    assert "polar_cst" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "expected JSON"),
        (b'{"methd": "GET"}', 422, "did you mean method?"),
        (b'{"times": 1, "min": 1}', 422, "one or the other"),
        (b'{"times": -1}', 422, "/times: found -1"),
        (b'{"min": 3, "max": 1}', 422, "more than max"),
        (b"[]", 422, "expected an object"),
        (b'{"operation": "customers:get", "times": 0}', 422, "/operation: found 'customers:get'"),
        (b'{"x": "' + b"x" * 1024 * 1024 + b'"}', 413, "expected fewer"),
    ],
)
def test_invalid_pattern_is_refused(body: bytes, status: int, said: str, world: httpx.Client) -> None:
    answer = world.post("/__admin/requests/verify", content=body)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


@pytest.mark.parametrize("number", ["nothing", "00000000-0000-8000-8000-000000000001"])
def test_id_that_journal_does_not_hold_is_not_found(number: str, world: httpx.Client) -> None:
    assert world.get(f"/__admin/requests/{number}").status_code == 404


def test_journal_is_an_http_archive(world: httpx.Client) -> None:
    log = world.get("/__admin/requests.har").json()["log"]
    assert (log["version"], log["creator"]["name"], len(log["entries"])) == ("1.2", "mock-server", 3)
    first, _, last = log["entries"]
    assert first["request"]["queryString"] == [{"name": "page", "value": "1"}]
    assert {"name": "authorization", "value": "[redacted]"} in first["request"]["headers"]
    assert (first["response"]["status"], first["response"]["statusText"]) == (200, "OK")
    assert last["request"]["postData"]["text"] == '{"name":"Ada","tags":[1,2]}'
    assert set(first) >= {"startedDateTime", "time", "request", "response", "cache", "timings"}


def test_what_one_world_was_asked_no_other_one_tells(world: httpx.Client, server_url: str) -> None:
    assert httpx.get(f"{server_url}/~{uuid4()}/__admin/requests").json()["meta"]["total"] == 0


POLAR_TOKENS = "a bearer token polar_cst_... or a bearer token polar_mst_..."


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "rule", "said"),
    [
        ("GET", ME, None, 401, "security", ("no credential that fits", POLAR_TOKENS)),
        ("GET", ME, "polar_oat_x", 401, "security", ("no credential that fits", POLAR_TOKENS)),
        ("GET", ME, "nobody", 401, "token", ("no kind that the contract knows", "polar_cst_...")),
        ("GET", ME, "polar_cst_expired", 401, "token", ("suffix expired", "another suffix", "invalid_token")),
        ("GET", ME, "polar_cst_rate_limited", 429, "token", ("suffix rate_limited", "another suffix")),
        ("GET", "/v1/customer-portal", "polar_cst_x", 404, "path", ("/v1/customer-portal", "a path of the contract")),
        ("PUT", ME, "polar_cst_x", 405, "method", ("PUT", "GET")),
    ],
)
def test_refusal_says_its_reason_in_journal_and_answer(
    method: str, path: str, token: str | None, status: int, rule: str, said: tuple[str, ...], world: httpx.Client
) -> None:
    answer = world.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {})
    entry = listed(world, limit="1")[0]
    (finding,) = entry["findings"]
    assert (answer.status_code, finding["rule"]) == (status, rule)
    assert all(part in str(finding) for part in said)
    assert token is None or token not in str(entry["findings"])
    assert json.loads(answer.headers["Mock-Findings"]) == entry["findings"]


def test_journal_is_paged_completely(server_url: str) -> None:
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}", timeout=30) as client:
        for number in range(7):
            client.get(f"/{number}")
        url, paths = "/__admin/requests?limit=3&method=GET", []
        while url:
            page = client.get(url)
            told = page.json()
            paths += [one["request"]["url"] for one in told["requests"]]
            client.get("/late")
            url = page.links.get("next", {}).get("url", "")
            assert bool(url) == ("next" in told["meta"])
        assert paths == [f"/{number}" for number in reversed(range(7))]
        assert client.get("/__admin/requests", params={"before": str(uuid4())}).status_code == 400
        har = client.get("/__admin/requests.har?limit=2").json()["log"]["entries"]
        assert [one["request"]["url"].rpartition("/")[2] for one in har] == ["late", "late"]
        client.delete("/__admin/")
