"""Every page at three widths: it fits, nothing complains, nothing is a barrier, and nothing comes from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.browser import WIDTHS, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/requests",
    "/requests?status=4XX",
    "/requests/{newest}",
    "/operations",
    "/operations/customers:create",
    "/fixtures",
    "/fixtures/customers",
    "/fixtures/customers/individual",
    "/scenarios",
    "/coverage",
    "/coverage/countries/SE",
    "/events",
    "/events/{event}",
    "/deliveries",
    "/console/metrics",
    "/worlds",
    "/sign-in",
    "/nowhere",
]


def place(world: httpx.Client, page: str) -> str:
    """The URL of a page; names in braces are of what the world has."""
    newest = world.get("/__admin/requests").json()["requests"][0]["id"]
    event = world.get("/__admin/events").json()["events"][0]["id"]
    return f"{str(world.base_url).rstrip('/')}/__admin{page.format(newest=newest, event=event)}"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page_fits_and_complains_of_nothing(browser: Browser, world: httpx.Client, page: str, width: int) -> None:
    url = place(world, page)
    with visit(browser, url, width) as opened:
        opened.page.wait_for_load_state("load")
        assert opened.overflow() == 0
        expected = [] if page != "/nowhere" else opened.complaints[:1]  # the 404 itself
        assert opened.complaints == expected
        assert {httpx.URL(address).host for address in opened.addresses} == {httpx.URL(url).host}
        assert "run" not in opened.page.title().split()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_page_has_no_barriers(browser: Browser, world: httpx.Client, page: str, scheme: str) -> None:
    with visit(browser, place(world, page), color_scheme=scheme) as opened:
        if page.startswith("/operations/"):
            opened.page.locator(".execute").wait_for()
        assert opened.barriers() == []


@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_read_without_script(browser: Browser, world: httpx.Client, page: str) -> None:
    with visit(browser, place(world, page), java_script_enabled=False) as opened:
        assert opened.page.locator("h1").is_visible()
        assert opened.page.locator("main").inner_text().strip()


def test_documentation_asks_for_no_more_than_the_contract(browser: Browser, world: httpx.Client) -> None:
    before = world.get("/__admin/requests").json()["meta"]["total"]
    with visit(browser, place(world, "/operations/customers:create")) as opened:
        opened.page.locator(".execute").wait_for()
        opened.page.wait_for_load_state("networkidle")
        assert opened.complaints == []
        assert [address for address in opened.addresses if "/__admin" not in address] == []
    assert world.get("/__admin/requests").json()["meta"]["total"] == before


def test_first_tab_skips_to_the_content(browser: Browser, world: httpx.Client) -> None:
    with visit(browser, place(world, "/requests")) as opened:
        opened.page.keyboard.press("Tab")
        assert opened.page.locator(":focus").inner_text() == "Skip to content"
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("document.activeElement.id") == "content"


def test_barriers_are_found(browser: Browser, world: httpx.Client) -> None:
    with visit(browser, place(world, "/")) as opened:
        opened.page.evaluate("document.querySelector('h1').append(document.createElement('img'))")
        assert [barrier.partition(":")[0] for barrier in opened.barriers()] == ["image-alt"]
