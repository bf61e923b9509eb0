"""Deliveries: in order, again by the clock of the world, each once, bounded, with faults on demand."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic, time

import pytest
import standardwebhooks

from mock_server.core.errors import StoreError
from mock_server.hub.model import ClockState
from mock_server.openapi.webhook_extensions import SCHEMES, EndpointMembers, WebhookPlan
from mock_server.storage import DELIVERIES, ENDPOINTS, NO_CAUSE, Absence, Cause, Record, RecordChange, Store
from mock_server.webhooks import dispatcher, lane_runner, try_slots
from mock_server.webhooks.delivery import delivery_of
from mock_server.webhooks.endpoint import Endpoint, endpoint_row
from mock_server.worlds.world import World
from tests.support.delivery_scene import SECRET, START, DeliveryScene, endpoint, numbers, played
from tests.support.store_kinds import KINDS, each_kind
from tests.support.stores import Opens
from tests.support.webhook_receiver import WebhookReceivers

each_store = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def store(opens: Opens) -> Store:
    return opens().store("shop")


@each_store
def test_events_arrive_in_order_signed(receiver: WebhookReceivers, store: Store) -> None:
    async def steps(scene: DeliveryScene) -> None:
        for _ in range(20):
            scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(endpoint(receiver), store=store, stands=False), steps)
    assert numbers(receiver) == [*range(1, 21)]
    for request in receiver.received:
        assert standardwebhooks.Webhook(SECRET).verify(request.body, request.headers)
    assert [delivery.status for delivery in scene.deliveries()] == ["succeeded"] * 20
    assert scene.deliveries()[0].tries[0].response == "done"


def test_only_wanted_events_arrive(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.created")
        scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(endpoint(receiver, "order.paid")), steps)
    assert scene.told() == [("order.paid", "succeeded")]


@each_store
def test_retries_come_by_the_clock_of_the_world(receiver: WebhookReceivers, store: Store) -> None:
    schedule = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    receiver.manners.extend([500] * 9)

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()
        for seconds in schedule:
            await scene.advance(seconds - 0.5)
            count = len(receiver.received)
            await scene.advance(0.5)
            assert len(receiver.received) == count + 1

    begun = monotonic()
    scene = played(DeliveryScene(endpoint(receiver), store=store, plan=WebhookPlan(retries=schedule)), steps)
    (delivery,) = scene.deliveries()
    times = [START + sum(schedule[:count]) for count in range(10)]
    assert [attempt.at for attempt in delivery.tries] == times
    assert [int(request.headers["webhook-timestamp"]) for request in receiver.received] == [*map(int, times)]
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert len({request.body for request in receiver.received}) == 1
    assert delivery.status == "succeeded"
    assert monotonic() - begun < sum(schedule)


def test_one_move_of_the_clock_makes_all_tries_at_their_times(receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500] * 4)

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()
        await scene.advance(3600)

    (delivery,) = played(DeliveryScene(endpoint(receiver)), steps).deliveries()
    assert [attempt.at - START for attempt in delivery.tries] == [0, 2, 6, 14]
    assert (delivery.status, delivery.tries[-1].status) == ("failed", 500)


def test_clock_that_goes_has_retries_made_by_itself(receiver: WebhookReceivers) -> None:
    receiver.manners.append(503)

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        async with asyncio.timeout(60):
            while scene.told() != [("order.paid", "succeeded")]:
                await asyncio.sleep(0.01)

    scene = DeliveryScene(endpoint(receiver), plan=WebhookPlan(retries=(1,)), stands=False)
    (delivery,) = played(scene, steps).deliveries()
    first, second = delivery.tries
    assert second.at - first.at >= 1
    assert abs(second.at - time()) < 60


def test_later_event_waits_for_one_that_is_tried_again(receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500])

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.created")
        scene.emit("order.paid")
        await scene.settle()
        assert numbers(receiver) == [1]
        await scene.advance(2)

    played(DeliveryScene(endpoint(receiver)), steps)
    assert numbers(receiver) == [1, 1, 2]


def test_endpoints_do_not_wait_for_one_another(receiver: WebhookReceivers) -> None:
    receiver.manners.append("hang")

    async def steps(scene: DeliveryScene) -> None:
        with WebhookReceivers() as other:
            row = endpoint_row(Endpoint("wh-other", other.url))
            assert scene.world.apply(scene.store, [RecordChange(ENDPOINTS, row.handle, Absence.UNTOUCHED, row)])
            scene.emit("order.paid")
            async with asyncio.timeout(25):
                while not other.received:
                    await asyncio.sleep(0.01)

    played(DeliveryScene(endpoint(receiver), plan=WebhookPlan(timeout=60)), steps)


def test_stop_waits_no_longer_than_it_may(receiver: WebhookReceivers) -> None:
    receiver.manners.append("hang")

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await asyncio.to_thread(receiver.wait, 1)
        begun = monotonic()
        await scene.dispatcher.stop()
        assert monotonic() - begun < 20

    scene = played(DeliveryScene(endpoint(receiver), plan=WebhookPlan(timeout=60)), steps)
    assert scene.told() == [("order.paid", "pending")]


def test_disabled_endpoint_has_its_events_skipped(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        row = endpoint_row(Endpoint("wh-1", receiver.url))
        assert scene.world.apply(scene.store, [RecordChange(ENDPOINTS, "wh-1", Absence.UNTOUCHED, row)])
        receiver.manners.append(500)
        scene.emit("order.created")
        scene.emit("order.paid")
        await scene.settle()
        off = endpoint_row(Endpoint("wh-1", receiver.url, is_enabled=False))
        assert scene.world.apply(scene.store, [RecordChange(ENDPOINTS, "wh-1", row, off)])
        await scene.advance(100)
        scene.emit("order.refunded")

    scene = played(DeliveryScene(), steps)
    assert scene.told() == [("order.created", "skipped"), ("order.paid", "skipped")]
    assert "disabled" in scene.deliveries()[1].reason


@pytest.mark.parametrize("source", ["record", "admin"])
def test_endpoint_is_disabled_after_so_many_failures_in_a_row(receiver: WebhookReceivers, source: str) -> None:
    receiver.manners.extend([500, 200, 500, 500])
    members = EndpointMembers("hooks", "/url", enabled="/status")
    record = Record("hooks", "wh-1", {"url": receiver.url, "status": "enabled"})
    row = record if source == "record" else endpoint_row(Endpoint("wh-1", receiver.url))

    async def steps(scene: DeliveryScene) -> None:
        assert scene.world.apply(scene.store, [RecordChange(row.resource, "wh-1", Absence.UNTOUCHED, row)])
        for _ in range(6):
            scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(plan=WebhookPlan(members, retries=(), disable_after=2)), steps)
    assert [status for _, status in scene.told()] == ["failed", "succeeded", *["failed"] * 2, *["skipped"] * 2]
    assert not scene.outbox.endpoints(scene.world.store(scene.store))[0].is_enabled
    stored = scene.world.store(scene.store).get(row.resource, "wh-1")
    assert stored is not None
    assert stored.value.get("status", "disabled") == "disabled"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("no url", "expected no spaces"),
        ("ftp://127.0.0.1/", "begins with http"),
        ("http://10.0.0.1/", "--webhook-allow 10.0.0.1"),
        ("http://127.0.0.1:4010/__admin/reset", "no admin API"),
    ],
)
def test_url_that_may_not_be_called_fails_at_once(url: str, reason: str) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()

    (delivery,) = played(DeliveryScene(Endpoint("e", url, source="setting")), steps).deliveries()
    assert delivery.status == "failed"
    assert reason in delivery.reason + "".join(attempt.error for attempt in delivery.tries)


def test_secret_that_is_no_key_fails_at_once(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(Endpoint("e", receiver.url, "no key!", source="setting")), steps)
    (delivery,) = scene.deliveries()
    assert "no key" in delivery.tries[0].error
    assert receiver.received == []


def test_callback_goes_to_its_own_address(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        scene.emit("onPaid", url=receiver.url, body={"paid": True})
        await scene.settle()

    (delivery,) = played(DeliveryScene(), steps).deliveries()
    assert (delivery.endpoint, delivery.status) == ("", "succeeded")
    assert receiver.received[0].json == {"paid": True}
    assert "webhook-signature" not in receiver.received[0].headers


def test_waiting_deliveries_are_bounded_and_told(receiver: WebhookReceivers, caplog: pytest.LogCaptureFixture) -> None:
    receiver.manners.extend([500] * 100)

    async def steps(scene: DeliveryScene) -> None:
        for _ in range(8):
            scene.emit("order.paid")
        await scene.settle()

    with caplog.at_level(logging.WARNING):
        scene = played(DeliveryScene(endpoint(receiver), most=5), steps)
    assert [status for _, status in scene.told()] == ["pending"] * 5 + ["skipped"] * 3
    assert "--max-deliveries" in scene.deliveries()[-1].reason
    assert scene.bounds == {"max_deliveries": 3}
    assert len(caplog.records) == 1


def test_reset_world_has_room_again(receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500] * 100)

    async def steps(scene: DeliveryScene) -> None:
        for _ in range(5):
            scene.emit("order.paid")
        await scene.settle()
        scene.world.clear_records([scene.store])
        receiver.manners.clear()
        scene.emit("order.paid")  # this one is not taken on, and what is gone is forgotten
        await asyncio.sleep(0)
        scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(endpoint(receiver), most=5), steps)
    assert [status for _, status in scene.told()] == ["skipped", "succeeded"]


@each_store
def test_oldest_deliveries_go(receiver: WebhookReceivers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_runner, "MOST_FINISHED", 3)

    async def steps(scene: DeliveryScene) -> None:
        for _ in range(10):
            scene.emit("order.paid")
        await scene.settle()

    scene = played(DeliveryScene(endpoint(receiver), store=store), steps)
    assert [json.loads(delivery.body)["data"]["number"] for delivery in scene.deliveries()] == [8, 9, 10]


def test_time_of_signatures_may_be_the_real_one(receiver: WebhookReceivers) -> None:
    plan = WebhookPlan(signing=replace(SCHEMES["standard-webhooks"], clock="real"))

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()

    played(DeliveryScene(endpoint(receiver), plan=plan), steps)
    (request,) = receiver.received
    assert standardwebhooks.Webhook(SECRET).verify(request.body, request.headers)


def test_worlds_that_are_forgotten_leave_nothing(receiver: WebhookReceivers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_MANY_WORLDS", 10)
    receiver.manners.extend([500] * 100)

    async def steps(scene: DeliveryScene) -> None:
        for number in range(50):
            world = World(f"w{number}", scene.hub)
            scene.hub.set_clock(world.name, ClockState(START))
            scene.emit("order.paid", world=world)
            async with asyncio.timeout(60):
                while not scene.dispatcher.is_settled(world):
                    await asyncio.sleep(0.001)
            assert scene.dispatcher.waiting(scene.outbox, world) == 1
            world.reset()
        assert sum(scene.dispatcher.waiting(scene.outbox, World(f"w{number}")) for number in range(50)) <= 11

    played(DeliveryScene(endpoint(receiver)), steps)


def test_worlds_get_their_own_events(receiver: WebhookReceivers) -> None:
    async def steps(scene: DeliveryScene) -> None:
        worlds = [World(f"w{number}", scene.hub) for number in range(500)]
        for world in worlds:
            row = endpoint_row(Endpoint("wh-1", f"{receiver.url}/{world.name}"))
            assert world.apply(scene.store, [RecordChange(ENDPOINTS, "wh-1", Absence.UNTOUCHED, row)])
        for step in range(2):
            for world in worlds:
                scene.emit("order.paid", world=world, body={"world": world.name, "step": step})
        await asyncio.to_thread(receiver.wait, 1000, 60)

    played(DeliveryScene(stands=False, plan=WebhookPlan(timeout=2)), steps)
    by_path: dict[str, list[tuple[str, int]]] = {}
    for request in receiver.received:
        by_path.setdefault(request.path, []).append((request.json["world"], request.json["step"]))
    assert by_path == {f"/hook/w{number}": [(f"w{number}", step) for step in range(2)] for number in range(500)}
    assert receiver.connections <= 2 * try_slots.MOST_BEGUN


@each_kind
def test_two_processes_deliver_each_event_once_in_order(receiver: WebhookReceivers, opens: Opens) -> None:
    """Two dispatchers on one database, each of which is told of every other event."""
    stores = [opens(), opens()]

    async def steps() -> None:
        scenes = [DeliveryScene(endpoint(receiver), store=each.store("shop")) for each in stores]
        async with scenes[0], scenes[1]:
            for number in range(20):
                scenes[number % 2].emit("order.paid", body={"data": {"number": number}})
            for scene in (*scenes, *scenes):
                await scene.settle()

    asyncio.run(steps())
    sent = numbers(receiver)
    assert sorted(sent) == sorted({*sent}) == [*range(20)]
    assert sent == [*range(20)]


@each_kind
def test_what_waited_is_delivered_after_a_restart(receiver: WebhookReceivers, opens: Opens) -> None:
    receiver.manners.append(500)

    async def before(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()

    async def after(scene: DeliveryScene) -> None:
        meet = scene.dispatcher.meeting(scene.outbox)
        assert meet is not None
        scene.hub.advance_clock("shop", 2)
        for _ in range(3):
            meet(scene.world)
        await scene.settle()

    for steps in (before, after):
        scene = played(DeliveryScene(endpoint(receiver), store=opens().store("shop")), steps)
        statuses = [delivery.status for delivery in scene.deliveries()]
    assert statuses == ["succeeded"]
    assert numbers(receiver) == [1, 1]


@each_kind
def test_claim_of_a_process_that_stops_is_given_back(
    receiver: WebhookReceivers, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(dispatcher, "RELEASE_SECONDS", 30)
    receiver.manners.append("hang")
    plan = WebhookPlan(timeout=60)

    async def before(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await asyncio.to_thread(receiver.wait, 1)

    async def after(scene: DeliveryScene) -> None:
        scene.outbox.wake(scene.world)
        async with asyncio.timeout(30):
            await scene.settle()

    for steps in (before, after):
        scene = played(DeliveryScene(endpoint(receiver), store=opens().store("shop"), plan=plan), steps)
    assert scene.told() == [("order.paid", "succeeded")]
    assert numbers(receiver) == [1, 1]


@each_kind
def test_claim_of_a_process_that_died_ends(receiver: WebhookReceivers, store: Store) -> None:
    async def steps(scene: DeliveryScene) -> None:
        await scene.dispatcher.stop()
        scene.emit("order.paid")
        scene.dispatcher.start(asyncio.get_running_loop())
        row = scene.world.store(scene.store).get(DELIVERIES, scene.deliveries()[0].id)
        assert row is not None
        claimed = replace(delivery_of(row), claim="another", claimed=time() + 0.3).row()
        scene.put([RecordChange(DELIVERIES, row.handle, row, claimed)])
        assert not receiver.received
        await scene.settle()

    scene = played(DeliveryScene(endpoint(receiver), store=store), steps)
    assert scene.told() == [("order.paid", "succeeded")]


@each_kind
def test_try_whose_outcome_was_not_stored_at_once_is_not_made_again(
    receiver: WebhookReceivers, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is busy just then."""
    apply, failures = World.apply, [StoreError("busy")]

    def busy(world: World, base: Store, changes: Sequence[RecordChange], cause: Cause = NO_CAUSE) -> bool:
        if receiver.received and failures:
            raise failures.pop()
        return apply(world, base, changes, cause)

    async def steps(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        scene.emit("order.refunded")
        async with asyncio.timeout(60):
            while scene.told() != [("order.paid", "succeeded"), ("order.refunded", "succeeded")]:
                await asyncio.sleep(0.001)

    monkeypatch.setattr(World, "apply", busy)
    monkeypatch.setattr(lane_runner, "_PAUSE", 0.01)
    played(DeliveryScene(endpoint(receiver), store=store, stands=False), steps)
    assert (numbers(receiver), failures) == ([1, 2], [])
