"""Rate limits, kept answers and the clock that they go by, each in a world of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from mock_server.worlds.clock import moment_of
from tests.support.case_files import case_path
from tests.support.polling import until
from tests.support.suite_server import SuiteServer

CONTRACT = case_path("limits")
NOW = "2026-01-01T00:00:15Z"
_NUMBERS = count()


@pytest.fixture(scope="module")
def suite() -> Iterator[SuiteServer]:
    with SuiteServer(str(CONTRACT)) as running:
        yield running


@pytest.fixture
def server(suite: SuiteServer) -> str:
    return suite.url


@pytest.fixture
def world(server: str) -> Iterator[httpx.Client]:
    """A client of a world whose clock stands at a quarter past."""
    headers = {"Authorization": "Bearer one"}
    with httpx.Client(base_url=f"{server}/~limits-{next(_NUMBERS)}", headers=headers, trust_env=False) as client:
        assert client.post("/__admin/clock", json={"now": NOW}).status_code == 200
        yield client


def test_limit_is_told_reached_and_over_when_window_is(world: httpx.Client) -> None:
    answers = [world.get("/orders") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert (answers[3].headers["retry-after"], answers[3].json()) == ("45", {"wait": True})
    assert "retry-after" not in answers[0].headers
    world.post("/__admin/clock", json={"advance_seconds": 44})
    assert world.get("/orders").status_code == 429
    world.post("/__admin/clock", json={"advance_seconds": 1})
    assert world.get("/orders").status_code == 200


def test_limit_is_per_token_and_world(world: httpx.Client, server: str) -> None:
    assert [world.get("/orders").status_code for _ in range(4)][-1] == 429
    assert world.get("/orders", headers={"Authorization": "Bearer two"}).status_code == 200
    other = f"{server}/~limits-{next(_NUMBERS)}/orders"
    assert httpx.get(other, headers={"Authorization": "Bearer one"}).status_code == 200
    world.post("/__admin/reset")
    assert world.get("/orders").status_code == 200


def test_problem_document_says_it_where_contract_has_no_429(world: httpx.Client) -> None:
    last = [world.post("/orders", json={}) for _ in range(4)][-1]
    assert (last.status_code, last.headers["content-type"]) == (429, "application/problem+json")
    assert last.headers["retry-after"] == "45"


def test_journal_says_why_there_was_a_429(world: httpx.Client) -> None:
    for _ in range(4):
        world.get("/orders")
    (entry,) = listed(world, 429)
    (finding,) = entry["findings"]
    assert finding["rule"] == "rate-limit"
    assert finding["found"] == "number 4 of this token in a window of 60 s"
    assert finding["expected"] == "at most 3"
    assert finding["remedy"] == "The next window begins in 45 s."


def test_journal_says_why_a_key_is_refused(world: httpx.Client) -> None:
    for number in (1, 2):
        world.post("/orders", json={"n": number}, headers={"Idempotency-Key": "a"})
    (entry,) = listed(world, 409)
    (finding,) = entry["findings"]
    assert (finding["rule"], finding["location"]) == ("idempotency-key", "header idempotency-key")


def listed(world: httpx.Client, status: int) -> list[Any]:
    """The entries of the journal with a status, once it has come."""

    def entries() -> list[Any]:
        requests = world.get("/__admin/requests").json()["requests"]
        return [entry for entry in requests if entry["response"]["status"] == status]

    until(lambda: bool(entries()))
    return entries()


def test_same_key_replays_the_answer(world: httpx.Client) -> None:
    answers = [{"body": {"number": 1}, "times": 1}, {"body": {"number": 2}}]
    started = world.post("/__admin/scenarios", json={"match": {"operation": "order"}, "answers": answers})
    assert started.status_code == 201, started.text
    key = {"Idempotency-Key": "a"}
    first, again = (world.post("/orders", json={"n": 1}, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert world.post("/orders", json={"n": 1}, headers={"Idempotency-Key": "b"}).json() == {"number": 2}


def test_key_with_other_request_is_conflict(world: httpx.Client) -> None:
    key = {"Idempotency-Key": "a"}
    world.post("/orders", json={"n": 1}, headers=key)
    conflict = world.post("/orders", json={"n": 2}, headers=key)
    assert (conflict.status_code, conflict.json()) == (409, {"conflict": True})
    other = world.post("/orders", json={"n": 2}, headers={**key, "Authorization": "Bearer two"})
    assert other.status_code == 201


def test_lost_answer_is_replayed(world: httpx.Client, suite: SuiteServer) -> None:
    world.post("/__admin/scenarios", json={"answers": [{"cut": "before_headers"}]})
    lost = httpx.Request(
        "POST",
        f"{suite.wire_url}{world.base_url.path}orders",
        headers={"Idempotency-Key": "a", "Authorization": "Bearer one"},
        json={},
    )
    with pytest.raises(httpx.ReadError):
        world.send(lost)
    again = world.post("/orders", json={}, headers={"Idempotency-Key": "a"})
    assert (again.status_code, again.json()) == (201, {"ordered": True})


def test_failure_is_not_kept_for_second_try(world: httpx.Client) -> None:
    world.post("/__admin/scenarios", json={"answers": [{"failure": "server_error", "times": 1}]})
    tries = [world.post("/orders", json={}, headers={"Idempotency-Key": "a"}) for _ in range(3)]
    assert [answer.status_code for answer in tries] == [500, 201, 201]
    assert "idempotency-replayed" in tries[2].headers


def test_clock_can_be_frozen_and_released(world: httpx.Client) -> None:
    assert world.get("/__admin/clock").json() == {"now": "2026-01-01T00:00:15.000Z", "stands": True}
    assert world.delete("/__admin/clock").json()["stands"] is False


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, ""),
        ({"now": NOW, "advance_seconds": 1}, ""),
        ({"nwo": NOW}, "/nwo"),
        ({"now": "tomorrow"}, "/now"),
        ({"now": "2026-01-01T00:00:00"}, "/now"),
        ({"now": 5}, "/now"),
        ({"advance_seconds": "5"}, "/advance_seconds"),
        ({"advance_seconds": -(10**10)}, "/advance_seconds"),
        ({"advance_seconds": 10**11}, "/advance_seconds"),
    ],
)
def test_invalid_time_is_refused(world: httpx.Client, body: Any, at: str) -> None:
    refused = world.post("/__admin/clock", json=body)
    assert (refused.status_code, refused.json()["findings"][0].get("pointer", "")) == (422, at)
    assert world.get("/__admin/clock").json()["now"] == "2026-01-01T00:00:15.000Z"


def test_offset_is_read() -> None:
    assert moment_of("2026-01-01T01:00:00+01:00") == moment_of("2026-01-01T00:00:00Z")


@pytest.mark.parametrize("name", ["flaky", "outage", "rate-limited-then-ok", "session-expires", "slow"])
def test_scenario_that_ships_goes_with_any_contract(world: httpx.Client, name: str) -> None:
    assert world.post("/__admin/scenarios", json={"name": name}).status_code == 201


def test_foreign_scenario_is_refused(world: httpx.Client) -> None:
    refused = world.post("/__admin/scenarios", json={"name": "schema-drift"})
    assert (refused.status_code, refused.json()["findings"][0]["pointer"]) == (422, "/match/operation")
