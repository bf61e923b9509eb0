"""The records of a world over HTTP: changed there, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.customers import ME

CUSTOMERS = "/__admin/fixtures/customers"


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}", timeout=30) as client:
        yield client
        client.delete("/__admin/")


def me(world: httpx.Client, handle: str) -> Any:
    return world.get(ME, headers={"Authorization": f"Bearer polar_cst_{handle}"}).json()


def individual(world: httpx.Client, **changes: Any) -> dict[str, Any]:
    return {**world.get(f"{CUSTOMERS}/individual").json(), **changes}


def test_records_are_listed_and_got_as_fixture_file_has_them(world: httpx.Client) -> None:
    records = world.get(CUSTOMERS).json()
    assert records[0]["handle"] == "individual"
    assert world.get(f"{CUSTOMERS}/individual").json() == records[0]
    assert {key: value for key, value in records[0].items() if key != "handle"} == me(world, "individual")


def test_new_record_is_what_its_token_gets(world: httpx.Client, server_url: str) -> None:
    answer = world.post(CUSTOMERS, json=individual(world, handle="ada", name="Ada"))
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{str(world.base_url).rstrip('/')}{CUSTOMERS}/ada"
    assert httpx.get(answer.headers["location"]).json()["name"] == "Ada"
    assert me(world, "ada")["name"] == "Ada"
    assert httpx.get(f"{server_url}{CUSTOMERS}/ada").status_code == 404


def test_records_are_changed_in_one_world(world: httpx.Client, server_url: str) -> None:
    before = httpx.get(server_url + CUSTOMERS).content
    assert world.put(f"{CUSTOMERS}/individual", json=individual(world, name="Neo")).status_code == 200
    assert me(world, "individual")["name"] == "Neo"
    patched = world.patch(f"{CUSTOMERS}/individual", json={"billing_address": {"city": "Zion"}})
    assert patched.json()["billing_address"]["city"] == "Zion"
    assert me(world, "individual")["billing_address"]["line1"] == patched.json()["billing_address"]["line1"]
    assert world.delete(f"{CUSTOMERS}/individual").status_code == 204
    assert world.get(f"{CUSTOMERS}/individual").status_code == 404
    assert me(world, "individual")["name"] != "Neo"
    assert httpx.get(server_url + CUSTOMERS).content == before
    world.post("/__admin/reset")
    assert world.get(CUSTOMERS).content == before


def test_put_creates_missing_record(world: httpx.Client) -> None:
    record = individual(world)
    record.pop("handle")
    answer = world.put(f"{CUSTOMERS}/new", json=record)
    assert (answer.status_code, answer.json()["handle"]) == (201, "new")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": 5}, "/email"),
        ({"nme": "x"}, "did you mean name?"),
        ({"handle": "a b"}, "1 to 64 letters"),
        ({"handle": "expired"}, "a reserved suffix"),
        ({"handle": "SE"}, "a value of"),
        ({"handle": None}, "1 to 64 letters"),
    ],
)
def test_invalid_record_changes_nothing(changes: dict[str, Any], said: str, world: httpx.Client) -> None:
    before = world.get(CUSTOMERS).content
    answer = world.post(CUSTOMERS, json=individual(world, **{"handle": "new", **changes}))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:mock-server:problem:record")
    assert said in str(answer.json()["findings"])
    assert world.get(CUSTOMERS).content == before


def test_handle_is_taken_once(world: httpx.Client) -> None:
    answer = world.post(CUSTOMERS, json=individual(world))
    assert (answer.status_code, "PUT" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/__admin/fixtures/customer", None, 404, "did you mean customers?"),
        ("GET", f"{CUSTOMERS}/individua", None, 404, "did you mean individual?"),
        ("PATCH", f"{CUSTOMERS}/nobody", {}, 404, "lists them"),
        ("DELETE", f"{CUSTOMERS}/nobody", None, 404, "lists them"),
        ("PUT", f"{CUSTOMERS}/individual", {"handle": "other"}, 422, "as in the path"),
        ("PUT", f"{CUSTOMERS}/individual", [], 422, "1 thing"),
        ("PATCH", f"{CUSTOMERS}/individual", {"email": 1}, 422, "1 thing"),
        ("DELETE", CUSTOMERS, None, 405, "expected GET or POST"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_refused(
    method: str, path: str, body: object, status: int, said: str, world: httpx.Client
) -> None:
    answer = world.request(method, path, json=body)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
