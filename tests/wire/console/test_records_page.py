"""The pages of records: resources, a table, one record to change, and the last change undone."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support.console import console, submitted
from tests.support.customers import ME

CUSTOMERS = "/__admin/fixtures/customers"
PROGRAM = {"Accept": "application/json"}


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


def record(world: httpx.Client, handle: str) -> dict[str, object]:
    found: dict[str, object] = world.get(f"{CUSTOMERS}/{handle}", headers=PROGRAM).json()
    return found


def test_resources_are_counted(world: httpx.Client) -> None:
    total = world.get(CUSTOMERS, headers=PROGRAM).headers["x-total-count"]
    assert f"<b>{total}</b> <span><bdi>customers</bdi>" in world.get("/__admin/fixtures").text


def test_table_links_to_records(world: httpx.Client) -> None:
    page = world.get(CUSTOMERS)
    assert f'href="{world.base_url.path}__admin/fixtures/customers/individual"' in page.text
    assert "No record matches" in world.get(CUSTOMERS, params={"q": "nobody at all"}).text
    assert world.get("/__admin/fixtures/nothing").status_code == 404


@pytest.mark.parametrize(("sort", "order"), [("name", False), ("-name", True)])
def test_table_is_sorted_by_a_member(world: httpx.Client, sort: str, order: bool) -> None:
    names = [each["name"] for each in world.get(CUSTOMERS, headers=PROGRAM).json() if each.get("name")]
    page = html.unescape(world.get(CUSTOMERS, params={"sort": sort}).text)
    places = [page.index(f"<bdi>{name[:40]}") for name in sorted(names, key=str.casefold, reverse=order)]
    assert places == sorted(places)


def test_field_is_changed_for_the_api(world: httpx.Client) -> None:
    answer = submitted(
        world, f"{CUSTOMERS}/individual", "/__admin/console/fixtures/customers/individual", **{"member:name": "Ada L."}
    )
    assert answer.status_code == 303, answer.text
    asked = world.get(ME, headers={**PROGRAM, "Authorization": "Bearer polar_cst_individual"})
    assert asked.json()["name"] == "Ada L."


def test_unchanged_form_changes_nothing(world: httpx.Client) -> None:
    before = record(world, "individual")
    page = world.get(f"{CUSTOMERS}/individual").text
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(member:[^"]+)" value="([^"]*)"', page)}
    assert len(fields) > 3
    answer = submitted(world, f"{CUSTOMERS}/individual", "/__admin/console/fixtures/customers/individual", **fields)
    assert answer.status_code == 303
    assert record(world, "individual") == before
    assert world.get("/__admin/changes", headers=PROGRAM).json()["meta"]["total"] == 0


def test_json_is_saved_and_undone(world: httpx.Client) -> None:
    before = record(world, "team")
    path, action = f"{CUSTOMERS}/team", "/__admin/console/fixtures/customers/team"
    assert submitted(world, path, action, json=json.dumps({**before, "name": "Other"})).status_code == 303
    assert record(world, "team")["name"] == "Other"
    assert submitted(world, path, "/__admin/console/undo").status_code == 303
    assert record(world, "team") == before
    refused = submitted(world, path, action, json=json.dumps({**before, "email": 5}))
    assert refused.status_code == 422
    assert "email" in refused.text


def test_record_is_created_and_deleted(world: httpx.Client) -> None:
    made = submitted(world, CUSTOMERS, "/__admin/console/record", resource="customers", record='{"handle": "ada"}')
    assert made.headers["location"].endswith("/fixtures/customers/ada?done=created")
    action = "/__admin/console/fixtures/customers/ada"
    assert submitted(world, f"{CUSTOMERS}/ada", action, delete="1").status_code == 303
    assert world.get(f"{CUSTOMERS}/ada").status_code == 404


def test_whatever_a_record_holds_is_escaped(world: httpx.Client) -> None:
    evil = "\"><script>alert(1)</script></textarea>&amp;'\u202e"
    body = {**record(world, "individual"), "handle": "evil", "name": evil}
    assert world.post(CUSTOMERS, json=body).status_code == 201
    for path in (CUSTOMERS, f"{CUSTOMERS}/evil", f"{CUSTOMERS}?q={'%22%3E%3Cscript%3E'}"):
        page = world.get(path).text
        assert "<script>alert" not in page
        assert page.count("</textarea>") <= 2


def test_long_texts_fit_a_page(world: httpx.Client) -> None:
    body = {**record(world, "individual"), "handle": "long", "name": "<" * 900_000}
    assert world.post(CUSTOMERS, json=body).status_code == 201
    assert len(world.get(CUSTOMERS).content) < 300_000
    page = world.get(f"{CUSTOMERS}/long")
    assert len(page.content) < 300_000
    assert "too long for a page" in page.text
