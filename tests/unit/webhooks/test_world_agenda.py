"""Steps of effects and tries of deliveries that one move of the clock passes, in the order of their times."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

import pytest

from mock_server.openapi.webhook_extensions import WebhookPlan
from mock_server.storage import ENDPOINTS, Absence, RecordChange, Store
from mock_server.webhooks import world_agenda
from mock_server.webhooks.endpoint import Endpoint, endpoint_row
from mock_server.worlds.world import World
from tests.support.delivery_scene import START, DeliveryScene, endpoint, played
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens
from tests.support.webhook_receiver import WebhookReceivers

each_store = pytest.mark.parametrize("kind", KINDS)
DAY = 86_400


class PlannedSteps:
    """Steps that are due so many seconds after the start, taken as a world's own are."""

    def __init__(self, *planned: tuple[float, Callable[[float], None]]) -> None:
        self._planned = sorted(((START + seconds, step) for seconds, step in planned), key=lambda pair: pair[0])
        self.taken: list[float] = []

    def __call__(self, world: World, until: float = inf) -> float | None:
        now = min(world.now(), until)
        while self._planned and self._planned[0][0] <= now:
            due, step = self._planned[0]
            step(due)
            self.taken.append(self._planned.pop(0)[0] - START)  # only now: a step may have to begin anew
        return self._planned[0][0] if self._planned else None


@pytest.fixture
def store(opens: Opens) -> Store:
    return opens().store("shop")


def arrivals(receiver: WebhookReceivers) -> list[tuple[str, float]]:
    """The types of what has arrived, in that order, and how many seconds after the start each was sent."""
    return [(each.json["type"], float(each.headers["webhook-timestamp"]) - START) for each in receiver.received]


@each_store
def test_one_move_makes_tries_and_takes_steps_in_the_order_of_their_times(
    receiver: WebhookReceivers, store: Store
) -> None:
    receiver.manners.extend([500, 500])

    async def flow(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()
        assert arrivals(receiver) == [("order.paid", 0)]
        await scene.advance(DAY)

    def renew(due: float) -> None:
        scene.emit("renewed", at=due)

    endpoints = (
        Endpoint("first", receiver.url, "whsec_c2VjcmV0", ("order.paid",), source="setting"),
        Endpoint("second", receiver.url + "/other", "whsec_c2VjcmV0", ("renewed",), source="setting"),
    )
    steps = PlannedSteps((3600, renew), (10_000, renew))
    plan = WebhookPlan(retries=(60, 7140))
    scene = DeliveryScene(*endpoints, plan=plan, store=store, run_due=steps)
    played(scene, flow)
    sent = [("order.paid", 0), ("order.paid", 60), ("renewed", 3600), ("order.paid", 7200), ("renewed", 10_000)]
    assert arrivals(receiver) == sent
    assert steps.taken == [3600, 10_000]
    assert {status for _, status in scene.told()} == {"succeeded"}


def test_endpoint_that_a_step_disables_gets_what_was_due_before(receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500, 500, 500])
    row, off = (endpoint_row(Endpoint("wh", receiver.url, "whsec_c2VjcmV0", is_enabled=each)) for each in (True, False))

    def disable(due: float) -> None:
        assert scene.world.apply(scene.store, [RecordChange(ENDPOINTS, "wh", row, off)])

    async def flow(scene: DeliveryScene) -> None:
        assert scene.world.apply(scene.store, [RecordChange(ENDPOINTS, "wh", Absence.UNTOUCHED, row)])
        scene.emit("order.paid")
        await scene.settle()
        await scene.advance(DAY)

    scene = DeliveryScene(plan=WebhookPlan(retries=(60, 7140)), run_due=PlannedSteps((3600, disable)))
    played(scene, flow)
    assert arrivals(receiver) == [("order.paid", 0), ("order.paid", 60)]
    assert scene.told() == [("order.paid", "skipped")]


def test_clock_that_stands_takes_no_step_and_makes_no_try(receiver: WebhookReceivers) -> None:
    receiver.manners.append(500)
    steps = PlannedSteps((0.05, lambda due: None))

    async def flow(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        scene.outbox.wake(scene.world)
        scene.outbox.expect(scene.world, START + 0.05)
        await scene.settle()
        await asyncio.sleep(1.1)

    played(DeliveryScene(endpoint(receiver), plan=WebhookPlan(retries=(1,)), run_due=steps), flow)
    assert len(receiver.received) == 1
    assert steps.taken == []


def test_endpoint_that_hangs_does_not_hold_up_steps(
    receiver: WebhookReceivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_agenda, "ORDERED_SECONDS", 0.1)
    receiver.manners.extend([500, "hang"])
    steps = PlannedSteps(*((3600 * hour, lambda due: None) for hour in (1, 2, 3)))

    async def flow(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()
        scene.hub.advance_clock("shop", DAY)
        scene.outbox.wake(scene.world)
        async with asyncio.timeout(25):
            while len(steps.taken) < 3:
                await asyncio.sleep(0.01)
        assert not scene.dispatcher.is_settled(scene.world)

    played(DeliveryScene(endpoint(receiver), plan=WebhookPlan(retries=(60,), timeout=60), run_due=steps), flow)


def test_steps_that_are_expected_are_taken_by_themselves_while_the_clock_goes() -> None:
    moments: list[float] = []

    def run_due(world: World, until: float = inf) -> float | None:
        now = min(world.now(), until)
        if now >= due:
            moments.append(world.now())
        return None if moments else due

    async def flow(scene: DeliveryScene) -> None:
        for _ in range(3):
            scene.outbox.expect(scene.world, due)
        async with asyncio.timeout(60):
            while not moments:
                await asyncio.sleep(0.01)
        await scene.settle()

    scene = DeliveryScene(run_due=run_due, stands=False)
    due = scene.world.now() + 0.2
    played(scene, flow)
    assert len(moments) == 1
    assert moments[0] >= due


def test_lanes_go_on_where_steps_cannot_be_taken(receiver: WebhookReceivers) -> None:
    receiver.manners.append(500)

    def run_due(world: World, until: float = inf) -> float | None:
        raise ZeroDivisionError

    async def flow(scene: DeliveryScene) -> None:
        scene.emit("order.paid")
        await scene.settle()
        await scene.advance(2)

    scene = played(DeliveryScene(endpoint(receiver), run_due=run_due), flow)
    assert scene.told() == [("order.paid", "succeeded")]
