"""What was changed in a world, and how it is taken back, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from jsonpath import JSONPatch

CUSTOMERS = "/__admin/fixtures/customers"


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server_url}/~{uuid4()}", timeout=30) as client:
        yield client
        client.delete("/__admin/")


def individual(world: httpx.Client, **changes: Any) -> dict[str, Any]:
    return {**world.get(f"{CUSTOMERS}/individual").json(), **changes}


def changes(world: httpx.Client) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = world.get("/__admin/changes").json()["changes"]
    return shown


@pytest.fixture
def changed(world: httpx.Client) -> httpx.Client:
    """A world in which a record was made, one changed, and one deleted."""
    assert world.put(f"{CUSTOMERS}/ada", json=individual(world, handle="ada", name="Ada")).status_code == 201
    assert world.patch(f"{CUSTOMERS}/individual", json={"name": "Neo"}).status_code == 200
    assert world.delete(f"{CUSTOMERS}/individual").status_code == 204
    return world


def test_world_begins_without_changes(world: httpx.Client) -> None:
    assert world.get("/__admin/changes").json() == {"changes": [], "meta": {"total": 0}}


def test_changes_are_told_newest_first(changed: httpx.Client) -> None:
    shown = changes(changed)
    assert [(each["number"], each["operation"].partition(" ")[0]) for each in shown] == [
        (3, "DELETE"),
        (2, "PATCH"),
        (1, "PUT"),
    ]
    assert shown[2]["operation"] == f"PUT {CUSTOMERS}/ada"
    assert [record["kind"] for each in shown for record in each["records"]] == ["deleted", "changed", "created"]
    assert {record["resource"] for each in shown for record in each["records"]} == {"customers"}
    assert shown[0]["at"].endswith("Z")
    assert "contract" not in shown[0]


def test_differences_are_json_patches(changed: httpx.Client, server_url: str) -> None:
    deleted, patched, created = (each["records"][0] for each in changes(changed))
    assert patched["patch"] == [{"op": "replace", "path": "/name", "value": "Neo"}]
    before: Any = httpx.get(f"{server_url}{CUSTOMERS}/individual").json()
    assert dict(JSONPatch(patched["patch"]).apply(before))["name"] == "Neo"  # type: ignore[call-overload]
    assert (created["handle"], created["patch"][0]["op"], created["patch"][0]["value"]["name"]) == ("ada", "add", "Ada")
    assert deleted["patch"] == [{"op": "remove", "path": ""}]


def test_last_change_is_taken_back(changed: httpx.Client, server_url: str) -> None:
    answer = changed.post("/__admin/undo")
    assert (answer.status_code, answer.json()["meta"]) == (200, {"total": 2})
    assert [each["number"] for each in answer.json()["undone"]] == [3]
    assert individual(changed)["name"] == "Neo"
    assert changed.post("/__admin/undo", json={"steps": 2}).json()["meta"] == {"total": 0}
    assert changed.get(CUSTOMERS).content == httpx.get(server_url + CUSTOMERS).content


def test_more_steps_than_there_are_change_nothing(changed: httpx.Client) -> None:
    before = changed.get(CUSTOMERS).content
    answer = changed.post("/__admin/undo", json={"steps": 4})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:mock-server:problem:conflict")
    assert "found 4, and 3 change sets that the world remembers" in answer.json()["detail"]
    assert (changed.get(CUSTOMERS).content, len(changes(changed))) == (before, 3)


@pytest.mark.parametrize(
    "body",
    [{"steps": 0}, {"steps": 1001}, {"steps": "1"}, {"step": 1}, [], {"steps": 1.5}],
    ids=str,
)
def test_wrong_steps_are_refused(body: Any, changed: httpx.Client) -> None:
    answer = changed.post("/__admin/undo", json=body)
    assert (answer.status_code, bool(answer.json()["findings"])) == (422, True)
    assert len(changes(changed)) == 3


def test_listing_has_so_many(changed: httpx.Client) -> None:
    listing = changed.get("/__admin/changes?limit=2").json()
    assert ([each["number"] for each in listing["changes"]], listing["meta"]) == ([3, 2], {"total": 3})
    for limit in ("0", "x", "1001", "-1"):
        assert changed.get(f"/__admin/changes?limit={limit}").status_code == 400


def test_reset_clears_history(changed: httpx.Client) -> None:
    changed.post("/__admin/reset")
    assert changes(changed) == []
    assert changed.post("/__admin/undo").status_code == 409


def test_change_that_was_refused_is_not_told(world: httpx.Client) -> None:
    assert world.put(f"{CUSTOMERS}/ada", json={"name": 1}).status_code == 422
    assert world.delete(f"{CUSTOMERS}/nobody").status_code == 404
    assert changes(world) == []
