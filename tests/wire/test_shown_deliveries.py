"""Deliveries that an API shows itself: as its records, filtered and paged, and made once more by its operation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server import MockServer, World
from mock_server.core.errors import ContractError
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.resources.inference import model_of
from mock_server.testing import AnswerData
from tests.support.polling import until
from tests.support.server_process import RunningServer
from tests.support.webhook_receiver import WebhookReceivers
from tests.support.webhook_shop import webhook_shop

NOBODY = "5f0f1c2e-8d3a-4b6a-9d1e-2f3a4b5c6d7e"
TOKEN = {"authorization": "Bearer polar_oat_test"}
TRY = {
    "type": "object",
    "required": ["id", "delivered_at", "status_code", "event"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "delivered_at": {"type": "string", "format": "date-time"},
        "status_code": {"type": ["integer", "null"]},
        "event": {"type": "string"},
    },
}
SHOWN = {
    "resource": "deliveries",
    "members": {
        "id": "/try/id",
        "delivered_at": "/try/at",
        "status_code": "/try/status",
        "event": {"join": ["/delivery/type", " ", "/try/number"]},
    },
}
AGAIN = {"operation": "POST /endpoints/{endpoint_id}/deliveries/{delivery_id}/attempts", "try": "delivery_id"}


def shop(directory: Path, **plan: Any) -> str:
    """The shop, with deliveries below its endpoints, as GitHub has them."""
    file = Path(webhook_shop(directory, deliveries=SHOWN, redeliver=AGAIN, **plan))
    document = json.loads(file.read_text(encoding="utf-8"))
    document["components"]["schemas"]["Try"] = TRY
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Try"}}}
    listed = {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Try"}}}}
    keys = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in KEYS]
    gone = {"404": {"description": "Gone"}}
    document["paths"] |= {
        f"{PLACE}": {"parameters": keys[:1], "get": {"responses": {"200": {"description": "All", "content": listed}}}},
        f"{PLACE}/{{delivery_id}}": {
            "parameters": keys,
            "get": {"responses": {"200": {"description": "One", "content": content}, **gone}},
            "delete": {"responses": {"204": {"description": "Deleted"}, **gone}},
        },
        f"{PLACE}/{{delivery_id}}/attempts": {
            "parameters": keys,
            "post": {"responses": {"202": {"description": "Soon"}, **gone}},
        },
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return str(file)


KEYS = ("endpoint_id", "delivery_id")
PLACE = "/endpoints/{endpoint_id}/deliveries"


@pytest.fixture
def receiver() -> Iterator[WebhookReceivers]:
    with WebhookReceivers() as running:
        yield running


@pytest.fixture(scope="module")
def polar(own_cache: None) -> Iterator[MockServer]:
    with MockServer(contract="polar") as mock:
        yield mock


@pytest.fixture
def world(polar: MockServer) -> Iterator[World]:
    with polar.world() as world:
        world.clock.set(datetime(2026, 1, 1, tzinfo=UTC))
        yield world


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, headers=TOKEN, trust_env=False, timeout=60) as client:
        yield client


def created(client: httpx.Client, path: str, body: Mapping[str, Any]) -> Any:
    reply = client.post(path, json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()


def subscribed(client: httpx.Client, receiver: WebhookReceivers) -> Any:
    body = {"url": receiver.url, "format": "raw", "events": ["customer.created", "customer.updated"]}
    return created(client, "/v1/webhooks/endpoints", body)


def shown(client: httpx.Client, query: str = "", *, count: int | None = None) -> list[Any]:
    """The deliveries that Polar lists, once there are so many."""

    def items() -> list[Any]:
        reply = client.get(f"/v1/webhooks/deliveries?limit=100{query}")
        assert reply.status_code == 200, reply.text
        return list(reply.json()["items"])

    if count is not None:
        until(lambda: len(items()) == count)
    return items()


def test_each_try_is_a_delivery_of_the_api(world: World, client: httpx.Client, receiver: WebhookReceivers) -> None:
    assert shown(client) == []
    receiver.manners.extend([500, "close"])
    subscribed(client, receiver)
    created(client, "/v1/customers/", {"email": "ada@example.com"})
    shown(client, count=1)
    world.clock.advance(2)
    world.clock.advance(4)
    last, lost, first = shown(client, count=3)
    assert [(each["succeeded"], each["http_code"]) for each in (first, lost, last)] == [
        (False, 500),
        (False, None),
        (True, 200),
    ]
    assert (first["response"], last["response"]) == ("done", "done")
    assert "closed the connection" in lost["response"]
    assert [each["created_at"] for each in (first, lost, last)] == [
        f"2026-01-01T00:00:0{second}Z" for second in (0, 2, 6)
    ]
    (event,) = world.events("customer.created")
    whole = last["webhook_event"]
    assert whole["payload"].encode() == receiver.received[-1].body
    assert {name: whole[name] for name in ("id", "type", "last_http_code", "succeeded", "skipped")} == {
        "id": event.id,
        "type": "customer.created",
        "last_http_code": 200,
        "succeeded": True,
        "skipped": False,
    }
    assert {each["webhook_event"]["id"] for each in (first, lost, last)} == {event.id}
    assert {request.headers["webhook-id"] for request in receiver.received} == {event.id}


def test_filters_choose_among_deliveries(world: World, client: httpx.Client, receiver: WebhookReceivers) -> None:
    receiver.manners.append(503)
    endpoint = subscribed(client, receiver)
    customer = created(client, "/v1/customers/", {"email": "ada@example.com"})
    shown(client, count=1)
    world.clock.advance(2)
    client.patch(f"/v1/customers/{customer['id']}", json={"name": "Ada"}).raise_for_status()
    listed = shown(client, count=3)
    updated, again, failed = (each["id"] for each in listed)
    by_chance = [each["id"] for each in listed if "503" in f"{each['id']} {each['webhook_event']['id']}"]
    (event,) = world.events("customer.updated")
    for query, ids in (
        ("http_code_class=5xx", [failed]),
        ("http_code_class=2xx", [updated, again]),
        ("succeeded=false", [failed]),
        ("event_type=customer.updated", [updated]),
        ("event_type=customer.updated&event_type=customer.created", [updated, again, failed]),
        ("event_type=order.paid", []),
        (f"endpoint_id={endpoint['id']}", [updated, again, failed]),
        (f"endpoint_id={NOBODY}", []),
        ("start_timestamp=2026-01-01T00:00:01Z", [updated, again]),
        ("end_timestamp=2026-01-01T00:00:01Z", [failed]),
        ("query=503", [each for each in (updated, again, failed) if each == failed or each in by_chance]),
        (f"query={event.id[:13].upper()}", [updated]),
        ("query=nobody", []),
        ("page=2", []),
    ):
        assert [each["id"] for each in shown(client, f"&{query}")] == ids, query


def test_event_is_delivered_once_more_by_the_api(
    world: World, client: httpx.Client, receiver: WebhookReceivers
) -> None:
    subscribed(client, receiver)
    created(client, "/v1/customers/", {"email": "ada@example.com"})
    (delivery,) = shown(client, count=1)
    reply = client.post(f"/v1/webhooks/events/{delivery['webhook_event']['id']}/redeliver")
    assert (reply.status_code, reply.json()) == (202, None)
    first, second = receiver.wait(2)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    again, before = shown(client, count=2)
    assert before == {**delivery, "webhook_event": again["webhook_event"]}
    reply = client.post(f"/v1/webhooks/events/{NOBODY}/redeliver")
    assert (reply.status_code, reply.json()["error"]) == (404, "ResourceNotFound")
    assert len(receiver.received) == 2


def test_undo_and_snapshots_leave_deliveries(world: World, client: httpx.Client, receiver: WebhookReceivers) -> None:
    subscribed(client, receiver)
    created(client, "/v1/customers/", {"email": "ada@example.com"})
    (delivery,) = shown(client, count=1)
    client.post(f"/v1/webhooks/events/{delivery['webhook_event']['id']}/redeliver").raise_for_status()
    before = shown(client, count=2)
    assert [change.operation for change in world.undo()] == ["POST /v1/customers/"]
    assert shown(client) == before


def test_deliveries_of_a_checkout_go_wrong_by_scenario(
    world: World, client: httpx.Client, receiver: WebhookReceivers
) -> None:
    """What a step does later is caused by the request that planned it."""
    events = ["order.created", "order.paid"]
    created(client, "/v1/webhooks/endpoints", {"url": receiver.url, "format": "raw", "events": events})
    answer: AnswerData = {"webhook": {"fault": "duplicate", "event": "order.paid"}}
    world.scenario({"match": {"operation": "checkouts:client_confirm"}, "answers": [answer]})
    price = {"amount_type": "fixed", "price_amount": 1000, "price_currency": "usd"}
    product = created(client, "/v1/products/", {"name": "A book", "prices": [price]})
    checkout = created(client, "/v1/checkouts/", {"products": [product["id"]]})
    body = {"customer_email": "ada@example.com", "customer_name": "Ada", "customer_billing_address": {"country": "SE"}}
    place = f"/v1/checkouts/client/{checkout['client_secret']}/confirm"
    client.post(place, json={**body, "confirmation_token_id": "ctoken_1"}).raise_for_status()
    assert [request.json["type"] for request in receiver.wait(3)] == ["order.created", "order.paid", "order.paid"]
    marks = [request.headers.get("mock-fault") for request in receiver.received]
    assert marks == [None, "duplicate", "duplicate"]


def test_deliveries_are_listed_below_their_endpoint(
    own_cache: None, tmp_path: Path, receiver: WebhookReceivers
) -> None:
    with (
        MockServer(contract=shop(tmp_path), state="strict") as mock,
        httpx.Client(base_url=mock.url, trust_env=False, timeout=60) as client,
    ):
        here, other = (created(client, "/endpoints", {"url": receiver.url, "events": []})["id"] for _ in range(2))
        created(client, "/orders", {"note": "first"})
        until(lambda: all(len(client.get(f"/endpoints/{each}/deliveries").json()) == 1 for each in (here, other)))
        (attempt,) = client.get(f"/endpoints/{here}/deliveries").json()
        assert (attempt["event"], attempt["status_code"]) == ("order.created 1", 200)
        place = f"/endpoints/{here}/deliveries/{attempt['id']}"
        assert client.get(place).json() == attempt
        assert client.get(f"/endpoints/{other}/deliveries/{attempt['id']}").status_code == 404
        assert client.post(f"{place}/attempts").status_code == 202
        until(lambda: len(client.get(f"/endpoints/{here}/deliveries").json()) == 2)
        again, first = client.get(f"/endpoints/{here}/deliveries").json()
        assert (again["event"], first) == ("order.created 2", attempt)
        assert len(client.get(f"/endpoints/{other}/deliveries").json()) == 1
        assert client.post(f"/endpoints/{here}/deliveries/{NOBODY}/attempts").status_code == 404
        assert client.delete(place).status_code == 204
        assert client.get(place).status_code == 404
        assert client.get(f"/endpoints/{here}/deliveries").json() == [again]


@pytest.mark.parametrize("further", [(), ("--workers", "2")], ids=["one process", "workers"])
def test_deliveries_are_shown_from_a_database(
    own_cache: None, tmp_path: Path, receiver: WebhookReceivers, further: tuple[str, ...]
) -> None:
    store = f"sqlite:///{tmp_path / 'polar.db'}"
    with (
        RunningServer("polar", "--store", store, *further) as server,
        httpx.Client(base_url=server.url, headers=TOKEN, trust_env=False, timeout=60) as client,
    ):
        subscribed(client, receiver)
        created(client, "/v1/customers/", {"email": "ada@example.com"})
        (delivery,) = shown(client, count=1)
        event = delivery["webhook_event"]["id"]
        assert client.post(f"/v1/webhooks/events/{event}/redeliver").status_code == 202
        shown(client, count=2)
        assert len(receiver.wait(2)) == 2


def test_nothing_is_shown_where_nothing_is_delivered(own_cache: None, receiver: WebhookReceivers) -> None:
    with (
        MockServer(contract="polar", no_webhooks=True) as mock,
        httpx.Client(base_url=mock.url, headers=TOKEN, trust_env=False, timeout=60) as client,
    ):
        subscribed(client, receiver)
        created(client, "/v1/customers/", {"email": "ada@example.com"})
        (event,) = mock.events("customer.created")
        assert shown(client) == []
        assert client.post(f"/v1/webhooks/events/{event.id}/redeliver").status_code == 404


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"deliveries": {**SHOWN, "resource": "delivery"}}, "did you mean deliveries?"),
        ({"deliveries": {"resource": "deliveries"}}, "found None; expected an object"),
        ({"deliveries": {"resource": "deliveries", "members": {}}}, "members of a record"),
        ({"deliveries": {**SHOWN, "members": {"id": "/try/ids"}}}, "did you mean /try/id?"),
        ({"deliveries": {**SHOWN, "members": {"id": "/record/id"}}}, "one of /try/id"),
        ({"deliveries": {**SHOWN, "members": {"id": {"make": "uuid4"}}}}, "stays the same"),
        ({"deliveries": {**SHOWN, "members": {"id": {"count": {"records": "orders"}}}}}, "no other records"),
        ({"redeliver": {"operation": "POST /order", "event": "id"}}, "did you mean POST /orders?"),
        ({"redeliver": [{"operation": AGAIN["operation"], "event": "id"}]}, "one of endpoint_id, delivery_id"),
        ({"redeliver": {"operation": AGAIN["operation"]}}, "one of event, delivery, try"),
        ({"redeliver": {**AGAIN, "event": "endpoint_id"}}, "one of event, delivery, try"),
        ({"redeliver": {**AGAIN, "tri": "x"}}, "did you mean try?"),
    ],
)
def test_data_about_deliveries_that_cannot_be_is_refused(tmp_path: Path, plan: dict[str, Any], told: str) -> None:
    file = Path(shop(tmp_path))
    document = json.loads(file.read_text(encoding="utf-8"))
    document["x-mock-webhooks"] |= plan
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        model_of(load_contract(str(file), no_cache=True))
    assert told in str(caught.value)
