"""The handle of a world: what was sent, what shall happen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server import MockServer, World
from mock_server.core.errors import ControlError
from tests.support.contracts import SHOP
from tests.support.customers import ME

ASK = "customer_portal:customers:get"


@pytest.fixture(scope="module")
def mock(own_cache: None) -> Iterator[MockServer]:
    with MockServer() as mock:
        yield mock


@pytest.fixture
def world(mock: MockServer) -> Iterator[World]:
    with mock.world() as world:
        yield world


def ask(world: World, handle: str = "individual", **options: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer polar_cst_{handle}", "X-Shop": "moss"}
    return httpx.get(world.url + ME, headers=headers, params=options, trust_env=False)


def test_requests_are_shown_as_sent(world: World) -> None:
    assert world.requests == []
    ask(world, q="a b", __code="429")
    ask(world, "expired")
    first, second = world.requests
    assert (first.method, first.path, first.query, first.operation) == (
        "GET",
        ME,
        {"q": ["a b"], "__code": ["429"]},
        ASK,
    )
    assert [first.status, second.status] == [429, 401]
    assert (first.headers["x-shop"], first.headers.get("X-SHOP"), "X-Other" in first.headers) == ("moss", "moss", False)
    assert "individual" not in first.headers["authorization"]
    assert first.reason != ""
    assert (first.body, first.findings) == (b"", ())


def test_body_and_what_it_breaks_are_told(own_cache: None, tmp_path: Path) -> None:
    contract = tmp_path / "shop.yaml"
    contract.write_text(SHOP, encoding="utf-8")
    with MockServer(contract=contract) as mock:
        httpx.post(f"{mock.url}/orders", json={"name": 7}, trust_env=False)
        (request,) = mock.requests
        assert request.json() == json.loads(request.body) == {"name": 7}
        assert [finding["location"] for finding in request.findings][:1] == ["body"]
        mock.verify(method="POST", path="/orders", json={"name": 7})
        mock.verify(body={"/name": 7}, headers={"content-type": {"contains": "json"}})


def test_requests_are_found_by_pattern(world: World) -> None:
    for handle in ("individual", "expired", "individual"):
        ask(world, handle, lang=handle)
    assert [request.status for request in world.find(query={"lang": "individual"})] == [200, 200]
    assert world.find(query={"lang": "expired"})[0].reason != ""
    assert (world.count(), world.count(method="POST"), world.count(operation=ASK)) == (3, 0, 3)
    assert world.count(query={"lang": {"matches": "exp.*"}}, headers={"X-Shop": "moss"}) == 1


@pytest.mark.parametrize(
    "bounds", [{}, {"times": 2}, {"at_least": 2}, {"at_most": 0}, {"times": 0}], ids=lambda bounds: str(bounds)
)
def test_verification_that_fails_says_what_came_instead(world: World, bounds: dict[str, Any]) -> None:
    ask(world, lang="sv")
    fits = bounds in ({"at_most": 0}, {"times": 0})
    with pytest.raises(AssertionError) as failed:
        world.verify(**bounds, operation=ASK, query={"lang": "sv" if fits else "en"})
    text = str(failed.value)
    assert text.startswith(f"operation '{ASK}', query {{'lang': ")
    assert ("Found 1 request that" if fits else "Found 0 requests that") in text
    assert f"  GET {ME}?lang=sv" in text
    assert ('query lang: found sv; expected "en"' in text) == (not fits)


@pytest.mark.parametrize("bounds", [{}, {"times": 1}, {"at_least": 1}, {"at_least": 0, "at_most": 1}])
def test_passed_verification_is_silent(world: World, bounds: dict[str, Any]) -> None:
    ask(world)
    world.verify(**bounds, operation=ASK)


TYPO = r"found 'customer_portal:customer:get'; did you mean customer_portal:customers:get\?"


@pytest.mark.parametrize(
    "call",
    [
        lambda world, name: world.verify(operation=name),
        lambda world, name: world.verify(operation=name, times=0),
        lambda world, name: world.verify(operation=name, at_most=3),
        lambda world, name: world.count(operation=name),
        lambda world, name: world.find(operation=name),
    ],
    ids=["once", "never", "at-most", "count", "find"],
)
def test_operation_that_no_contract_has_is_refused(call: Callable[[World, str], object], world: World) -> None:
    with pytest.raises(ControlError, match=TYPO) as refused:
        call(world, "customer_portal:customer:get")
    assert (refused.value.status, refused.value.problem["findings"][0]["rule"]) == (422, "unknown-operation")


def test_operation_may_be_named_by_its_key(world: World) -> None:
    ask(world)
    world.verify(operation=f"GET {ME}")
    with pytest.raises(ControlError, match=r"found 'GET /v1/customers/me'; did you mean GET "):
        world.verify(operation="GET /v1/customers/me", times=0)


def test_scenario_of_no_operation_is_refused(world: World) -> None:
    with pytest.raises(ControlError, match=r"did you mean customer_portal:customers:get\?"):
        world.scenario({"match": {"operation": "customer_portal:customer:get"}, "answers": [{"code": 500}]})


def test_worlds_know_nothing_of_each_other(mock: MockServer) -> None:
    with mock.world() as first, mock.world("other") as other:
        first.fixture("customers", "individual", name="Anna")
        first.scenario({"answers": [{"code": 500}]})
        assert ask(first).status_code == 500
        assert ask(other).json()["name"] == "Harriet Winslade"
        first.reset()
        assert ask(first).json()["name"] == "Harriet Winslade"
        assert (first.count(), other.count()) == (1, 1)
        assert other.url == f"{mock.url}/~other"
    assert mock.world("other").requests == []


def test_record_is_changed_or_put(world: World) -> None:
    whole = world.fixture("customers", "individual", {"name": "Anna"}, email_verified=False)
    assert (whole["name"], whole["email_verified"], whole["type"]) == ("Anna", False, "individual")
    del whole["handle"]
    world.fixture("customers", "anna", whole, email="anna@example.com")
    assert ask(world, "anna").json()["email"] == "anna@example.com"
    assert "anna" in [record["handle"] for record in world.fixtures("customers")]


def test_invalid_answer_is_refused(world: World) -> None:
    with pytest.raises(ControlError) as refused:
        world.fixture("customers", "individual", email_verified="perhaps")
    assert refused.value.status == 422
    assert "/email_verified" in str(refused.value)
    with pytest.raises(ControlError, match="did you mean flaky"):
        world.scenario("flakey")
    with pytest.raises(ControlError, match="did you mean method"):
        world.verify(methode="GET")  # type: ignore[call-arg]


def test_clock_can_be_set_and_moved(world: World) -> None:
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    world.clock.set(moment)
    assert world.clock.now == moment
    world.clock.advance(timedelta(hours=1))
    world.clock.advance(0.5)
    assert world.clock.now == moment + timedelta(hours=1, seconds=0.5)
    world.clock.reset()
    assert world.clock.now < moment


def test_changes_are_told_and_taken_back(world: World) -> None:
    before = world.fixtures("customers")
    assert world.changes == []
    world.fixture("customers", "individual", name="Anna")
    world.fixture("customers", "team", name="Moss")
    first, second = world.changes
    assert (first.number, second.number, first.operation) == (1, 2, "PATCH /__admin/fixtures/customers/individual")
    (change,) = first.records
    assert (change.resource, change.handle, change.kind) == ("customers", "individual", "changed")
    assert change.patch == [{"op": "replace", "path": "/name", "value": "Anna"}]
    assert world.undo() == [second]
    assert [each.number for each in world.undo(steps=1)] == [1]
    assert world.fixtures("customers") == before
    with pytest.raises(ControlError, match="found 1, and 0 change sets") as refused:
        world.undo()
    assert refused.value.status == 409


def test_snapshot_is_restored(world: World) -> None:
    world.fixture("customers", "individual", name="Anna")
    kept = world.snapshot()
    full = world.snapshot(name="full")
    assert (kept.name, kept.records) == ("snapshot", 1)
    assert world.snapshots == [full, kept]
    world.fixture("customers", "individual", name="Berta")
    assert world.restore() == kept
    assert (ask(world).json()["name"], world.changes) == ("Anna", [])
    with pytest.raises(ControlError, match="did you mean full"):
        world.restore("ful")


def test_world_is_copied(mock: MockServer, world: World) -> None:
    world.fixture("customers", "individual", name="Anna")
    with mock.world("child") as child:
        child.copy_from(world)
        assert ask(child).json()["name"] == "Anna"
        child.copy_from("")
        assert ask(child).json()["name"] != "Anna"


def test_records_beyond_their_memory_are_refused(own_cache: None) -> None:
    large = {"name": "x" * 400_000}
    with MockServer(state_memory=1) as mock:
        first, second, third = (mock.world(name) for name in ("first", "second", "third"))
        for each in (first, second):
            each.fixture("customers", "individual", large)
        with pytest.raises(ControlError, match=r"expected at most 1 MB \(--state-memory\)") as refused:
            third.fixture("customers", "individual", large)
        assert refused.value.status == 507
        third.fixture("customers", "team", name="Moss")
        first.forget()
        assert third.fixture("customers", "individual", large)
