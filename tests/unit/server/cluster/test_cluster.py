"""Several processes answer as one: scenarios, clocks, journals and coverage, whoever is asked and whoever goes."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from tests.support.case_files import case_path
from tests.support.cluster_processes import some_processes
from tests.support.customers import INDIVIDUAL, ME

pytestmark = pytest.mark.usefixtures("own_cache")
LIMITS = str(case_path("limits"))
TWICE = ({"code": 429, "times": 2}, {"pass": True})
NOW = "2026-01-01T00:00:15.000Z"


async def test_processes_agree_on_owner_of_world() -> None:
    async with some_processes(3) as (_, all_of):
        answers = [await one.told("/~w/__admin/peers") for one in all_of]
        names = {one["name"] for one in answers}
        assert len(names) == 3
        assert all({one["name"], *(peer["name"] for peer in one["peers"])} == names for one in answers)
        assert len({one["owner"] for one in answers}) == 1


async def test_scenario_plays_once_for_all() -> None:
    async with some_processes(3) as (_, all_of):
        first, second, third = all_of
        for number, starter in enumerate(all_of):
            world = f"w{number}"
            await starter.start(world, *TWICE)
            got = [await one.me(world) for one in (first, second, third, first, second)]
            assert got == [[429], [429], [200], [200], [200]]
            (listed,) = (await third.told(f"/~{world}/__admin/scenarios"))["scenarios"]
            assert (listed["met"], listed["given"]) == (5, [2, 3])
        assert await second.me("other") == [200]


async def test_concurrent_requests_share_answers() -> None:
    async with some_processes(3) as (_, all_of):
        await all_of[0].start("w", {"code": 429, "times": 20}, {"code": 500, "times": 10}, {"pass": True})
        got = await asyncio.gather(*(one.me("w", times=15) for one in all_of))
        statuses = sorted(status for some in got for status in some)
        assert statuses == [200] * 15 + [429] * 20 + [500] * 10


async def test_new_scenario_bypasses_the_cache() -> None:
    async with some_processes(3) as (_, all_of):
        for one in all_of:
            assert await one.me("w", times=2) == [200, 200]
        await all_of[0].start("w", {"code": 500})
        assert [await one.me("w") for one in all_of] == [[500]] * 3
        await all_of[1].ask("DELETE", "/~w/__admin/scenarios")
        assert [await one.me("w") for one in all_of] == [[200]] * 3


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/reset"), ("DELETE", "/"), ("DELETE", "/scenarios"), ("DELETE", "/scenarios/x")]
)
async def test_scenario_ends_everywhere(method: str, path: str) -> None:
    async with some_processes(3) as (_, all_of):
        for asked in all_of:
            await all_of[0].start("w", {"code": 500}, name="x")
            assert [await one.me("w") for one in all_of] == [[500]] * 3
            assert (await asked.ask(method, f"/~w/__admin{path}")).status_code == 200
            assert [await one.me("w") for one in all_of] == [[200]] * 3


async def test_refused_scenario_changes_nothing() -> None:
    async with some_processes(2) as (_, all_of):
        for asked in all_of:
            refused = await asked.ask("POST", "/~w/__admin/scenarios", json={"answers": [{"cod": 500}]})
            assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
        assert [await one.me("w") for one in all_of] == [[200]] * 2


async def test_limits_count_requests_to_all_processes_by_one_clock() -> None:
    async with some_processes(3, contract=LIMITS, admin_token="") as (_, all_of):
        headers = {"Authorization": "Bearer one"}
        await all_of[0].ask("POST", "/~w/__admin/clock", json={"now": NOW})
        got = [await one.ask("GET", "/~w/orders", headers=headers) for one in (*all_of, all_of[0])]
        assert [one.status_code for one in got] == [200, 200, 200, 429]
        assert got[-1].headers["retry-after"] == "45"
        assert [await one.told("/~w/__admin/clock") for one in all_of] == [{"now": NOW, "stands": True}] * 3
        await all_of[1].ask("POST", "/~w/__admin/clock", json={"advance_seconds": 45})
        assert (await all_of[2].ask("GET", "/~w/orders", headers=headers)).status_code == 200


async def test_key_has_its_answer_replayed_by_any_process() -> None:
    async with some_processes(2, contract=LIMITS) as (_, all_of):
        headers = {"Authorization": "Bearer one", "Idempotency-Key": "a"}
        got = [await one.ask("POST", "/~w/orders", json={"n": 1}, headers=headers) for one in all_of]
        assert [one.status_code for one in got] == [201, 201]
        assert [one.headers.get("idempotency-replayed") for one in got] == [None, "true"]


async def test_standing_scenario_is_everywhere() -> None:
    async with some_processes(3, scenario="rate-limited-then-ok") as (_, all_of):
        for world in ("a", "b"):
            assert [await one.me(world) for one in all_of] == [[429], [429], [200]]
        await all_of[0].ask("DELETE", "/~c/__admin/scenarios")
        assert [await one.me("c") for one in all_of] == [[200]] * 3


async def test_journal_has_what_any_process_answered_in_order_it_came() -> None:
    async with some_processes(3) as (_, all_of):
        for number, one in enumerate((*all_of, *all_of)):
            await one.ask("GET", f"/~w{ME}?n={number}", headers=INDIVIDUAL)
        await all_of[0].ask("POST", "/~w/nowhere", json={"name": "Ada"})
        await all_of[1].ask("GET", f"/~other{ME}", headers=INDIVIDUAL)
        for one in all_of:
            listed = await one.told("/~w/__admin/requests")
            assert listed["meta"] == {"total": 7}
            urls = [entry["request"]["url"] for entry in listed["requests"]]
            assert urls == ["/nowhere", *(f"{ME}?n={number}" for number in range(5, -1, -1))]
            newest, served = listed["requests"][0], listed["requests"][-1]
            assert (newest["request"]["body"], newest["wasMatched"]) == ('{"name":"Ada"}', False)
            assert newest["findings"][0]["rule"] == "path"
            assert (served["operationId"], served["reason"]) == ("customer_portal:customers:get", "fixture")
            assert await one.told(f"/~w/__admin/requests/{served['id']}") == served
            assert len({entry["id"] for entry in listed["requests"]}) == 7
            verified = await one.ask("POST", "/~w/__admin/requests/verify", json={"method": "GET", "times": 6})
            assert verified.status_code == 200, verified.text
            assert len((await one.told("/~w/__admin/requests.har"))["log"]["entries"]) == 7


async def test_entries_are_removed_everywhere() -> None:
    async with some_processes(2) as (_, all_of):
        for one in (*all_of, *all_of):
            await one.me("w")
            await one.ask("POST", "/~w/nowhere")
        total = [(await one.told("/~w/__admin/requests"))["meta"]["total"] for one in all_of]
        assert total == [8, 8]
        await all_of[0].ask("POST", "/~w/__admin/requests/remove", json={"method": "POST"})
        left = (await all_of[1].told("/~w/__admin/requests"))["requests"]
        assert [entry["request"]["method"] for entry in left] == ["GET"] * 4
        for entry in left[:2]:
            await all_of[1].ask("DELETE", f"/~w/__admin/requests/{entry['id']}")
        assert [(await one.told("/~w/__admin/requests"))["requests"] for one in all_of] == [left[2:]] * 2
        assert (await all_of[0].ask("DELETE", "/~w/__admin/requests")).json() == {}
        assert (await all_of[1].told("/~w/__admin/requests"))["requests"] == []


async def test_journal_has_its_size_whatever_number_of_processes() -> None:
    async with some_processes(3, journal_size=4) as (_, all_of):
        for number, one in enumerate((*all_of, *all_of)):
            await one.ask("GET", f"/~w{ME}?n={number}", headers=INDIVIDUAL)
        shown = (await all_of[0].told("/~w/__admin/requests"))["requests"]
        assert [entry["request"]["url"][-1] for entry in shown] == ["5", "4", "3", "2"]
        await all_of[1].ask("DELETE", f"/~w/__admin/requests/{shown[0]['id']}")
        left = (await all_of[2].told("/~w/__admin/requests"))["requests"]
        assert left == shown[1:]  # and none comes back that was too old


async def test_what_is_gathered_is_not_let_go_by_journal_that_has_it() -> None:
    async with some_processes(2) as (_, all_of):
        await all_of[0].me("w", times=3)
        held = all_of[0].application.worlds.get("w").journal
        before = [entry.kept.holders for entry in held]
        await all_of[0].told("/~w/__admin/requests")
        assert [entry.kept.holders for entry in held] == before


async def test_coverage_is_that_of_all_processes() -> None:
    async with some_processes(3) as (_, all_of):
        for one, handle in zip(all_of, ("individual", "expired", "rate_limited"), strict=True):
            headers = {"Authorization": f"Bearer polar_cst_{handle}"}
            await one.ask("GET", f"/~w{ME}", headers=headers)
            await one.ask("GET", f"/~v{ME}", headers=headers)
        for one in all_of:
            (operation,) = (await one.told("/~w/__admin/coverage"))["operations"]
            assert (operation["count"], operation["statuses"]["covered"]) == (3, ["200", "401", "429"])
            (together,) = (await one.told("/~w/__admin/coverage?worlds=all"))["operations"]
            assert together["count"] == 6
        await all_of[0].ask("DELETE", "/~w/__admin/")
        (operation,) = (await all_of[1].told("/~w/__admin/coverage"))["operations"]
        assert operation["count"] == 0
        (together,) = (await all_of[1].told("/~w/__admin/coverage?worlds=all"))["operations"]
        assert together["count"] == 6


@pytest.mark.parametrize("answer", [{"delay_ms": 1, "pass": True}, {"trickle": 1000000}, {"garble": "truncate"}])
async def test_faults_reach_client_of_any_process(answer: dict[str, Any]) -> None:
    async with some_processes(2) as (_, all_of):
        await all_of[0].start("w", answer)
        got = [await one.ask("GET", f"/~w{ME}", headers=INDIVIDUAL) for one in all_of]
        assert got[0].content == got[1].content
        assert got[0].headers.raw == got[1].headers.raw


async def test_body_and_all_headers_come_through() -> None:
    async with some_processes(2, contract=LIMITS) as (_, all_of):
        match = {"method": "POST", "headers": {"x-odd": {"equalTo": "å;b"}}, "body": {"/n": "\U0001f600"}}
        await all_of[0].start("w", {"body": {"number": 7}}, match=match)
        for one in all_of:
            headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
            odd = [*headers.items(), (b"X-Odd", "å;b".encode("latin-1"))]
            got = await one.ask("POST", "/~w/orders", content=json.dumps({"n": "\U0001f600"}), headers=odd)
            assert got.json() == {"number": 7}, got.text


# Who comes and goes


async def test_newcomer_continues_from_owner() -> None:
    async with some_processes(1, contract=LIMITS) as (processes, (first,)):
        headers = {"Authorization": "Bearer one"}
        worlds = [f"w{number}" for number in range(20)]
        for world in worlds:
            await first.ask("POST", f"/~{world}/__admin/clock", json={"now": NOW})
            answers = [{"body": {"number": n}, "times": 1} for n in range(3)]
            await first.start(world, *answers, match={"method": "POST"})
            for _ in range(2):
                assert (await first.ask("GET", f"/~{world}/orders", headers=headers)).status_code == 200
            ordered = await first.ask("POST", f"/~{world}/orders", json={}, headers={"Authorization": "Bearer two"})
            assert ordered.json() == {"number": 0}
        second = await processes.start(contract=LIMITS)
        owners = {(await first.told(f"/~{world}/__admin/peers"))["owner"] for world in worlds}
        assert len(owners) == 2
        for world in worlds:
            for one in (first, second):
                got = await one.ask("POST", f"/~{world}/orders", json={}, headers={"Authorization": "Bearer two"})
                assert got.json() == {"number": 1 if one is first else 2}
            statuses = [await one.status("GET", f"/~{world}/orders", headers=headers) for one in (second, first)]
            assert statuses == [200, 429]


async def test_leaving_process_hands_over() -> None:
    async with some_processes(3) as (_, (first, second, third)):
        world = await third.world()
        await first.start(world, {"code": 429, "times": 3}, {"pass": True})
        assert await first.me(world, times=2) == [429, 429]
        await third.peers.leave()
        assert len((await first.told("/__admin/peers"))["peers"]) == 1
        assert [await second.me(world), await first.me(world)] == [[429], [200]]
        assert await third.me(world) == [200]  # what still arrives there is passed on


async def test_answers_come_once_as_processes_change() -> None:
    async with some_processes(2) as (processes, asked):
        worlds = [f"w{number}" for number in range(6)]
        for world in worlds:
            await asked[0].start(world, {"code": 429, "times": 60}, {"code": 500})
        statuses: dict[str, list[int]] = {world: [] for world in worlds}

        async def ask(world: str, turn: int) -> None:
            while len(statuses[world]) < 120:
                statuses[world] += await asked[turn % len(asked)].me(world)
                turn += 1

        clients = [asyncio.create_task(ask(world, turn)) for turn, world in enumerate(worlds * 3)]
        for _ in range(3):
            asked.append(await processes.start())
            await asyncio.sleep(0)
            leaving = asked.pop(0)
            await leaving.peers.leave()
        await asyncio.gather(*clients)
        assert {world: some.count(429) for world, some in statuses.items()} == dict.fromkeys(worlds, 60)


async def test_worlds_of_lost_process_start_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with some_processes(3) as (_, (first, second, third)):
        world = await third.world()
        await second.start(world, *TWICE)
        assert await first.me(world, times=3) == [429, 429, 200]
        third.peers.end()
        with caplog.at_level(logging.WARNING):
            assert await first.me(world) == [429]
            assert await second.me(world, times=2) == [429, 200]
        (told,) = [one.message for one in caplog.records]
        assert "is gone (Connection refused); in 1 worlds scenarios restart here" in told


async def test_clock_outlives_its_owner() -> None:
    async with some_processes(3) as (_, (first, second, third)):
        world = await third.world()
        await first.ask("POST", f"/~{world}/__admin/clock", json={"now": NOW})
        third.peers.end()
        assert [await one.told(f"/~{world}/__admin/clock") for one in (first, second)] == [
            {"now": NOW, "stands": True}
        ] * 2


ALONE = """
import asyncio, sys
import httpx
from mock_server.server.application import Application
from mock_server.settings import Settings

async def ask() -> None:
    transport = httpx.ASGITransport(Application(Settings()), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        scenario = {"answers": [{"code": 429}]}
        assert (await client.post("/__admin/scenarios", json=scenario)).status_code == 201
        assert (await client.get("/v1/customer-portal/customers/me")).status_code == 401
        assert (await client.get("/__admin/peers")).status_code == 404
        assert (await client.post("/__admin/peers/ping", json={})).status_code == 404

asyncio.run(ask())
print([name for name in sys.modules if name.startswith("mock_server.server.cluster")])
"""


def test_single_server_imports_no_cluster() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
