"""Records in parts: how many, which, and where the others are; for programs and for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

CUSTOMERS = "/__admin/fixtures/customers"
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
"""What a browser sends."""


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}", timeout=30) as client:
        yield client
        client.delete("/__admin/")


def listed(world: httpx.Client, **query: Any) -> list[str]:
    answer = world.get(CUSTOMERS, params=query)
    assert answer.status_code == 200, answer.text
    return [record["handle"] for record in answer.json()]


def test_few_records_are_listed_all_of_them(world: httpx.Client) -> None:
    answer = world.get(CUSTOMERS)
    assert answer.headers["x-total-count"] == str(len(answer.json()))
    assert "link" not in answer.headers


def test_parts_make_up_the_whole(world: httpx.Client) -> None:
    whole = listed(world)
    handles: list[str] = []
    address = f"{CUSTOMERS}?limit=5"
    while address:
        answer = world.get(address)
        assert answer.headers["x-total-count"] == str(len(whole))
        handles += [record["handle"] for record in answer.json()]
        links = {name: link["url"] for name, link in answer.links.items()}
        assert ("prev" in links) == (len(handles) > 5)
        address = links.get("next", "")
    assert handles == whole
    last = world.get(links["last"])
    assert [record["handle"] for record in last.json()] == whole[len(whole) // 5 * 5 :]
    assert world.get(last.links["first"]["url"]).json() == world.get(f"{CUSTOMERS}?limit=5").json()
    assert listed(world, offset=len(whole) + 7) == []
    assert "offset=15" in world.get(CUSTOMERS, params={"offset": 999, "limit": 5}).links["prev"]["url"]


def test_search_is_kept_in_the_links(world: httpx.Client) -> None:
    answer = world.get(CUSTOMERS, params={"q": "EXAMPLE.com", "limit": 2, "handle": "i"})
    following = answer.links.get("next", answer.links.get("first"))
    assert answer.headers["x-total-count"] == str(len(listed(world, q="example.COM", handle="i")))
    assert following is None or "q=EXAMPLE.com" in following["url"]


def test_records_are_found_by_text_or_key(world: httpx.Client) -> None:
    record = {**world.get(f"{CUSTOMERS}/individual").json(), "handle": "zz-1", "name": "Zoë Müller & Söhne"}
    assert world.post(CUSTOMERS, json=record).status_code == 201
    assert listed(world, q="zoë MÜLLER & s") == ["zz-1"]
    assert listed(world, handle="zz-") == ["zz-1"]
    assert listed(world, handle="zz-", q="individual") == ["zz-1"]  # its type
    assert listed(world, q="nobody at all") == []
    assert world.head(CUSTOMERS, params={"q": "zoë"}).headers["x-total-count"] == "1"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "from 1 to 10000"),
        ("limit=10001", "from 1 to 10000"),
        ("limit=x", "whole number"),
        ("limit=-1", "whole number"),
        ("offset=-1", "whole number"),
        ("offset=" + "9" * 5000, "whole number"),
        ("limit=", "whole number"),
        ("limit=%D9%A1", "whole number"),
        ("page=2", "expected q, handle, limit or offset"),
        ("q=" + "x" * 201, "at most 200"),
        ("lmit=2", "did you mean limit?"),
    ],
)
def test_invalid_query_is_refused(query: str, said: str, world: httpx.Client) -> None:
    answer = world.get(f"{CUSTOMERS}?{query}")
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text


def test_browser_gets_a_page(world: httpx.Client) -> None:
    answer = world.get(CUSTOMERS, headers=HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert f'href="{world.base_url}{CUSTOMERS[1:]}/individual"' in answer.text
    assert "<script" not in answer.text
    total = answer.headers["x-total-count"]
    assert f"<h1>customers: 1 to {total} of {total}</h1>" in answer.text


def test_page_shows_what_was_searched_for_and_leads_on(world: httpx.Client) -> None:
    page = world.get(CUSTOMERS, params={"q": "example", "limit": 3}, headers=HTML)
    assert 'value="example"' in page.text
    assert page.text.count("<tr>") == 4
    (following,) = re.findall(r'<a href="([^"]+)" rel="next">', page.text)
    assert "4 to 6 of" in world.get(following.replace("&amp;", "&"), headers=HTML).text
    assert "No record matches." in world.get(CUSTOMERS, params={"q": "nobody at all"}, headers=HTML).text


def test_whatever_record_or_search_holds_is_escaped(world: httpx.Client) -> None:
    evil = "\"><script>alert(1)</script>&amp;'"
    record = {**world.get(f"{CUSTOMERS}/individual").json(), "handle": "evil", "name": evil}
    assert world.post(CUSTOMERS, json=record).status_code == 201
    page = world.get(CUSTOMERS, params={"q": evil}, headers=HTML).text
    assert "<script" not in page
    assert page.count("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&#x27;") == 2
