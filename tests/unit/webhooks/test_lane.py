"""The order of deliveries at one endpoint."""

from __future__ import annotations

from mock_server.scenarios.delivery_fault import DeliveryFault
from mock_server.webhooks.delivery import Delivery, DeliveryTry
from mock_server.webhooks.lane import DeliveryLane


def delivery(name: str, created: float = 0.0, due: float | None = None, **members: object) -> Delivery:
    return Delivery(
        name,
        name,
        "order.paid",
        "e",
        "admin",
        "",
        "{}",
        created,
        created if due is None else due,
        **members,  # type: ignore[arg-type]
    )


def failed(name: str, due: float) -> Delivery:
    return delivery(name, 0.0, due, tries=(DeliveryTry(0.0, 500),))


def order(lane: DeliveryLane, until: float = 1e12) -> list[tuple[str, float]]:
    """The deliveries that are due until a time, in their order, with the time of each."""
    taken_out = []
    while (time := lane.next_time()) is not None and time <= until:
        taken_out.append((lane.pop().id, time))
    return taken_out


def test_events_go_as_they_came() -> None:
    assert order(DeliveryLane(60, map(delivery, "abc"))) == [("a", 0.0), ("b", 0.0), ("c", 0.0)]


def test_empty_lane_has_no_time() -> None:
    assert DeliveryLane(60).next_time() is None


def test_later_one_waits_for_an_earlier_one_that_is_tried_again() -> None:
    lane = DeliveryLane(60, [failed("a", 5.0), delivery("b", 1.0)])
    assert order(lane) == [("a", 5.0), ("b", 1.0)]


def test_later_one_waits_no_longer_than_it_has_to() -> None:
    lane = DeliveryLane(60, [failed("a", 500.0), delivery("b", 1.0), delivery("c", 2.0)])
    assert order(lane) == [("b", 61.0), ("c", 62.0), ("a", 500.0)]


def test_late_one_holds_nobody_up() -> None:
    late = delivery("a", 0.0, 30.0, fault=DeliveryFault("late", 30.0))
    assert order(DeliveryLane(60, [late, delivery("b", 1.0)])) == [("b", 1.0), ("a", 30.0)]


def test_one_to_be_overtaken_comes_after_the_next() -> None:
    overtaken = delivery("a", 0.0, 60.0, fault=DeliveryFault("reorder", 60.0))
    lane = DeliveryLane(60, [overtaken, delivery("b", 1.0), delivery("c", 9.0)])
    assert lane.pop().id == "b"
    lane.release(1.0)
    assert order(lane) == [("a", 1.0), ("c", 9.0)]


def test_one_to_be_overtaken_by_nobody_comes_late() -> None:
    lane = DeliveryLane(60, [delivery("a", 0.0, 60.0, fault=DeliveryFault("reorder", 60.0))])
    assert order(lane) == [("a", 60.0)]


def test_of_two_retries_the_one_that_is_due_first_goes_first() -> None:
    assert order(DeliveryLane(60, [failed("a", 9.0), failed("b", 3.0)])) == [("b", 3.0), ("a", 9.0)]


def test_what_is_gone_is_forgotten() -> None:
    lane = DeliveryLane(60, [failed("a", 9.0), delivery("b"), delivery("c", once=True)])
    lane.retain(lambda each: each.id == "b")
    assert order(lane) == [("b", 0.0)]
    assert len(lane) == 0
