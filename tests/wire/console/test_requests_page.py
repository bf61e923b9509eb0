"""The page of requests: what it shows and hides, filters, pages, live events, and what is made of a request."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support.console import arrivals, console, live_path, submitted
from tests.support.customers import ME
from tests.support.polling import until

REQUESTS = "/__admin/requests"
TOKEN = {"Authorization": "Bearer polar_cst_SE", "Accept": "*/*"}


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


def rows(page: httpx.Response) -> list[str]:
    assert page.status_code == 200, page.text
    return re.findall(r"<tr><td.*</tr>", page.text)


def opened(world: httpx.Client, number: int = 0) -> str:
    """The path of a request's page; the newest is number 0."""
    entry = world.get(REQUESTS, headers={"Accept": "*/*"}).json()["requests"][number]
    return f"{REQUESTS}/{entry['id']}"


def test_row_says_why(world: httpx.Client) -> None:
    world.get(ME, headers={"Accept": "*/*"})
    (row,) = rows(world.get(REQUESTS))
    assert "401" in row
    assert "no credential that fits" in row


def test_row_says_what_a_scenario_answered(world: httpx.Client) -> None:
    world.post("/__admin/scenarios", json={"name": "rate-limited-then-ok"}, headers={"Accept": "*/*"})
    world.get(ME, headers=TOKEN)
    (row,) = rows(world.get(REQUESTS))
    assert "scenario rate-limited-then-ok: Too Many Requests, Retry-After 1" in row


def test_filters_choose_rows(world: httpx.Client) -> None:
    world.get(ME, headers=TOKEN)
    world.get(ME)
    world.post("/nowhere", params={"colour": "blue"})
    for query, count in [
        ("", 3),
        ("status=4XX", 2),
        ("status=401", 1),
        ("method=post", 1),
        ("operation=customers:get", 2),
        ("path=COLOUR", 1),
        ("path=colour&method=GET", 0),
        ("unknown=1", 3),
    ]:
        assert len(rows(world.get(f"{REQUESTS}?{query}"))) == count, query


def test_pages_lead_to_the_oldest(wire_url: str) -> None:
    """Of one replica: a journal that several write has the order in which entries come to it."""
    seen: list[str] = []
    path = REQUESTS
    with console(f"{wire_url}/~{uuid4()}") as world:
        for number in range(205):
            world.get("/nowhere", params={"number": f"n{number}."})
        until(lambda: world.get(REQUESTS, headers={"Accept": "*/*"}).json()["meta"]["total"] == 205)
        while path:
            page = world.get(path)
            seen += re.findall(r"number=(n\d+\.)", page.text)
            link = re.search(r'rel="next" href="([^"]+)"', page.text)
            path = link[1].partition(world.base_url.path.rstrip("/"))[2].replace("&amp;", "&") if link else ""
    assert seen == [f"n{number}." for number in reversed(range(205))]


def test_nothing_of_a_request_runs(world: httpx.Client) -> None:
    world.request("GET", "/<script>alert(1)</script>", params={"q": "\u202e<img src=x onerror=alert(1)>"})
    for page in (world.get(REQUESTS), world.get(opened(world))):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "<bdi>" in page.text


def test_secrets_are_hidden(world: httpx.Client) -> None:
    world.get(ME, headers={**TOKEN, "Authorization": "Bearer polar_cst_hush"}, params={"token": "hush"})
    assert "hush" not in world.get(REQUESTS).text
    assert "hush" not in world.get(opened(world)).text


def test_large_bodies_are_cut(world: httpx.Client) -> None:
    world.post("/nowhere", content=b'"' * 1_000_000, headers={"Content-Type": "text/plain"})
    page = world.get(opened(world))
    assert len(page.content) < 300_000
    assert "1,000,000 bytes" in page.text


def test_request_becomes_a_scenario(world: httpx.Client) -> None:
    first = world.get(ME, headers={**TOKEN, "Authorization": "Bearer polar_cst_SE"}).json()
    path = opened(world)
    text = re.search(r'name="scenario"[^>]*>([^<]+)', world.get(path).text)
    assert text is not None
    scenario = json.loads(html.unescape(text[1]))
    answer = submitted(world, path, "/__admin/console/scenario", scenario=json.dumps(scenario))
    assert answer.status_code == 303, answer.text
    other = world.get(ME, headers={**TOKEN, "Authorization": "Bearer polar_cst_FR"})
    assert other.json() == first


def test_request_becomes_a_fixture(world: httpx.Client) -> None:
    shown = world.get(ME, headers=TOKEN).json()
    answer = submitted(world, opened(world), "/__admin/console/record", resource="customers", record=json.dumps(shown))
    assert answer.status_code == 303, answer.text
    handle = answer.headers["location"].rpartition("/")[2].partition("?")[0]
    assert world.get(ME, headers={**TOKEN, "Authorization": f"Bearer polar_cst_{handle}"}).json() == shown


def test_wrong_json_of_a_form_is_explained(world: httpx.Client) -> None:
    world.get(ME, headers=TOKEN)
    answer = submitted(world, opened(world), "/__admin/console/scenario", scenario="{")
    assert answer.status_code == 400
    assert "expected JSON" in answer.text
    refused = submitted(world, opened(world), "/__admin/console/scenario", scenario='{"answrs": []}')
    assert refused.status_code == 422
    assert "answers" in refused.text


def test_requests_arrive_live(world: httpx.Client) -> None:
    world.get("/before")
    with arrivals(world, f"{REQUESTS}/live") as stream, console(str(world.base_url)) as other:
        other.get("/meanwhile/<b>")
        event = next(stream)
    assert event.row["path"].startswith("/meanwhile/")
    assert event.row["status"] == 404


def test_stream_begins_where_the_page_ends(world: httpx.Client) -> None:
    world.get("/before")
    until(lambda: len(rows(world.get(REQUESTS))) == 1)
    path = live_path(world, world.get(REQUESTS))
    world.get("/between")
    with arrivals(world, path) as stream:
        event = next(stream)
        assert event.row["path"] == "/between"
    world.get("/later")
    with arrivals(world, path, event.id) as stream:
        assert next(stream).row["path"] == "/later"
