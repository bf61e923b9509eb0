"""What happened in a world, as tests assert it without a receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mock_server import MockServer, World
from mock_server.core.errors import ControlError
from tests.support.case_files import read_cases

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def mock(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(read_cases("events")["contract"]), encoding="utf-8")
    with MockServer(contract=file) as mock:
        yield mock


@pytest.fixture
def world(mock: MockServer) -> Iterator[World]:
    with mock.world() as world:
        world.clock.set(NOON)
        yield world


def test_event_names_what_made_it_happen(world: World) -> None:
    answer = httpx.post(f"{world.url}/customers", json={"email": "ada@example.com"}, trust_env=False)
    (event,) = world.events()
    assert (event.type, event.resource, event.handle) == ("customer.created", "customers", answer.json()["id"])
    assert (event.at, event.operation, event.request) == (NOON, "POST /customers", world.requests[0].id)
    assert event.body["data"] == answer.json()
    assert (event.url, event.finding) == ("", "")
    assert str(event) == f"customer.created of customers {event.handle}"


def test_event_is_sent_by_hand(world: World) -> None:
    key = world.create("customers", email="ada@example.com")["id"]
    sent = world.send("customer.greeted", record=key, patch={"data": {"name": "Eve"}})
    assert sent.body["data"]["name"] == "Eve"
    assert world.events("customer.greeted") == [sent]
    assert world.send("maintenance", body={"minutes": 0}, force=True).finding.startswith("/minutes: ")
    with pytest.raises(ControlError, match=r"did you mean customer\.greeted\?"):
        world.send("customer.greted")


def test_verification_says_what_came_nearest(world: World) -> None:
    world.create("customers", email="ada@example.com", name="Ada")
    world.verify_event("customer.created", where={"/data/name": "Ada", "/data/email": {"contains": "@"}})
    world.verify_event("customer.deleted", times=0)
    world.verify_event("customer.created", at_least=1, at_most=3)
    with pytest.raises(AssertionError, match='body /data/name: found "Ada"; expected "Eve"'):
        world.verify_event("customer.created", where={"/data/name": "Eve"})
    with pytest.raises(AssertionError, match=r"Found 1 event that fit; expected 2 events\."):
        world.verify_event("customer.created", times=2)


@pytest.mark.parametrize("bounds", [{}, {"times": 0}, {"at_most": 0}], ids=str)
def test_event_that_no_contract_has_is_never_verified(bounds: dict[str, Any], world: World) -> None:
    with pytest.raises(ControlError, match=r"found 'customer\.create'; did you mean customer\.created\?") as refused:
        world.verify_event("customer.create", **bounds)
    assert refused.value.status == 422
    with pytest.raises(ControlError, match=r"query type: found 'customer\.create'; did you mean customer\.created\?"):
        world.events("customer.create")
