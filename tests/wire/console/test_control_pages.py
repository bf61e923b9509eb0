"""The pages that change a world as a whole: scenarios, worlds, snapshots; and what of the contract was met."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from mock_server import MockServer
from tests.support.console import console, submitted
from tests.support.customers import ME
from tests.support.polling import until

SCENARIO = "/__admin/console/scenario"
WORLD = "/__admin/console/world"
TOKEN = {"Accept": "application/json", "Authorization": "Bearer polar_cst_SE"}
PROGRAM = {"Accept": "application/json"}


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


def statuses(world: httpx.Client, count: int) -> list[int]:
    return [world.get(ME, headers=TOKEN).status_code for _ in range(count)]


def test_common_failure_comes_so_often(world: httpx.Client) -> None:
    fields = {"failure": "rate-limited", "operation": "customer_portal:customers:get", "times": "2"}
    assert submitted(world, "/__admin/scenarios", SCENARIO, **fields).status_code == 303
    assert statuses(world, 3) == [429, 429, 200]
    assert "429 rate limited, then ok" in world.get("/__admin/scenarios").text


@pytest.mark.parametrize("failure", ["server-error", "slow", "garbled", "truncated", "closed", "timeout"])
def test_every_failure_of_the_form_is_one(world: httpx.Client, failure: str) -> None:
    assert submitted(world, "/__admin/scenarios", SCENARIO, failure=failure, times="").status_code == 303
    (running,) = world.get("/__admin/scenarios", headers=PROGRAM).json()["scenarios"]
    assert len(running["answers"]) == 1


def test_named_scenario_starts_and_ends(world: httpx.Client) -> None:
    assert submitted(world, "/__admin/scenarios", SCENARIO, name="flaky").status_code == 303
    assert statuses(world, 3) == [200, 200, 500]
    assert submitted(world, "/__admin/scenarios", f"{SCENARIO}/end", name="flaky").status_code == 303
    operation = "customer_portal:customers:get"
    assert submitted(world, "/__admin/scenarios", SCENARIO, name="flaky", operation=operation).status_code == 303
    (running,) = world.get("/__admin/scenarios", headers=PROGRAM).json()["scenarios"]
    assert running["match"] == {"operation": operation}
    assert submitted(world, "/__admin/scenarios", f"{SCENARIO}/end").status_code == 303
    assert world.get("/__admin/scenarios", headers=PROGRAM).json()["scenarios"] == []


def test_named_scenarios_start_on_a_large_contract() -> None:
    with MockServer("polar") as polar, console(polar.url) as client:
        page = client.get("/__admin/scenarios").text
        names = re.findall(r'name="name" value="([^"]+)"><input name="operation" value="([^"]*)"', page)
        assert ("schema-drift", "customer_portal:customers:get") in names
        assert len(names) > 3
        for name, operation in names:
            fields = {"name": name, "operation": operation or "customers:list"}
            assert submitted(client, "/__admin/scenarios", SCENARIO, **fields).status_code == 303, name


@pytest.mark.parametrize("fields", [{"failure": "none"}, {"failure": "slow", "times": "x"}, {"name": "nothing"}])
def test_wrong_form_of_a_scenario_is_explained(world: httpx.Client, fields: dict[str, str]) -> None:
    refused = submitted(world, "/__admin/scenarios", SCENARIO, **fields)
    assert refused.status_code == 422
    assert "expected" in refused.text


def test_world_is_opened_reset_and_forgotten(world: httpx.Client) -> None:
    name = f"w-{uuid4().hex}"
    opened = submitted(world, "/__admin/worlds", WORLD, act="open", world=name)
    assert opened.headers["location"] == f"/~{name}/__admin/"
    until(lambda: f"~{name}" in world.get("/__admin/worlds").text)  # each replica lists those that it was asked for
    statuses(world, 1)
    own = world.base_url.path.strip("/~")
    assert submitted(world, "/__admin/worlds", WORLD, act="reset", world=own).status_code == 303
    assert world.get("/__admin/requests", headers=PROGRAM).json()["meta"]["total"] == 0
    assert submitted(world, "/__admin/worlds", WORLD, act="forget", world=name).status_code == 303
    listed = world.get("/__admin/worlds?limit=10000", headers=PROGRAM).json()["worlds"]
    assert name not in [each["world"] for each in listed]
    assert submitted(world, "/__admin/worlds", WORLD, act="open", world="a/b").status_code == 400
    assert world.get("/__admin/worlds?limit=0", headers=PROGRAM).status_code == 400


def test_snapshot_is_kept_restored_and_dropped(world: httpx.Client) -> None:
    form = ("/__admin/worlds", "/__admin/console/snapshot")
    assert submitted(world, *form, act="keep", name="full").status_code == 303
    world.delete("/__admin/fixtures/customers/individual")
    assert submitted(world, *form, act="restore", name="full").status_code == 303
    assert world.get("/__admin/fixtures/customers/individual", headers=PROGRAM).status_code == 200
    assert submitted(world, *form, act="drop", name="full").status_code == 303
    assert submitted(world, *form, act="restore", name="full").status_code == 404


def test_coverage_says_what_was_never_met(world: httpx.Client) -> None:
    statuses(world, 1)
    page = world.get("/__admin/coverage").text
    assert "200 met" in page
    assert "429 never" in page
    assert "No operation is like that" in world.get("/__admin/coverage?show=untouched").text
