"""Scenarios on the wire, each in a world of its own; what is refused changes nothing; what is remembered is bounded."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.case_files import read_cases
from tests.support.command_line import Done, assert_one_message, called
from tests.support.customers import ME
from tests.support.http_exchange import Got, compare
from tests.support.suite_server import SuiteServer

CASES = read_cases("scenarios")
TOKEN = {"Authorization": "Bearer polar_cst_individual"}
_NUMBERS = count()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as http_client:
        yield http_client


@pytest.fixture
def world(server_url: str) -> str:
    """The base URL of a world that nobody has seen."""
    return f"{server_url}/~scenario-{next(_NUMBERS)}"


def start(client: httpx.Client, world: str, scenario: Any) -> httpx.Response:
    return client.post(f"{world}/__admin/scenarios", json=scenario)


@pytest.mark.parametrize("case", CASES["plays"], ids=lambda case: case["name"])
def test_scenario_plays(client: httpx.Client, world: str, case: Any) -> None:
    for scenario in case["start"]:
        started = start(client, world, scenario)
        assert started.status_code == 201, started.text
    for request in case["requests"]:
        token = request.get("token", "polar_cst_individual")
        got = client.get(world + ME, headers={"Authorization": f"Bearer {token}", **request.get("headers", {})})
        compare(Got(got.status_code, {**got.headers}, got.content), request["expect"])


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: json.dumps(case["post"]))
def test_unfit_scenario_is_refused(client: httpx.Client, world: str, case: Any) -> None:
    refused = start(client, world, case["post"])
    problem = refused.json()
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert problem["findings"][0].get("pointer", "") == case["at"]
    assert case["says"] in problem["detail"]
    assert client.get(f"{world}/__admin/scenarios").json()["scenarios"] == []
    assert client.get(world + ME, headers=TOKEN).status_code == 200


def test_variant_matches_a_preference(client: httpx.Client, world: str) -> None:
    preferred = client.get(world + ME, headers=TOKEN | {"Prefer": "variant=3"})
    start(client, world, {"answers": [{"variant": 3}]})
    assert client.get(world + ME, headers=TOKEN).content == preferred.content


def test_scenarios_are_listed_and_ended(client: httpx.Client, world: str) -> None:
    admin = f"{world}/__admin/scenarios"
    first = start(client, world, {"answers": [{"code": 500, "times": 2}, {"pass": True}]}).json()
    start(client, world, {"name": "other", "match": {"token": "x"}, "answers": [{"code": 429}]})
    client.get(world + ME, headers=TOKEN)
    listed = client.get(admin).json()
    assert [entry["name"] for entry in listed["scenarios"]] == ["other", first["name"]]
    assert {"flaky", "outage", "slow"} <= {*listed["available"]}
    entry = client.get(f"{admin}/{first['name']}").json()
    assert (entry["met"], entry["given"], entry["current_state"]) == (1, [1, 0], "Started")
    assert client.delete(f"{admin}/{first['name']}").status_code == 200
    assert client.delete(f"{admin}/{first['name']}").status_code == 404
    assert client.get(world + ME, headers=TOKEN).status_code == 200
    assert client.delete(admin).status_code == 200
    assert client.get(admin).json()["scenarios"] == []


def test_reset_ends_scenarios_of_the_world(client: httpx.Client, world: str) -> None:
    start(client, world, {"answers": [{"code": 500}]})
    assert client.get(f"{world}-other{ME}", headers=TOKEN).status_code == 200
    assert client.get(world + ME, headers=TOKEN).status_code == 500
    client.post(f"{world}/__admin/reset")
    assert client.get(world + ME, headers=TOKEN).status_code == 200


def test_scenarios_of_world_are_bounded(client: httpx.Client, world: str) -> None:
    for _ in range(100):
        assert start(client, world, {"answers": [{"pass": True}]}).status_code == 201
    assert start(client, world, {"answers": [{"pass": True}]}).status_code == 422


def test_delay_and_its_jitter_are_kept(client: httpx.Client, world: str) -> None:
    start(client, world, {"answers": [{"pass": True, "delay_ms": 60, "jitter_ms": 40}]})
    began = time.monotonic()
    assert client.get(world + ME, headers=TOKEN).status_code == 200
    assert time.monotonic() - began >= 0.06


def test_cli_scenarios_are_in_every_world(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/mine.yaml").write_text("answers: [{code: 429, times: 1}, {pass: true, times: 1}]")
    with SuiteServer("--fixtures", str(tmp_path), "--scenario", "mine", "--scenario", "session-expires") as server:
        for world in ("", "/~a", "/~b"):
            got = [httpx.get(f"{server.url}{world}{ME}", headers=TOKEN).status_code for _ in range(4)]
            assert got == [200, 401, 401, 401], world
            httpx.delete(f"{server.url}{world}/__admin/scenarios/session-expires")
            got = [httpx.get(f"{server.url}{world}{ME}", headers=TOKEN).status_code for _ in range(3)]
            assert got == [429, 200, 200], world


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("answers: [{cod: 500}]", "found the key 'cod'; did you mean code?"),
        ("answers: [{code: 418}]", "--scenario mine: the contract does not go with it"),
        ("name: other\nanswers: [{code: 500}]", "found 'other'; expected 'mine'"),
        ("answers: [", "mine.yaml"),
    ],
)
def test_unfit_scenario_of_cli_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/mine.yaml").write_text(text)
    done: Done = called(capsys, "serve", "--fixtures", str(tmp_path), "--scenario", "mine")
    assert_one_message(done)
    assert says in done.errors


def test_unknown_scenario_of_the_cli(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "serve", "--scenario", "flakey")
    assert_one_message(done)
    assert "found 'flakey'; did you mean flaky?" in done.errors
