"""Records in parts: how many, which, and where the others are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

CUSTOMERS = "/__admin/fixtures/customers"


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
