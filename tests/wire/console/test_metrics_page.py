"""The page of metrics: what a world was asked lately, and what the server has counted since its start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from mock_server.admin.console.process_figures import ProcessFigures
from mock_server.admin.console.request_rates import RequestRates
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of
from tests.support.console import HTML, console
from tests.support.customers import ME

PAGE = "/__admin/console/metrics"
PROGRAM = {"Accept": "application/json", "Authorization": "Bearer polar_cst_SE"}


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


def test_world_without_requests_says_so(world: httpx.Client) -> None:
    page = world.get(PAGE).text
    assert "No request in that time" in page
    assert "<svg" not in page


def test_plots_show_what_was_asked(world: httpx.Client) -> None:
    for _ in range(7):
        world.get(ME, headers=PROGRAM)
    world.get("/nowhere", headers=PROGRAM)
    page = world.get(PAGE)
    assert "8 requests from" in page.text
    assert "the last 5 minutes" in page.text
    assert re.search(r'class="status s2">200</span> 7<', page.text)
    assert re.search(r'class="status s4">404</span> 1<', page.text)
    assert page.text.count("<svg") == 2
    assert re.search(r'<g class="refused"><rect ', page.text)
    for share in (50, 95, 99):
        assert re.search(rf'<path class="p{share}" d="M[\d.]+ [\d.]+H', page.text)
    assert re.findall(r" style=| on[a-z]+=", page.text) == []


def test_span_is_chosen(world: httpx.Client) -> None:
    assert 'span=3600" aria-current="true"' in world.get(f"{PAGE}?span=3600").text
    assert 'span=300" aria-current="true"' in world.get(f"{PAGE}?span=x").text


def test_server_tells_what_monitors_read(wire_url: str) -> None:
    """Each replica has figures of its own."""
    with console(f"{wire_url}/~{uuid4()}") as world:
        for _ in range(3):
            world.get(ME, headers=PROGRAM)
        metrics = world.get("/__admin/metrics").text
        total = sum(float(value) for value in re.findall(r"^mock_server_requests_total{.*} (\S+)$", metrics, re.M))
        (shown,) = re.findall(r"<li><b>([\d,]+)</b> <span>requests</span>", world.get(PAGE).text)
        assert int(shown.replace(",", "")) == total


def test_monitors_get_text_whatever_they_accept(world: httpx.Client) -> None:
    assert world.get("/__admin/metrics").headers["content-type"].startswith("text/plain")


def test_page_is_control_unlike_the_metrics() -> None:
    from mock_server.server.application import Application

    app = Application(Settings(host="0.0.0.0", admin_token="s3cret"))
    page, text = answered(
        app,
        scope_of(PAGE, peer="10.0.0.1", accept=HTML["Accept"]),
        scope_of("/__admin/metrics", peer="10.0.0.1"),
    )
    assert (page.status, text.status) == (401, 200)


def test_requests_fall_into_the_columns_of_their_time() -> None:
    rates = RequestRates(end=1_000_000.0, seconds=60)
    assert not rates.add(rates.start - 0.1, 0.001, 200)
    for number in range(100):
        assert rates.add(rates.start + 10.5, number / 1000, 500 if number < 10 else 200)
    assert rates.add(1_000_000.0, 0.5, 200)
    column = rates.columns[10]
    assert [column.percentile(share) for share in (50, 95, 99)] == pytest.approx([49, 94, 98])
    assert (rates.rates[10], rates.refused_rates[10], rates.count) == (100, 10, 101)
    assert rates.rates[59] == 1
    assert rates.percentile(99) == pytest.approx(99)


def test_figures_are_those_of_all_processes() -> None:
    def form(quick: int, slow: int) -> list[object]:
        name = "mock_server_request_duration_seconds"
        buckets = [("0.001", quick), ("0.01", quick + slow), ("+Inf", quick + slow)]
        samples = [[f"{name}_bucket", {"operation": "x", "le": bound}, count] for bound, count in buckets]
        return [[name, "", "histogram", samples]]

    figures = ProcessFigures([form(90, 0), form(0, 10)])  # type: ignore[list-item]  # as read from JSON
    name = "mock_server_request_duration_seconds"
    assert [figures.within(name, share) for share in (50, 95)] == ["at most 1 ms", "at most 10 ms"]
    assert ProcessFigures([]).within(name, 50) == ""
