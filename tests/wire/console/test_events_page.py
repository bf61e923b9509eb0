"""The pages of events and deliveries: what happened, where it went, what came of it, and what is done about it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from mock_server import MockServer, World
from tests.support.console import console, submitted
from tests.support.polling import until
from tests.support.webhook_receiver import WebhookReceivers
from tests.support.webhook_shop import webhook_shop

SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="
EVENTS = "/__admin/events"
ENDPOINT = "/__admin/console/endpoint"


@pytest.fixture(scope="module")
def mock(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    with MockServer(contract=webhook_shop(tmp_path_factory.mktemp("shop"))) as mock:
        yield mock


@pytest.fixture
def world(mock: MockServer) -> Iterator[World]:
    with mock.world() as world:
        world.clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
        yield world


@pytest.fixture
def browser(world: World) -> Iterator[httpx.Client]:
    with console(world.url, trust_env=False) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[WebhookReceivers]:
    with WebhookReceivers() as running:
        yield running


def order(world: World, note: str = "first") -> str:
    answer = httpx.post(f"{world.url}/orders", json={"note": note}, trust_env=False, timeout=30)
    return str(answer.json()["id"])


def add_endpoint(browser: httpx.Client, url: str, events: str = "") -> None:
    answer = submitted(browser, EVENTS, ENDPOINT, url=url, events=events, secret=SECRET)
    assert answer.status_code == 303, answer.text


def settled(world: World, count: int = 1) -> None:
    until(lambda: sum(each.status != "pending" for each in world.deliveries()) >= count)


def test_event_leads_to_its_record_and_its_request(world: World, browser: httpx.Client) -> None:
    key = order(world)
    page = browser.get(EVENTS).text
    base = f"{browser.base_url.path.rstrip('/')}/__admin"
    assert f'href="{base}/fixtures/orders/{key}"' in page
    (cause,) = re.findall(rf'href="({base}/requests/[^"]+)"', page)
    assert "/orders" in browser.get(cause.removeprefix(browser.base_url.path.rstrip("/"))).text
    assert "nobody wants it" in page


def test_types_are_chosen(world: World, browser: httpx.Client) -> None:
    httpx.delete(f"{world.url}/orders/{order(world)}", trust_env=False)
    rows = re.findall(r'/events/[0-9a-f-]{36}"><bdi>([\w.]+)', browser.get(EVENTS).text)
    assert rows == ["order.deleted", "order.created"]
    assert re.findall(r'/events/[0-9a-f-]{36}"><bdi>([\w.]+)', browser.get(f"{EVENTS}?type=order.created").text) == [
        "order.created"
    ]
    assert "No event has that type" in browser.get(f"{EVENTS}?type=order.paid").text


def test_pages_lead_from_the_newest_to_the_oldest(world: World, browser: httpx.Client) -> None:
    for _ in range(101):
        world.send("order.paid")
    first = browser.get(EVENTS).text
    (following,) = re.findall(r'rel="next" href="[^"]*(\?[^"]+)"', first)
    assert len(re.findall(r'/events/[0-9a-f-]{36}"', first)) == 100
    second = browser.get(EVENTS + following).text
    assert len(re.findall(r'/events/[0-9a-f-]{36}"', second)) == 1
    assert 'rel="prev"' in second


def test_event_is_sent_by_a_form(world: World, browser: httpx.Client) -> None:
    key = order(world)
    sent = submitted(
        browser,
        EVENTS,
        "/__admin/console/event",
        type="order.paid",
        record=key,
        patch='{"data": {"note": "<script>alert(1)</script>"}}',
    )
    assert sent.status_code == 303, sent.text
    (event,) = world.events("order.paid")
    assert sent.headers["location"].endswith(f"/__admin/events/{event.id}?done=sent")
    page = browser.get(f"{EVENTS}/{event.id}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("action", "fields", "reason"),
    [
        ("event", {"type": "order.pad"}, "order.paid"),
        ("event", {"type": "order.paid", "record": "nobody"}, "a record of orders"),
        ("endpoint", {"url": "http://169.254.169.254/latest"}, "169.254.169.254"),
        ("endpoint", {"url": "http://127.0.0.1:9/", "events": "order.pad"}, "order.paid"),
        ("fault", {"fault": "drop", "times": "none"}, "a whole number"),
        ("fault", {"fault": "drop", "times": "1", "event": "order.pad"}, "order.paid"),
    ],
)
def test_refused_form_says_why_and_keeps_its_fields(
    browser: httpx.Client, action: str, fields: dict[str, str], reason: str
) -> None:
    refused = submitted(browser, EVENTS, f"/__admin/console/{action}", **fields)
    assert refused.status_code == 422
    (alert,) = re.findall(r'role="alert">(.*?)</p>', refused.text)
    assert reason in alert
    assert all(f'value="{text}"' in refused.text for name, text in fields.items() if name != "fault")


def test_endpoint_is_added_shown_and_deleted(world: World, browser: httpx.Client, receiver: WebhookReceivers) -> None:
    add_endpoint(browser, receiver.url, "order.created, order.paid")
    page = browser.get(EVENTS).text
    assert receiver.url in page
    assert SECRET not in page
    (endpoint,) = browser.get("/__admin/webhooks", headers={"Accept": "application/json"}).json()["webhooks"]
    assert endpoint["events"] == ["order.created", "order.paid"]
    assert submitted(browser, EVENTS, ENDPOINT, delete=endpoint["id"]).status_code == 303
    assert "this world has no endpoint" in browser.get(EVENTS).text


def test_tries_show_the_headers_that_were_sent(world: World, browser: httpx.Client, receiver: WebhookReceivers) -> None:
    receiver.manners.append(500)
    add_endpoint(browser, receiver.url)
    order(world)
    receiver.wait(1)
    world.clock.advance(2)
    settled(world)
    (delivery,) = world.deliveries()
    page = html.unescape(browser.get(f"{EVENTS}/{delivery.event}").text)
    for name in ("webhook-signature", "webhook-timestamp", "webhook-id"):
        shown = re.findall(rf"<bdi>{name}</bdi></dt><dd class=\"mono\"><bdi>(.+?)</bdi>", page)
        assert shown == [request.headers[name] for request in receiver.received]
    assert page.index("Try 1") < page.index("Try 2")


def test_spoiled_delivery_is_told_and_made_once_more(
    world: World, browser: httpx.Client, receiver: WebhookReceivers
) -> None:
    add_endpoint(browser, receiver.url)
    spoiled = submitted(browser, EVENTS, "/__admin/console/fault", fault="drop", times="1", event="")
    assert spoiled.status_code == 303
    assert "<code>drop</code>" in browser.get(EVENTS).text
    order(world)
    until(lambda: bool(world.deliveries() and world.deliveries()[0].tries))
    (delivery,) = world.deliveries()
    page = f"{EVENTS}/{delivery.event}"
    assert "Nothing was sent" in browser.get(page).text
    again = submitted(browser, page, "/__admin/console/redeliver", delivery=delivery.id)
    assert again.headers["location"].endswith("?done=redelivered")
    assert len(receiver.wait(1)) == 1
    assert "succeeded" in browser.get(page).text


def test_page_of_a_large_event_is_small(world: World, browser: httpx.Client) -> None:
    event = world.send("order.paid", patch={"data": {"note": '"' * 500_000}})
    page = browser.get(f"{EVENTS}/{event.id}")
    assert "This is the beginning" in page.text
    assert len(page.content) < 300_000
    assert len(browser.get(EVENTS).content) < 300_000


def test_faults_are_ended(browser: httpx.Client) -> None:
    submitted(browser, EVENTS, "/__admin/console/fault", fault="late", times="3", event="order.paid")
    assert "The next 3 of" in browser.get(EVENTS).text
    assert submitted(browser, EVENTS, "/__admin/console/fault", end="all").status_code == 303
    assert "The next 3 of" not in browser.get(EVENTS).text


def test_clock_brings_the_next_try(world: World, browser: httpx.Client, receiver: WebhookReceivers) -> None:
    receiver.manners.append(503)
    add_endpoint(browser, receiver.url)
    order(world)
    receiver.wait(1)
    until(lambda: bool(world.deliveries()[0].tries))
    page = browser.get("/__admin/deliveries?status=pending").text
    assert "2026-03-01T12:00:02.000Z" in page
    assert submitted(browser, "/__admin/deliveries", "/__admin/console/clock", seconds="60").status_code == 303
    page = browser.get("/__admin/deliveries?status=succeeded").text
    assert "2026-03-01T12:01:00.000Z" in page
    assert f'<td class="num">{len(receiver.received)}</td>' in page
    assert submitted(browser, "/__admin/deliveries", "/__admin/console/clock", seconds="61").status_code == 422


def test_deliveries_are_dropped(world: World, browser: httpx.Client, receiver: WebhookReceivers) -> None:
    add_endpoint(browser, receiver.url)
    order(world)
    settled(world)
    assert submitted(browser, "/__admin/deliveries", "/__admin/console/deliveries/drop").status_code == 303
    assert world.deliveries() == []
    assert "None yet" in browser.get("/__admin/deliveries").text


@pytest.mark.parametrize("path", ["events?offset=x&type=%ff", "events?offset=99999", "deliveries?status=x&offset=-1"])
def test_odd_query_gets_a_page(browser: httpx.Client, path: str) -> None:
    assert browser.get(f"/__admin/{path}").status_code == 200


def test_unknown_event_is_a_page(browser: httpx.Client) -> None:
    assert browser.get(f"{EVENTS}/nothing").status_code == 404


def test_contract_without_webhooks_is_told_how_events_come(server_url: str) -> None:
    with console(f"{server_url}/~no-events", trust_env=False) as client:
        page = client.get(EVENTS)
        assert page.status_code == 200
        client.delete("/__admin/")
