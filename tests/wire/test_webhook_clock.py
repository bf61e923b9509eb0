"""One move of a world's clock over the wire: later steps and retries, in the order of their times."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.polling import until
from tests.support.server_process import RunningServer
from tests.support.webhook_receiver import WebhookReceivers
from tests.support.webhook_shop import webhook_shop

START = datetime(2026, 1, 1, tzinfo=UTC)
RETRIES = [60, 7140, 1, 2, 4, 8, 16, 32, 64, 128]
RENEWAL = {
    "after": {
        "hours": 1,
        "do": [{"set": {"/status": "paid"}}, {"send": ["order.paid"]}],
    }
}


def renewing_shop(directory: Path, **plan: Any) -> str:
    """The file of a shop whose orders are paid an hour after they were created."""
    file = Path(webhook_shop(directory, **plan))
    document = json.loads(file.read_text(encoding="utf-8"))
    document["paths"]["/orders"]["post"]["x-mock-effects"] = [{"send": ["order.created"]}, RENEWAL]
    file.write_text(json.dumps(document), encoding="utf-8")
    return str(file)


@pytest.fixture
def receiver() -> Iterator[WebhookReceivers]:
    with WebhookReceivers() as running:
        yield running


@pytest.fixture(scope="module")
def shop(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    return renewing_shop(tmp_path_factory.mktemp("shop"), retries=RETRIES)


@pytest.fixture(scope="module", params=["one", "workers", "workers sqlite"])
def server(shop: str, request: pytest.FixtureRequest) -> Iterator[str]:
    store = ["--store", f"sqlite:///{Path(shop).parent}/shop.db"] if "sqlite" in request.param else []
    workers = ["--workers", "2"] if "workers" in request.param else []
    with RunningServer(shop, *workers, *store) as server:
        yield server.url


@pytest.fixture
def world(server: str) -> str:
    return standing_world(server)


def standing_world(server: str) -> str:
    """The URL of a new world whose clock stands."""
    url = f"{server}/~{uuid.uuid4().hex}"
    asked(url, "POST", "/__admin/clock", {"now": START.isoformat()})
    return url


def asked(url: str, method: str, path: str, body: Any = None) -> Any:
    reply = httpx.request(method, url + path, json=body, trust_env=False, timeout=60)
    assert reply.status_code < 300, reply.text
    return reply.json() if reply.content else None


def delivery_of(world: str) -> Any:
    """The first delivery of a world."""
    return asked(world, "GET", "/__admin/deliveries")["deliveries"][0]


def test_renewal_comes_between_the_retries_that_surround_it(world: str, receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500, 500])
    for path, event in (("", "order.created"), ("/paid", "order.paid")):
        hook = {"url": receiver.url + path, "secret": "whsec_c2VjcmV0", "events": [event]}
        asked(world, "POST", "/__admin/webhooks", hook)
    order = asked(world, "POST", "/orders", {"note": "first"})
    until(lambda: len(delivery_of(world)["tries"]) == 1)
    asked(world, "POST", "/__admin/clock", {"advance_seconds": 86_400})
    receiver.wait(4)
    assert asked(world, "GET", f"/orders/{order['id']}")["status"] == "paid"
    start = START.timestamp()
    assert [(each.json["type"], int(each.headers["webhook-timestamp"]) - start) for each in receiver.received] == [
        ("order.created", 0),
        ("order.created", 60),
        ("order.paid", 3600),
        ("order.created", 7200),
    ]
    events = [(each["type"], each["at"]) for each in asked(world, "GET", "/__admin/events")["events"]]
    assert events == [("order.created", "2026-01-01T00:00:00.000Z"), ("order.paid", "2026-01-01T01:00:00.000Z")]


def test_one_move_makes_ten_retries_at_their_times(world: str, receiver: WebhookReceivers) -> None:
    receiver.manners.extend([500] * 10)
    asked(world, "POST", "/__admin/webhooks", {"url": receiver.url, "events": ["order.created"]})
    asked(world, "POST", "/orders", {"note": "first"})
    receiver.wait(1)
    asked(world, "POST", "/__admin/clock", {"advance_seconds": sum(RETRIES)})
    until(lambda: delivery_of(world)["status"] == "succeeded")  # the answer waits for 2 s at most
    moments = [datetime.fromisoformat(attempt["at"]) for attempt in delivery_of(world)["tries"]]
    assert [(moment - START).total_seconds() for moment in moments] == [sum(RETRIES[:count]) for count in range(11)]


def test_move_that_does_not_wait_has_steps_taken_before_its_answer(world: str, receiver: WebhookReceivers) -> None:
    receiver.manners.append("hang")
    asked(world, "POST", "/__admin/webhooks", {"url": receiver.url})
    asked(world, "POST", "/orders", {"note": "first"})
    receiver.wait(1)
    asked(world, "POST", "/__admin/clock", {"advance_seconds": 7200, "deliver": "later"})
    assert delivery_of(world)["tries"] == []
    types = [each["type"] for each in asked(world, "GET", "/__admin/events")["events"]]
    assert types == ["order.created", "order.paid"]


def test_clock_that_stands_does_nothing_late(world: str, receiver: WebhookReceivers) -> None:
    receiver.manners.append(500)
    asked(world, "POST", "/__admin/webhooks", {"url": receiver.url})
    asked(world, "POST", "/orders", {"note": "first"})
    until(lambda: len(delivery_of(world)["tries"]) == 1)
    asked(world, "POST", "/__admin/clock", {"advance_seconds": 59.9})
    assert len(receiver.received) == 1
    assert [each["type"] for each in asked(world, "GET", "/__admin/events")["events"]] == ["order.created"]
