"""Webhooks over the wire: endpoints, deliveries, retries, faults, by the API, the admin API and the command line."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import standardwebhooks
import stripe

from mock_server import MockServer, World
from mock_server.core.errors import ControlError
from mock_server.testing import RecordedDelivery
from tests.support.polling import until
from tests.support.server_process import RunningServer
from tests.support.webhook_receiver import WebhookReceivers
from tests.support.webhook_shop import webhook_shop

SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="


@pytest.fixture(scope="module")
def mock(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    with MockServer(contract=webhook_shop(tmp_path_factory.mktemp("shop"))) as mock:
        yield mock


@pytest.fixture
def world(mock: MockServer) -> Iterator[World]:
    with mock.world() as world:
        yield world


@pytest.fixture
def receiver() -> Iterator[WebhookReceivers]:
    with WebhookReceivers() as running:
        yield running


@pytest.fixture
def admin(world: World) -> Iterator[httpx.Client]:
    """A client of the admin API of the world."""
    with httpx.Client(base_url=f"{world.url}/__admin", trust_env=False, timeout=60) as client:
        yield client


def asked(world: World, method: str, path: str, body: Any = None) -> Any:
    reply = httpx.request(method, world.url + path, json=body, trust_env=False, timeout=60)
    assert reply.status_code < 300, reply.text
    return reply.json() if reply.content else None


def settled(world: World, count: int) -> list[RecordedDelivery]:
    """The deliveries, once so many need no more tries."""
    until(lambda: sum(each.status != "pending" for each in world.deliveries()) >= count)
    return world.deliveries()


def test_endpoint_of_a_client_is_served(world: World, receiver: WebhookReceivers) -> None:
    endpoint = asked(world, "POST", "/endpoints", {"url": receiver.url, "events": ["order.created"], "secret": SECRET})
    order = asked(world, "POST", "/orders", {"note": "first"})
    asked(world, "PATCH", f"/orders/{order['id']}", {"note": "second"})
    (delivery,) = settled(world, 1)
    assert (delivery.type, delivery.endpoint, delivery.status) == ("order.created", endpoint["id"], "succeeded")
    (request,) = receiver.received
    body = standardwebhooks.Webhook(SECRET).verify(request.body, request.headers)
    assert (body["type"], body["data"]) == ("order.created", order)
    assert request.headers["webhook-id"] == delivery.event == world.events("order.created")[0].id


def test_endpoint_that_is_deleted_gets_no_more(world: World, receiver: WebhookReceivers) -> None:
    endpoint = asked(world, "POST", "/endpoints", {"url": receiver.url, "events": [], "secret": SECRET})
    asked(world, "DELETE", f"/endpoints/{endpoint['id']}")
    asked(world, "POST", "/orders", {"note": "first"})
    assert world.deliveries() == []
    assert len(world.events()) == 1


def test_endpoint_by_hand_gets_what_happens_in_its_order(world: World, receiver: WebhookReceivers) -> None:
    world.webhook(receiver.url, secret=SECRET)
    order = asked(world, "POST", "/orders", {"note": "first"})
    asked(world, "PATCH", f"/orders/{order['id']}", {"note": "second"})
    world.send("order.paid", record=order["id"])
    asked(world, "DELETE", f"/orders/{order['id']}")
    names = ["order.created", "order.updated", "order.paid", "order.deleted"]
    assert [request.json["type"] for request in receiver.wait(4)] == names
    assert [each.type for each in settled(world, 4)] == names


def test_receiver_of_stripe_takes_what_is_signed_so(world: World, receiver: WebhookReceivers) -> None:
    world.webhook(receiver.url, secret="whsec_any text", signing="stripe")
    asked(world, "POST", "/orders", {"note": "first"})
    (request,) = receiver.wait(1)
    event = stripe.Webhook.construct_event(request.body, request.headers["stripe-signature"], "whsec_any text")
    assert event["type"] == "order.created"


def test_receiver_of_github_takes_what_is_signed_so(
    own_cache: None, tmp_path: Path, receiver: WebhookReceivers
) -> None:
    headers = {"User-Agent": "GitHub-Hookshot/1", "X-GitHub-Event": "{type}", "X-GitHub-Delivery": "{id}"}
    shop = webhook_shop(tmp_path, signing="github", headers=headers)
    with MockServer(contract=shop, webhook=receiver.url, webhook_secret="a secret") as mock:
        asked(mock, "POST", "/orders", {"note": "first"})
        (request,) = receiver.wait(1)
    expected = "sha256=" + hmac.new(b"a secret", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == expected
    assert request.headers["x-github-event"] == "order.created"
    assert request.headers["user-agent"] == "GitHub-Hookshot/1"


def test_clock_that_stands_sends_nothing_late_by_itself(world: World, receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500, "close", 503])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    world.clock.set(begin)
    world.webhook(receiver.url, secret=SECRET)
    asked(world, "POST", "/orders", {"note": "first"})
    receiver.wait(1)
    for seconds in (2, 4, 8):
        world.clock.advance(seconds)
    (delivery,) = settled(world, 1)
    assert [(attempt.at - begin).total_seconds() for attempt in delivery.tries] == [0, 2, 6, 14]
    assert [attempt.status for attempt in delivery.tries] == [500, None, 503, 200]
    assert delivery.status == "succeeded"


def test_delivery_is_made_once_more_when_asked(world: World, receiver: WebhookReceivers) -> None:
    world.webhook(receiver.url)
    asked(world, "POST", "/orders", {"note": "first"})
    (delivery,) = settled(world, 1)
    receiver.manners.append(500)
    world.redeliver(delivery)
    receiver.wait(2)
    (again,) = settled(world, 1)
    assert (again.status, len(again.tries)) == ("failed", 2)
    first, second = receiver.received
    assert first.body == second.body


def test_waiting_delivery_is_tried_at_once_when_asked(world: World, receiver: WebhookReceivers) -> None:
    receiver.manners.append(500)
    world.clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    world.webhook(receiver.url)
    asked(world, "POST", "/orders", {"note": "first"})
    until(lambda: bool(world.deliveries()[0].tries))
    world.redeliver(world.deliveries()[0])
    (delivery,) = settled(world, 1)
    assert (delivery.status, len(delivery.tries)) == ("succeeded", 2)
    world.clock.advance(3600)
    assert len(receiver.received) == 2


def test_fault_is_seen_by_the_receiver(world: World, receiver: WebhookReceivers) -> None:
    world.webhook(receiver.url, secret=SECRET)
    world.webhook_fault("duplicate", event="order.created")
    asked(world, "POST", "/orders", {"note": "first"})
    first, second = receiver.wait(2)
    assert first.body == second.body
    assert first.headers["mock-fault"] == "duplicate"


def test_faults_are_listed_and_dropped(world: World, admin: httpx.Client) -> None:
    world.webhook_fault("late", seconds=5, times=3)
    (fault,) = admin.get("/webhooks/faults").json()["faults"]
    assert fault == {"id": "fault-1", "event": None, "fault": "late", "seconds": 5.0, "tries": None, "times": 3}
    assert admin.delete("/webhooks/faults").status_code == 204
    assert admin.get("/webhooks/faults").json() == {"faults": []}


def test_endpoints_are_listed_replaced_and_deleted(
    world: World, admin: httpx.Client, receiver: WebhookReceivers
) -> None:
    assert admin.post("/webhooks", json={"url": receiver.url, "secret": SECRET}).status_code == 201
    replaced = admin.post("/webhooks", json={"url": receiver.url, "events": ["order.paid"], "enabled": False})
    assert replaced.status_code == 200
    endpoint = replaced.json()
    assert admin.get("/webhooks").json() == {"webhooks": [endpoint]}
    assert endpoint == {
        "id": endpoint["id"],
        "url": receiver.url,
        "events": ["order.paid"],
        "enabled": False,
        "signed": False,
        "signing": None,
        "source": "admin",
    }
    assert admin.get(f"/webhooks/{endpoint['id']}").json() == endpoint
    assert admin.delete(f"/webhooks/{endpoint['id']}").status_code == 204
    assert admin.get(f"/webhooks/{endpoint['id']}").status_code == 404
    world.webhook(receiver.url)
    assert admin.delete("/webhooks").status_code == 204
    assert admin.get("/webhooks").json() == {"webhooks": []}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "an object with a url"),
        ({"url": 7}, "a text"),
        ({"url": "no url"}, "no spaces"),
        ({"url": "ftp://127.0.0.1/"}, "begins with http"),
        ({"url": "http://10.0.0.1/"}, "--webhook-allow 10.0.0.1"),
        ({"url": "http://[fd00::1]/"}, "--webhook-allow fd00::1"),
        ({"url": "http://127.0.0.1/__admin/reset"}, "no admin API"),
        ({"url": "http://127.0.0.1/", "events": ["order.payed"]}, "did you mean order.paid?"),
        ({"url": "http://127.0.0.1/", "signing": "strip"}, "did you mean stripe?"),
        ({"url": "http://127.0.0.1/", "secret": "no key!"}, "base64"),
        ({"url": "http://127.0.0.1/", "uri": "x"}, "did you mean url?"),
    ],
)
def test_endpoint_that_cannot_be_is_refused(world: World, body: dict[str, Any], told: str) -> None:
    reply = httpx.post(f"{world.url}/__admin/webhooks", json=body, trust_env=False, timeout=60)
    assert reply.status_code == 422
    assert told in reply.json()["detail"]
    assert httpx.get(f"{world.url}/__admin/webhooks", trust_env=False, timeout=60).json() == {"webhooks": []}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "a fault"),
        ({"fault": "dropped"}, "did you mean drop?"),
        ({"fault": "drop", "event": "order.payed"}, "did you mean order.paid?"),
        ({"fault": "drop", "seconds": 5}, "late, reorder or old_timestamp"),
        ({"fault": "late", "seconds": -1}, "from 0"),
        ({"fault": "drop", "times": 0}, "from 1"),
        ({"fault": "late", "tries": 2}, "drop, wrong_signature"),
        ({"fault": "drop", "tries": 0}, "from 1"),
    ],
)
def test_fault_that_cannot_be_is_refused(world: World, body: dict[str, Any], told: str) -> None:
    reply = httpx.post(f"{world.url}/__admin/webhooks/faults", json=body, trust_env=False, timeout=60)
    assert reply.status_code == 422
    assert told in reply.json()["detail"]


@pytest.mark.parametrize("query", ["status=done", "limit=x", "offset=-1", "state=failed"])
def test_filter_that_cannot_be_is_refused(world: World, query: str) -> None:
    reply = httpx.get(f"{world.url}/__admin/deliveries?{query}", trust_env=False, timeout=60)
    assert reply.status_code == 400


def test_unknown_delivery_is_told(world: World) -> None:
    with pytest.raises(ControlError, match="GET /__admin/deliveries lists"):
        world.redeliver("nobody")


def test_deliveries_are_filtered_and_paged(world: World, admin: httpx.Client, receiver: WebhookReceivers) -> None:
    world.webhook(receiver.url)
    for note in "abc":
        asked(world, "POST", "/orders", {"note": note})
    settled(world, 3)
    page = admin.get("/deliveries?type=order.created&status=succeeded&limit=1&offset=1").json()
    assert page["total"] == 3
    (second,) = page["deliveries"]
    whole = admin.get(f"/deliveries/{second['id']}").json()
    assert '"note":"b"' in whole["body"]
    assert world.deliveries("order.paid") == []
    assert admin.delete("/deliveries").status_code == 204
    assert world.deliveries() == []


def test_worlds_get_only_their_own(mock: MockServer, receiver: WebhookReceivers) -> None:
    with mock.world() as first, mock.world() as second:
        first.webhook(receiver.url + "/first")
        second.webhook(receiver.url + "/second")
        asked(second, "POST", "/orders", {"note": "second"})
        asked(first, "POST", "/orders", {"note": "first"})
        requests = receiver.wait(2)
    assert {(request.path, request.json["data"]["note"]) for request in requests} == {
        ("/hook/first", "first"),
        ("/hook/second", "second"),
    }


def test_five_hundred_worlds_get_their_own_in_order(mock: MockServer, receiver: WebhookReceivers) -> None:
    names = [f"shop-{number}" for number in range(500)]
    with httpx.Client(base_url=mock.url, trust_env=False, timeout=60) as client:
        for name in names:
            hook = {"url": f"{receiver.url}/{name}"}
            assert client.post(f"/~{name}/__admin/webhooks", json=hook).status_code == 201
        for note in ("first", "second"):
            for name in names:
                order = {"note": f"{note} of {name}"}
                assert client.post(f"/~{name}/orders", json=order).status_code == 201
    arrived: dict[str, list[str]] = {}
    for request in receiver.wait(1000):
        arrived.setdefault(request.path, []).append(request.json["data"]["note"])
    assert arrived == {f"/hook/{name}": [f"first of {name}", f"second of {name}"] for name in names}


def test_undo_sends_nothing_and_takes_no_delivery_back(world: World, receiver: WebhookReceivers) -> None:
    world.webhook(receiver.url)
    asked(world, "POST", "/orders", {"note": "first"})
    before = settled(world, 1)
    (undone,) = world.undo()
    assert undone.operation == "POST /orders"
    assert world.deliveries() == before
    assert len(receiver.received) == 1


def test_nothing_is_delivered_where_that_is_switched_off(
    own_cache: None, tmp_path: Path, receiver: WebhookReceivers
) -> None:
    with MockServer(contract=webhook_shop(tmp_path), webhook=receiver.url, no_webhooks=True) as mock:
        asked(mock, "POST", "/orders", {"note": "first"})
        assert len(mock.events()) == 1
        assert mock.deliveries() == []


def test_what_waits_outlives_the_server(own_cache: None, tmp_path: Path, receiver: WebhookReceivers) -> None:
    """A receiver that is away: what was told to it is told again by the next server on the same database."""
    store = f"sqlite:///{tmp_path / 'shop.db'}"
    serve = (webhook_shop(tmp_path, retries=[1], timeout=60), "--store", store, "--webhook", receiver.url)
    receiver.manners.append("hang")
    with RunningServer(*serve) as server:
        httpx.post(f"{server.url}/~w/orders", json={"note": "first"}, trust_env=False, timeout=60).raise_for_status()
        receiver.wait(1)
        assert server.stop() == 0
    with RunningServer(*serve) as server:
        httpx.post(f"{server.url}/~w/orders", json={"note": "second"}, trust_env=False, timeout=60).raise_for_status()
        receiver.wait(3)
    notes = [request.json["data"]["note"] for request in receiver.received]
    assert notes == ["first", "first", "second"]


def test_each_event_is_delivered_once_by_workers(own_cache: None, tmp_path: Path, receiver: WebhookReceivers) -> None:
    with RunningServer(webhook_shop(tmp_path), "--workers", "2", "--webhook", receiver.url) as server:
        for number in range(30):  # a connection each: either worker may take it
            reply = httpx.post(f"{server.url}/orders", json={"note": str(number)}, trust_env=False, timeout=60)
            assert reply.status_code == 201
        receiver.wait(30)
        admin = f"{server.url}/__admin/deliveries?status=succeeded"
        until(lambda: httpx.get(admin, trust_env=False, timeout=60).json()["total"] == 30)
    assert [request.json["data"]["note"] for request in receiver.received] == [str(number) for number in range(30)]
