"""What is read of deliveries in stores that processes share: what waits, and only before a try."""

from __future__ import annotations

import pytest

from mock_server.storage import DELIVERIES, RecordQuery, Store
from mock_server.webhooks import lane_runner
from mock_server.webhooks.delivery import WAITS, Delivery
from mock_server.webhooks.webhook_outbox import WebhookOutbox
from mock_server.worlds.world import World
from tests.support.delivery_scene import DeliveryScene, endpoint, played
from tests.support.store_kinds import each_kind
from tests.support.stores import Opens
from tests.support.webhook_receiver import WebhookReceivers


@pytest.fixture
def store(opens: Opens) -> Store:
    return opens().store("shop")


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many deliveries were read each time."""
    counts: list[int] = []
    read = lane_runner.pending_of

    def counted(outbox: WebhookOutbox, world: World, lane: str | None = None) -> list[Delivery]:
        pending = [*read(outbox, world, lane)]
        counts.append(len(pending))
        return pending

    monkeypatch.setattr(lane_runner, "pending_of", counted)
    return counts


@each_kind
def test_finished_deliveries_are_not_read(receiver: WebhookReceivers, store: Store) -> None:
    async def flow(scene: DeliveryScene) -> None:
        for _ in range(20):
            scene.emit("order.paid")
        await scene.settle()
        receiver.manners.append(500)
        scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(endpoint(receiver), store=store), flow)
    rows = scene.world.store(scene.store)
    assert len(rows.records(DELIVERIES)) == 21
    assert [row.value["status"] for row in rows.records(DELIVERIES, RecordQuery(text=WAITS))] == ["pending"]


@each_kind
def test_events_for_a_dead_endpoint_cost_no_reading(
    receiver: WebhookReceivers, store: Store, readings: list[int]
) -> None:
    receiver.manners.extend([500] * 2)

    async def flow(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()
        before = len(readings)
        for _ in range(100):
            scene.emit("order.paid")
        await scene.settle()
        assert len(readings) == before
        await scene.advance(2)
        assert len(readings) <= before + 6
        await scene.advance(4)

    scene = played(DeliveryScene(endpoint(receiver), store=store), flow)
    assert [status for _, status in scene.told()] == ["succeeded"] * 101
    assert len(readings) < 30
