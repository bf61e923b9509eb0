"""Bad input to operations that keep state, over HTTP: refused with what is wrong, and nothing half written."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest

from tests.support.server_process import RunningServer
from tests.support.shop_records import shop_contract
from tests.support.suite_server import SuiteServer

State = Literal["auto", "strict"]
STATES: tuple[State, ...] = ("auto", "strict")
MANY = 60
"""Requests at once."""
NOBODY = "0f0e0d0c-0b0a-4908-8706-050403020100"
"""A key that nobody made."""
ADA = {"email": "ada@example.com", "external_id": "ada", "name": "Ada"}


@pytest.fixture(scope="module")
def shop_urls(own_cache: None, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[State, str]]:
    """Addresses of servers of one contract, by their ``--state``."""
    file = str(shop_contract(tmp_path_factory.mktemp("shop")))
    env = {"MOCK_SERVER_STORE": store_url}
    with (
        SuiteServer(file, "--state", "auto", env=env) as auto,
        SuiteServer(file, "--state", "strict", env=env) as strict,
    ):
        yield {"auto": auto.url, "strict": strict.url}


@pytest.fixture
def shop(shop_urls: dict[State, str], state: State) -> Iterator[httpx.Client]:
    """A world of its own on the server with that ``--state``."""
    with httpx.Client(base_url=f"{shop_urls[state]}/~{uuid4()}", timeout=30, trust_env=False) as client:
        yield client
        client.delete("/__admin/")


def customers(shop: httpx.Client) -> list[dict[str, Any]]:
    """All customers, as they are listed."""
    items: list[dict[str, Any]] = shop.get("/customers", params={"limit": 1000}).json()["items"]
    return items


@pytest.mark.parametrize("state", ["strict"])
def test_key_of_another_is_refused(shop: httpx.Client) -> None:
    ada = shop.post("/customers", json=ADA).json()
    bob = shop.post("/customers", json={**ADA, "external_id": "bob", "name": "Bob"}).json()
    before = customers(shop)
    for answer in (
        shop.post("/customers", json={**ADA, "name": "Eve"}),
        shop.patch(f"/customers/{bob['id']}", json={"external_id": "ada", "name": "Eve"}),
    ):
        assert answer.status_code == 409
        assert "/external_id" in answer.json()["detail"]
    assert customers(shop) == before
    assert shop.get("/customers/external/ada").json()["name"] == "Ada"
    # The key is free again once nobody has it.
    assert shop.delete(f"/customers/{ada['id']}").status_code == 204
    assert shop.patch(f"/customers/{bob['id']}", json={"external_id": "ada"}).status_code == 200
    assert shop.get("/customers/external/ada").json()["name"] == "Bob"


@pytest.mark.parametrize("state", ["auto"])
def test_record_takes_place_of_that_with_its_key(shop: httpx.Client) -> None:
    before = len(customers(shop))
    ada, eve = (shop.post("/customers", json={**ADA, "name": name}).json() for name in ("Ada", "Eve"))
    assert (eve["id"], eve["name"]) == (ada["id"], "Eve")
    assert shop.get("/customers/external/ada").json()["name"] == "Eve"
    assert len(customers(shop)) == before + 1


@pytest.mark.parametrize("state", ["strict"])
def test_unknown_parent_and_relation_are_refused(shop: httpx.Client) -> None:
    orders = shop.get("/orders").json()
    refusals = [
        (shop.post(f"/customers/{NOBODY}/notes", json={"text": "Hello"}), 404, "path id"),
        (shop.get(f"/customers/{NOBODY}/notes"), 404, "path id"),
        (shop.get(f"/customers/{NOBODY}/balance"), 404, "path id"),
        (shop.post("/orders", json={"customer_id": NOBODY, "amount": 1}), 422, "/customer_id"),
    ]
    assert [(answer.status_code, place in answer.json()["detail"]) for answer, _, place in refusals] == [
        (status, True) for _, status, _ in refusals
    ]
    assert shop.get("/orders").json() == orders


@pytest.mark.parametrize("state", ["auto"])
def test_unknown_parent_and_relation_are_taken(shop: httpx.Client) -> None:
    note = shop.post(f"/customers/{NOBODY}/notes", json={"text": "Hello"}).json()
    assert shop.get(f"/customers/{NOBODY}/notes/{note['id']}").json() == note
    assert shop.get(f"/customers/{NOBODY}/balance").status_code == 200
    order = shop.post("/orders", json={"customer_id": NOBODY, "amount": 1}).json()
    assert shop.get(f"/orders/{order['id']}").json()["customer_id"] == NOBODY


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_below_deleted_record(shop: httpx.Client) -> None:
    path = f"/customers/{shop.post('/customers', json=ADA).json()['id']}"
    note = shop.post(f"{path}/notes", json={"text": "Hello"}).json()["id"]
    below = ["", "/notes", f"/notes/{note}", "/balance"]
    assert [shop.get(path + place).status_code for place in below] == [200] * 4
    assert shop.delete(path).status_code == 204
    assert [shop.get(path + place).status_code for place in below] == [404] * 4
    assert shop.post(f"{path}/notes", json={"text": "Hello"}).status_code == 404


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("body", ['{"email": "a@example.com", "naem": "Ada"}', '{"name": "Ada"}', "[]", "{", '"Ada"'])
def test_wrong_body_writes_nothing(shop: httpx.Client, body: str) -> None:
    before = customers(shop)
    answer = shop.post("/customers", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, "body" in answer.json()["detail"]) == (422, True)
    assert customers(shop) == before


@pytest.mark.parametrize("state", STATES)
def test_view_shows_nothing_that_it_refuses(shop: httpx.Client) -> None:
    ada = shop.post("/customers", json=ADA).json()
    name = "Augusta Ada King, Countess of Lovelace"
    assert shop.patch(f"/customers/{ada['id']}", json={"name": name}).json() == {**ada, "name": name}
    shown = shop.get("/customers/external/ada").json()
    assert {**shown, "name": ""} == {"id": ada["id"], "external_id": "ada", "name": ""}
    assert len(shown["name"]) <= 12


@pytest.mark.parametrize("state", STATES)
def test_change_of_wrong_type_changes_nothing(shop: httpx.Client) -> None:
    ada = shop.post("/customers", json=ADA).json()
    for body in ({"name": "Eve", "email": 7}, {"name": "Eve", "id": NOBODY}, {"name": "Eve", "naem": "Eve"}):
        answer = shop.patch(f"/customers/{ada['id']}", json=body)
        assert (answer.status_code, "body" in answer.json()["detail"]) == (422, True)
    assert shop.get(f"/customers/{ada['id']}").json() == ada
    assert shop.get("/__admin/changes").json()["meta"]["total"] == 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("query", ["limit=-1", "limit=0", "limit=99999999999999999999", "cursor=nobody"])
def test_page_nobody_gave_is_first_or_refused(shop: httpx.Client, state: State, query: str) -> None:
    answer = shop.get(f"/customers?{query}")
    if state == "auto":
        assert answer.json() == shop.get("/customers").json()
    else:
        assert (answer.status_code, query.partition("=")[0] in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize("state", ["strict"])
def test_refusal_is_not_remembered(shop: httpx.Client) -> None:
    shop.post("/customers", json={**ADA, "external_id": "bob"})
    assert [shop.get("/customers/external/ada").status_code for _ in range(3)] == [404] * 3
    ada = shop.post("/customers", json=ADA).json()
    assert shop.get("/customers/external/ada").json()["id"] == ada["id"]
    balance = f"/customers/{ada['id']}/balance"
    assert [shop.get(balance).status_code for _ in range(3)] == [200] * 3
    shop.delete(f"/customers/{ada['id']}")
    assert shop.get(balance).status_code == 404


@pytest.mark.parametrize("state", STATES)
def test_record_shown_inside_is_up_to_date(shop: httpx.Client) -> None:
    ada = shop.post("/customers", json=ADA).json()
    order = shop.post("/orders", json={"customer_id": ada["id"], "amount": 1}).json()
    path = f"/orders/{order['id']}"
    assert [shop.get(path).json()["customer"]["name"] for _ in range(3)] == ["Ada"] * 3
    shop.patch(f"/customers/{ada['id']}", json={"name": "Eve"})
    assert shop.get(path).json()["customer"]["name"] == "Eve"


# Many at once


async def answers(url: str, body: dict[str, Any], count: int) -> list[httpx.Response]:
    """The answers to the same request, sent so many times at once."""
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits, trust_env=False) as client:
        return await asyncio.gather(*(client.post("/customers", json=body) for _ in range(count)))


def one_wins(url: str) -> None:
    """Assert that of many that create a record with one key at once one does, and that the others are told why not."""
    world = f"{url}/~{uuid4()}"
    statuses = Counter(answer.status_code for answer in asyncio.run(answers(world, ADA, MANY)))
    assert statuses == {201: 1, 409: MANY - 1}
    with httpx.Client(base_url=world, timeout=30, trust_env=False) as client:
        assert [customer["external_id"] for customer in customers(client)].count("ada") == 1
        assert client.get("/__admin/changes").json()["meta"]["total"] == 1


def test_one_of_many_at_once_gets_key(shop_urls: dict[State, str]) -> None:
    one_wins(shop_urls["strict"])


def all_are_kept(url: str) -> None:
    """Assert that of many that create the same at once, without a key of their own, each gets a record."""
    world = f"{url}/~{uuid4()}"
    made = asyncio.run(answers(world, {"email": "ada@example.com"}, MANY))
    assert Counter(answer.status_code for answer in made) == {201: MANY}
    keys = {answer.json()["id"] for answer in made}
    with httpx.Client(base_url=world, timeout=30, trust_env=False) as client:
        assert (len(keys), keys - {customer["id"] for customer in customers(client)}) == (MANY, set())


@pytest.mark.parametrize("state", STATES)
def test_all_of_many_at_once_are_kept(shop_urls: dict[State, str], state: State) -> None:
    all_are_kept(shop_urls[state])


def test_two_workers_agree_on_many_at_once(own_cache: None, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/records.db"
    file = str(shop_contract(tmp_path))
    with RunningServer(file, "--state", "strict", "--workers", "2", "--store", store) as server:
        one_wins(server.url)
        all_are_kept(server.url)
