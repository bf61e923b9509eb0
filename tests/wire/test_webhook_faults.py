"""Faults of deliveries as a receiver sees them: asked for by a scenario, or for the next deliveries of a world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from mock_server import MockServer, World
from mock_server.core.errors import ControlError
from mock_server.testing import EventFaultData
from tests.support.polling import until
from tests.support.webhook_receiver import Received, WebhookReceivers
from tests.support.webhook_shop import webhook_shop

SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="
Spoils: TypeAlias = Callable[..., None]
"""Has what happens with the next order go wrong."""


@pytest.fixture(scope="module")
def mock(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    with MockServer(contract=webhook_shop(tmp_path_factory.mktemp("shop"))) as mock:
        yield mock


@pytest.fixture
def receiver() -> Iterator[WebhookReceivers]:
    with WebhookReceivers() as running:
        yield running


@pytest.fixture
def world(mock: MockServer, receiver: WebhookReceivers) -> Iterator[World]:
    """A world with an endpoint, whose clock stands at the present: signatures are of now."""
    with mock.world() as world:
        world.clock.set(datetime.now(UTC))
        world.webhook(receiver.url, secret=SECRET)
        yield world


@pytest.fixture(params=["scenario", "admin"])
def spoil(request: pytest.FixtureRequest, world: World) -> Spoils:
    """What has the next order's event go wrong, by either way."""

    def by_scenario(fault: str, **more: Any) -> None:
        answer: Any = {"webhook": {"fault": fault, "event": "order.created", **more}, "times": 1}
        world.scenario({"match": {"operation": "POST /orders"}, "answers": [answer]})

    def by_admin(fault: str, **more: Any) -> None:
        world.webhook_fault(fault, event="order.created", **more)

    return by_scenario if request.param == "scenario" else by_admin


def order(world: World, note: str) -> None:
    reply = httpx.post(f"{world.url}/orders", json={"note": note}, trust_env=False, timeout=60)
    assert reply.status_code == 201, reply.text


def notes(receiver: WebhookReceivers) -> list[str]:
    return [request.json["data"]["note"] for request in receiver.received]


def verify(request: Received) -> Any:
    return Webhook(SECRET).verify(request.body, request.headers)


