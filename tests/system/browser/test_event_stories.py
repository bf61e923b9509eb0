"""What a person does about events, countries and speed, from the console alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.browser import visit
from tests.support.polling import until
from tests.support.webhook_receiver import WebhookReceivers

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def address(world: httpx.Client, page: str) -> str:
    return f"{str(world.base_url).rstrip('/')}/__admin/{page}"


def test_failed_delivery_is_understood_and_made_once_more(browser: Browser, world: httpx.Client) -> None:
    world.post("/__admin/clock", json={"now": datetime.now(UTC).isoformat()})  # it stands: no try comes by itself
    with WebhookReceivers([500]) as receiver, visit(browser, address(world, "events")) as opened:
        page = opened.page
        page.get_by_label("URL").fill(receiver.url)
        page.get_by_label("Secret").fill("whsec_c2VjcmV0")
        page.get_by_role("button", name="Add the endpoint").click()
        assert page.get_by_role("status").inner_text() == "Events go to that endpoint from now on."
        send = page.locator("form", has=page.get_by_role("button", name="Send", exact=True))
        send.get_by_label("Type").fill("customer.updated")
        send.get_by_role("button", name="Send").click()
        assert page.get_by_role("heading", name="customer.updated").is_visible()
        until(lambda: bool(world.get("/__admin/deliveries", params={"url": receiver.url}).json()["deliveries"]))
        receiver.wait(1)
        until(lambda: bool(page.reload()) and "webhook-signature" in page.locator("main").inner_text())
        page.get_by_role("button", name="Try it now").click()
        page.wait_for_url("**/events/*?done=*")
        assert len(receiver.wait(2)) == 2
        until(lambda: bool(page.reload()) and "succeeded" in page.locator("article").inner_text())
        assert opened.complaints == []


def test_address_that_may_not_be_called_is_refused_beside_the_form(browser: Browser, world: httpx.Client) -> None:
    with visit(browser, address(world, "events")) as opened:
        page = opened.page
        page.get_by_label("URL").fill("http://169.254.169.254/latest")
        page.get_by_role("button", name="Add the endpoint").click()
        assert "169.254.169.254" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("URL").input_value() == "http://169.254.169.254/latest"


def test_clock_is_moved_to_the_next_try(browser: Browser, world: httpx.Client) -> None:
    with visit(browser, address(world, "deliveries")) as opened:
        page = opened.page
        tries = page.locator("tbody tr").first.locator("td.num")
        until(lambda: bool(page.reload() and tries.inner_text() != "0"))
        before = int(tries.inner_text())
        page.get_by_role("button", name="Move it by 1 h").click()
        assert page.get_by_role("status").inner_text().startswith("The clock was moved")
        until(lambda: bool(page.reload() and int(tries.inner_text()) > before))


def test_country_on_the_map_leads_to_its_records(browser: Browser, world: httpx.Client) -> None:
    with visit(browser, address(world, "coverage")) as opened:
        page = opened.page
        page.locator(".map a.met").first.click()
        page.wait_for_url("**/coverage/countries/*")
        assert "met by clients" in page.locator("h1").inner_text()
        page.locator("section li a").first.click()
        page.wait_for_url("**/fixtures/**")
        assert opened.complaints == []


def test_span_of_the_plots_is_chosen(browser: Browser, world: httpx.Client) -> None:
    with visit(browser, address(world, "console/metrics")) as opened:
        page = opened.page
        assert page.get_by_role("img", name="Requests a second").is_visible()
        page.get_by_role("navigation", name="Span").get_by_role("link", name="hour").click()
        assert "over the last hour" in (page.get_by_role("img").first.text_content() or "")
        assert opened.complaints == []
