"""What a person does who has never seen the project, from the console alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from tests.support.browser import ELSEWHERE, visit
from tests.support.customers import ME
from tests.support.server_process import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


@pytest.fixture
def url(server: RunningServer) -> str:
    """The base URL of a world of its own."""
    return f"{server.url}/~{uuid4().hex[:8]}"


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Console").get_by_role("link", name=name).click()


def ask(url: str, token: str = "polar_cst_SE") -> httpx.Response:
    return httpx.get(url + ME, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_operation_is_tried(browser: Browser, url: str) -> None:
    with visit(browser, f"{url}/") as opened:
        page = opened.page
        assert page.url == f"{url}/__admin/"
        go_to(page, "Operations")
        page.get_by_role("link", name=ME).click()
        page.get_by_role("button", name="Execute").click()
        page.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()
        assert opened.complaints == []
        go_to(page, "Requests")
        assert "200" in page.locator("tbody tr").first.inner_text()


def test_failing_request_is_understood(browser: Browser, url: str) -> None:
    ask(url)
    httpx.get(url + ME, timeout=30)
    with visit(browser, f"{url}/__admin/requests") as opened:
        page = opened.page
        page.get_by_label("Status").fill("4XX")
        page.get_by_role("button", name="Filter").click()
        row = page.locator("tbody tr")
        assert row.count() == 1
        assert "no credential that fits" in row.inner_text()
        row.get_by_role("link").first.click()
        assert page.get_by_role("heading", name="Why this answer").is_visible()
        assert "curl" in page.locator("pre[aria-label='the request as curl']").inner_text()


def test_failure_is_switched_on_and_off(browser: Browser, url: str) -> None:
    with visit(browser, f"{url}/__admin/") as opened:
        page = opened.page
        go_to(page, "Scenarios")
        page.get_by_label("Operation", exact=True).fill("customer_portal:customers:get")
        page.locator("select[name=failure]").select_option(label="429 rate limited, then ok")
        page.get_by_role("button", name="Start", exact=True).first.click()
        assert page.get_by_role("status").inner_text() == "The scenario runs."
        assert [ask(url).status_code for _ in range(3)] == [429, 429, 200]
        page.get_by_role("button", name="Start outage").click()
        with pytest.raises(httpx.TransportError):
            ask(url)
        page.get_by_role("button", name="End outage").click()
        assert ask(url).status_code == 200


def test_name_is_edited_and_undone(browser: Browser, url: str) -> None:
    before = ask(url, "polar_cst_individual").json()["name"]
    with visit(browser, f"{url}/__admin/") as opened:
        page = opened.page
        go_to(page, "Records")
        page.get_by_role("link", name="customers").click()
        page.get_by_label("Search all texts").fill(before)
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="individual").click()
        page.get_by_label("name", exact=True).fill("Ada Lovelace")
        page.get_by_role("button", name="Save", exact=True).click()
        assert page.get_by_role("status").inner_text() == "The change was saved."
        assert ask(url, "polar_cst_individual").json()["name"] == "Ada Lovelace"
        page.get_by_role("button", name="Undo the last change").click()
        assert page.get_by_role("status").inner_text() == "The last change was undone."
        assert ask(url, "polar_cst_individual").json()["name"] == before


def test_statuses_never_met_are_found(browser: Browser, url: str) -> None:
    ask(url)
    with visit(browser, f"{url}/__admin/") as opened:
        go_to(opened.page, "Coverage")
        text = opened.page.locator("tbody").inner_text()
        assert "200 met" in text
        assert "500 never" in text


def test_requests_arrive_while_one_looks(browser: Browser, url: str) -> None:
    with visit(browser, f"{url}/__admin/requests") as opened:
        page = opened.page
        page.locator('.live[data-state="on"]').wait_for()
        httpx.get(f"{url}/<img src=x onerror=alert(1)>", timeout=30)
        row = page.locator("tbody tr").first
        row.wait_for()
        assert "404" in row.inner_text()
        assert "onerror" in row.inner_text()
        assert page.locator("tbody img").count() == 0
        assert opened.complaints == []


def test_deletion_asks_before(browser: Browser, url: str) -> None:
    with visit(browser, f"{url}/__admin/fixtures/customers/team") as opened:
        page = opened.page
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Delete").click()
        assert page.url.endswith("/team")
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete").click()
        assert page.get_by_role("status").inner_text() == "The record was deleted."


def test_request_becomes_a_scenario(browser: Browser, url: str) -> None:
    swede = ask(url).json()
    with visit(browser, f"{url}/__admin/requests") as opened:
        page = opened.page
        page.locator("tbody tr").first.get_by_role("link").first.click()
        page.get_by_text("Make a scenario of it").click()
        page.get_by_role("button", name="Start the scenario").click()
        assert page.get_by_role("status").inner_text() == "The scenario runs."
        assert ask(url, "polar_cst_FR").json() == swede


def test_elsewhere_one_signs_in(browser: Browser) -> None:
    with RunningServer("--admin-token", "s3cret") as server:
        port = httpx.URL(server.url).port
        with visit(browser, f"http://{ELSEWHERE}:{port}/__admin/requests") as opened:
            page = opened.page
            page.get_by_label("Token").fill("wrong")
            page.get_by_role("button", name="Sign in").click()
            assert page.get_by_role("alert").inner_text() == "That is not the token of this server."
            page.get_by_label("Token").fill("s3cret")
            page.get_by_role("button", name="Sign in").click()
            assert page.get_by_role("heading", name="Requests").is_visible()
            page.get_by_role("button", name="Sign out").click()
            assert page.get_by_role("heading", name="Sign in").is_visible()