def test_dropped_event_arrives_with_the_retry(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    spoil("drop")
    order(world, "first")
    until(lambda: bool(world.deliveries()[0].tries))
    assert receiver.received == []
    world.clock.advance(2)
    (request,) = receiver.received
    assert verify(request)["data"]["note"] == "first"
    assert "mock-fault" not in request.headers
    (delivery,) = world.deliveries()
    assert [attempt.status for attempt in delivery.tries] == [None, 200]
    assert "nothing was sent" in (delivery.tries[0].error or "")


def test_event_whose_every_try_is_dropped_never_arrives(
    world: World, receiver: WebhookReceivers, spoil: Spoils
) -> None:
    spoil("drop", tries=10)
    order(world, "first")
    world.clock.advance(3600)
    assert receiver.received == []
    assert [delivery.status for delivery in world.deliveries()] == ["failed"]


def test_duplicate_arrives_twice_under_one_id(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    spoil("duplicate")
    order(world, "first")
    receiver.wait(2)
    order(world, "second")
    first, copy, second = receiver.wait(3)
    assert (first.body, first.headers["webhook-id"]) == (copy.body, copy.headers["webhook-id"])
    assert [request.headers.get("mock-fault") for request in receiver.received] == ["duplicate", "duplicate", None]
    assert [verify(request)["data"]["note"] for request in (first, copy, second)] == ["first", "first", "second"]


def test_reordered_event_arrives_after_the_next(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    spoil("reorder")
    for note in ("first", "second", "third"):
        order(world, note)
    receiver.wait(3)
    assert notes(receiver) == ["second", "first", "third"]
    assert [request.headers.get("mock-fault") for request in receiver.received] == [None, "reorder", None]


def test_late_event_arrives_when_the_clock_is_there(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    spoil("late", seconds=90)
    order(world, "first")
    order(world, "second")
    receiver.wait(1)
    world.clock.advance(89)
    assert notes(receiver) == ["second"]
    world.clock.advance(1)
    assert notes(receiver) == ["second", "first"]
    assert receiver.received[1].headers["mock-fault"] == "late"
    late, other = world.deliveries()
    assert late.tries[0].at - other.tries[0].at == timedelta(seconds=90)


def test_wrong_signature_is_refused_and_the_retry_taken(
    world: World, receiver: WebhookReceivers, spoil: Spoils
) -> None:
    receiver.manners.append(401)
    spoil("wrong_signature")
    order(world, "first")
    receiver.wait(1)
    world.clock.advance(2)
    wrong, right = receiver.received
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        verify(wrong)
    assert wrong.headers["mock-fault"] == "wrong_signature"
    assert verify(right)["data"]["note"] == "first"
    assert "mock-fault" not in right.headers


def test_old_timestamp_is_refused_and_the_retry_taken(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    receiver.manners.append(400)
    spoil("old_timestamp", seconds=600)
    order(world, "first")
    receiver.wait(1)
    world.clock.advance(2)
    old, right = receiver.received
    with pytest.raises(WebhookVerificationError, match="too old"):
        verify(old)
    assert int(right.headers["webhook-timestamp"]) - int(old.headers["webhook-timestamp"]) == 602
    assert verify(right)["data"]["note"] == "first"


def test_invalid_body_is_marked_and_signed(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    receiver.manners.append(422)
    spoil("invalid_body")
    order(world, "first")
    receiver.wait(1)
    world.clock.advance(2)
    broken, right = receiver.received
    assert broken.headers["mock-fault"] == "invalid_body"
    assert not isinstance(verify(broken)["data"], dict)
    assert verify(right)["data"]["note"] == "first"
    assert "mock-fault" not in right.headers


def test_answer_that_comes_too_late_counts_for_nothing(world: World, receiver: WebhookReceivers, spoil: Spoils) -> None:
    spoil("timeout")
    order(world, "first")
    receiver.wait(1)
    until(lambda: bool(world.deliveries()[0].tries))
    world.clock.advance(2)
    first, again = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    assert [request.headers.get("mock-fault") for request in receiver.received] == ["timeout", None]
    (delivery,) = world.deliveries()
    assert "no answer within" in (delivery.tries[0].error or "")
    assert delivery.status == "succeeded"


def test_scenario_spoils_only_what_its_request_causes(world: World, receiver: WebhookReceivers) -> None:
    faults: list[EventFaultData] = [{"fault": "duplicate", "event": "order.created"}, {"fault": "invalid_body"}]
    world.scenario({"match": {"body": {"/note": "second"}}, "answers": [{"webhook": faults}]})
    for note in ("first", "second", "third"):
        order(world, note)
    receiver.wait(4)
    assert notes(receiver) == ["first", "second", "second", "third"]
    assert [request.headers.get("mock-fault") for request in receiver.received] == [
        None,
        "duplicate",
        "duplicate",
        None,
    ]


def test_standing_scenario_lets_events_be_delivered(
    own_cache: None, tmp_path: Path, receiver: WebhookReceivers
) -> None:
    with MockServer(contract=webhook_shop(tmp_path), webhook=receiver.url, scenario="flaky") as mock:
        reply = httpx.post(f"{mock.url}/orders", json={"note": "first"}, trust_env=False, timeout=60)
        assert reply.status_code == 201
        receiver.wait(1)
    assert notes(receiver) == ["first"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"webhook": {}}, "an object with a fault"),
        ({"webhook": []}, "a list of at least one"),
        ({"webhook": {"fault": "duplicated"}}, "did you mean duplicate?"),
        ({"webhook": {"fault": "drop", "evnt": "order.paid"}}, "did you mean event?"),
        ({"webhook": {"fault": "drop", "times": 2}}, "did you mean tries?"),
        ({"webhook": {"fault": "drop", "event": "order.payed"}}, "did you mean order.paid?"),
        ({"webhook": [{"fault": "late"}, {"fault": "drop", "seconds": 5}]}, "/answers/0/webhook/1/seconds"),
        ({"webhook": {"fault": "duplicate", "tries": 2}}, "drop, wrong_signature"),
        ({"webhook": {"fault": "drop"}, "code": 201}, "one of the two"),
        ({"webhook": {"fault": "drop"}, "body": {}}, "one of the two"),
        ({"webhook": {"fault": "drop"}, "write": False}, "where something happens"),
    ],
)
def test_fault_of_a_scenario_that_cannot_be_is_refused(world: World, answer: Any, told: str) -> None:
    with pytest.raises(ControlError) as caught:
        world.scenario({"match": {"operation": "POST /orders"}, "answers": [answer]})
    assert told in str(caught.value)
