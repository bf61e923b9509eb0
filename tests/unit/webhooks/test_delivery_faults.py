"""Faults on demand, as a receiver sees them."""

from __future__ import annotations

import pytest
import standardwebhooks

from mock_server.storage import Store
from tests.support.delivery_scene import SECRET, START, DeliveryScene, endpoint, numbers, played
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens
from tests.support.webhook_receiver import WebhookReceivers


@pytest.fixture
def store(opens: Opens) -> Store:
    return opens().store("shop")


@pytest.mark.parametrize("kind", KINDS)
def test_drop_loses_the_first_try(receiver: WebhookReceivers, store: Store) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("drop", event="order.paid")
        for name in ("order.created", "order.paid", "order.paid"):
            scene.emit(name)
        await scene.settle()
        assert numbers(receiver) == [1]  # what comes after it waits for it
        await scene.advance(2)

    scene = played(DeliveryScene(endpoint(receiver), store=store), steps)
    assert numbers(receiver) == [1, 2, 3]
    assert "mock-fault" not in receiver.received[1].headers
    assert [attempt.status for attempt in scene.deliveries()[1].tries] == [None, 200]


def test_drop_of_more_tries_than_there_are_loses_all(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("drop", tries=100)
        scene.emit("order.paid")
        await scene.settle()
        for seconds in (2, 4, 8):
            await scene.advance(seconds)

    scene = played(DeliveryScene(endpoint(receiver)), steps)
    assert receiver.received == []
    assert scene.told() == [("order.paid", "failed")]


def test_retry_after_a_wrong_signature_is_right(receiver: WebhookReceivers) -> None:
    receiver.manners.extend([401, 401])

    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("wrong_signature", tries=2)
        scene.emit("order.paid")
        await scene.settle()
        await scene.advance(2)
        await scene.advance(4)

    played(DeliveryScene(endpoint(receiver)), steps)
    marks = [request.headers.get("mock-fault") for request in receiver.received]
    assert marks == ["wrong_signature", "wrong_signature", None]


def test_duplicate_sends_twice(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("duplicate", times=2)
        for _ in range(3):
            scene.emit("order.paid")
        await scene.settle()

    played(DeliveryScene(endpoint(receiver)), steps)
    assert numbers(receiver) == [1, 1, 2, 2, 3]
    first, second, *_ = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["mock-fault"] == "duplicate"
    assert "mock-fault" not in receiver.received[-1].headers


@pytest.mark.parametrize("kind", KINDS)
def test_reorder_sends_after_the_next(receiver: WebhookReceivers, store: Store) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("reorder")
        for _ in range(3):
            scene.emit("order.paid")
        await scene.settle()

    played(DeliveryScene(endpoint(receiver), store=store), steps)
    assert numbers(receiver) == [2, 1, 3]


def test_late_sends_when_the_clock_has_moved(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("late", seconds=90)
        scene.emit("order.paid")
        scene.emit("order.paid")
        await scene.settle()
        assert numbers(receiver) == [2]
        await scene.advance(90)

    scene = played(DeliveryScene(endpoint(receiver)), steps)
    assert numbers(receiver) == [2, 1]
    assert scene.deliveries()[0].tries[0].at == START + 90


def test_wrong_signature_is_refused_by_a_receiver(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("wrong_signature")
        scene.emit("order.paid")
        scene.emit("order.paid")
        await scene.settle()

    played(DeliveryScene(endpoint(receiver), stands=False), steps)
    wrong, right = receiver.received
    assert standardwebhooks.Webhook(SECRET).verify(right.body, right.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError, match="No matching signature"):
        standardwebhooks.Webhook(SECRET).verify(wrong.body, wrong.headers)


def test_old_timestamp_is_refused_by_a_receiver(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("old_timestamp", seconds=3600)
        scene.emit("order.paid")
        await scene.settle()

    played(DeliveryScene(endpoint(receiver), stands=False), steps)
    (old,) = receiver.received
    with pytest.raises(standardwebhooks.WebhookVerificationError, match="too old"):
        standardwebhooks.Webhook(SECRET).verify(old.body, old.headers)


def test_invalid_body_breaks_its_schema_and_is_marked(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("invalid_body")
        scene.emit("order.paid")
        await scene.settle()

    played(DeliveryScene(endpoint(receiver), stands=False), steps)
    (broken,) = receiver.received
    assert broken.json == {"type": "order.paid", "data": 0}
    assert broken.headers["mock-fault"] == "invalid_body"
    assert standardwebhooks.Webhook(SECRET).verify(broken.body, broken.headers)


def test_timeout_has_what_arrived_sent_again(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.spoil("timeout")
        scene.emit("order.paid")
        await scene.settle()
        await scene.advance(2)

    scene = played(DeliveryScene(endpoint(receiver)), steps)
    assert numbers(receiver) == [1, 1]
    assert "no answer" in scene.deliveries()[0].tries[0].error
