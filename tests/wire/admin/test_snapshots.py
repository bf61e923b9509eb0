"""Snapshots of worlds, and copies, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from mock_server import MockServer
from tests.support.customers import ME

CUSTOMERS = "/__admin/fixtures/customers"
SNAPSHOTS = "/__admin/snapshots"


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}", timeout=30) as client:
        yield client
        client.delete("/__admin/")


def name_of(world: httpx.Client, handle: str = "individual") -> Any:
    return world.get(ME, headers={"Authorization": f"Bearer polar_cst_{handle}"}).json()["name"]


def rename(world: httpx.Client, name: str) -> None:
    assert world.patch(f"{CUSTOMERS}/individual", json={"name": name}).status_code == 200


def test_snapshot_is_restored(world: httpx.Client) -> None:
    rename(world, "Neo")
    answer = world.put(f"{SNAPSHOTS}/full")
    assert (answer.status_code, answer.json()["name"], answer.json()["records"]) == (201, "full", 1)
    rename(world, "Trinity")
    world.delete(f"{CUSTOMERS}/team")
    assert name_of(world) == "Trinity"
    assert world.post(f"{SNAPSHOTS}/full/restore").json() == answer.json()
    assert (name_of(world), world.get(f"{CUSTOMERS}/team").status_code) == ("Neo", 200)
    assert world.get("/__admin/changes").json()["meta"] == {"total": 0}


def test_snapshots_are_listed_replaced_and_dropped(world: httpx.Client) -> None:
    assert world.get(SNAPSHOTS).json() == {"snapshots": []}
    for name, status in (("b", 201), ("a", 201), ("b", 200)):
        assert world.put(f"{SNAPSHOTS}/{name}").status_code == status
    assert [each["name"] for each in world.get(SNAPSHOTS).json()["snapshots"]] == ["a", "b"]
    assert world.delete(f"{SNAPSHOTS}/a").status_code == 204
    assert world.delete(f"{SNAPSHOTS}/a").status_code == 404
    world.post("/__admin/reset")
    assert world.get(SNAPSHOTS).json() == {"snapshots": []}


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "fulll"), ("POST", "fulll/restore"), ("GET", "fulll.ndjson")],
)
def test_unknown_snapshot_is_not_found(method: str, path: str, world: httpx.Client) -> None:
    world.put(f"{SNAPSHOTS}/full")
    answer = world.request(method, f"{SNAPSHOTS}/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:mock-server:problem:unknown")
    assert "found the snapshot 'fulll'; did you mean full?" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["a%20b", "%C3%A4", "x" * 65])
def test_name_that_no_url_carries_is_refused(name: str, world: httpx.Client) -> None:
    answer = world.put(f"{SNAPSHOTS}/{name}")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:mock-server:problem:invalid-request")


def test_snapshot_of_one_resource_is_a_fixture_file(world: httpx.Client, tmp_path: Path) -> None:
    rename(world, "Neo")
    world.delete(f"{CUSTOMERS}/team")
    world.put(f"{SNAPSHOTS}/full")
    rename(world, "Trinity")
    answer = world.get(f"{SNAPSHOTS}/full.ndjson?resource=customers")
    assert answer.headers["content-type"] == "application/x-ndjson"
    (tmp_path / "customers.ndjson").write_bytes(answer.content)
    with MockServer(fixtures=tmp_path) as mock:
        records = httpx.get(mock.url + CUSTOMERS).json()
        assert records == [json.loads(line) for line in answer.text.splitlines()]
    assert {record["handle"]: record["name"] for record in records}["individual"] == "Neo"
    assert "team" not in {record["handle"] for record in records}


def test_snapshot_of_all_resources_says_which(world: httpx.Client) -> None:
    world.put(f"{SNAPSHOTS}/full")
    lines = [json.loads(line) for line in world.get(f"{SNAPSHOTS}/full.ndjson").text.splitlines()]
    assert lines[0]["resource"] == "customers"
    assert [line["record"] for line in lines] == world.get(CUSTOMERS).json()
    answer = world.get(f"{SNAPSHOTS}/full.ndjson?resource=customer")
    assert (answer.status_code, "did you mean customers?" in answer.json()["detail"]) == (404, True)


def test_world_begins_as_another(world: httpx.Client, server_url: str) -> None:
    rename(world, "Neo")
    parent = str(world.base_url).rstrip("/").rpartition("/")[2]
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}") as child:
        answer = child.put(f"/__admin/from/{parent}")
        assert (answer.status_code, answer.json()["from"]) == (200, parent.removeprefix("~"))
        assert name_of(child) == "Neo"
        rename(child, "Trinity")
        assert name_of(world) == "Neo"
        assert child.put("/__admin/from/~").json()["from"] == ""
        assert name_of(child) not in ("Neo", "Trinity")
        assert child.put(f"/__admin/from/{parent}").status_code == 200
        assert world.get("/__admin/changes").json()["meta"] == {"total": 1}
        child.delete("/__admin/")


def test_world_that_nobody_met_is_not_copied(world: httpx.Client) -> None:
    name = str(world.base_url).rstrip("/").rpartition("~")[2]
    world.get(ME)
    for parent, status in ((f"~{name[:-1]}", 404), ("~never-was", 404), (f"~{name}", 422), ("~a b", 404)):
        assert world.put(f"/__admin/from/{parent}").status_code == status, parent
    assert f"did you mean {name}?" in world.put(f"/__admin/from/~{name[:-1]}").json()["detail"]
