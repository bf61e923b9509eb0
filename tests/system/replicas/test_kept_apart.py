"""Replicas that have a hub in common and nothing else, and one whose clock is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random

import pytest

from tests.support.case_files import case_path
from tests.support.customers import ME
from tests.support.replica_client import ReplicaClient
from tests.support.server_process import RunningServer
from tests.support.valkey_server import RunningValkey

pytestmark = [pytest.mark.store, pytest.mark.usefixtures("own_cache")]
AHEAD = """
import sys, time
now, now_ns = time.time, time.time_ns
time.time = lambda: now() + 60
time.time_ns = lambda: now_ns() + 60_000_000_000
from mock_server.cli import main
main(sys.argv[1:])
"""
"""A server on a machine whose clock is a minute ahead."""


@contextmanager
def replica(*arguments: str, program: list[str] | None = None) -> Iterator[tuple[RunningServer, ReplicaClient]]:
    with RunningServer(*arguments, program=program) as server, ReplicaClient(server.url) as client:
        yield server, client


def assert_apart(first: ReplicaClient, second: ReplicaClient) -> None:
    """Stage the same world at both, which have turns, journal and clock of their own there."""
    assert first.stage("w").status_code == 201
    assert [first.turn("w"), second.turn("w")] == [1, 0]
    assert second.stage("w").status_code == 201
    assert [second.turn("w"), first.turn("w"), second.turn("w")] == [1, 2, 2]
    assert [first.count("w"), second.count("w")] == [2, 3]
    first.admin("POST", "/~w/__admin/clock", {"now": "2026-01-01T00:00:00Z"})
    assert second.told("/~w/__admin/clock")["stands"] is False
    first.admin("POST", "/~w/__admin/reset")
    assert [first.turn("w"), second.turn("w")] == [0, 3]
    first.admin("DELETE", "/~w/__admin/")
    assert [first.count("w"), second.count("w")] == [0, 4]


def test_servers_of_different_seeds_share_nothing(hub: RunningValkey, store: tuple[str, str]) -> None:
    with replica("--hub", hub.url, *store) as (_, one), replica("--hub", hub.url, *store, "--seed", "7") as (_, two):
        assert_apart(one, two)


OTHERS = {
    "contract": (str(case_path("limits")),),
    "examples": ("--dynamic",),
    "properties": ("--no-fill-properties",),
    "scenario": ("--scenario", "rate-limited-then-ok"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_servers_that_answer_differently_say_so_once(hub: RunningValkey, store: tuple[str, str], other: str) -> None:
    with (
        replica("--hub", hub.url, *store) as (first, one),
        replica("--hub", hub.url, *store, *OTHERS[other]) as (second, two),
    ):
        unseen = two.told("/~unseen/__admin/scenarios")["scenarios"]
        assert one.stage("w").status_code == 201
        assert [one.turn("w"), one.count("w"), two.count("w")] == [1, 1, 0]
        assert two.told("/~w/__admin/scenarios")["scenarios"] == unseen
        assert (second.stop(), first.stop()) == (0, 0)
    warnings = [
        [line for line in server.errors.splitlines() if "other contracts" in line] for server in (second, first)
    ]
    assert len(warnings[0]) == 1, second.errors  # who comes later sees the other at its start
    assert len(warnings[1]) <= 1, first.errors


def test_databases_of_one_server_share_nothing(hub: RunningValkey, store: tuple[str, str]) -> None:
    with (
        replica("--hub", f"{hub.url}/0", *store) as (first, one),
        replica("--hub", f"{hub.url}/1", *store) as (second, two),
    ):
        assert_apart(one, two)
        assert (first.stop(), second.stop()) == (0, 0)
    assert (first.errors, second.errors) == ("", "")


def test_wrong_clock_of_machine_changes_nothing(hub: RunningValkey, store: tuple[str, str]) -> None:
    contract = str(case_path("limits"))
    ahead = [sys.executable, "-c", AHEAD]
    with ExitStack() as stack:
        _, one = stack.enter_context(replica(contract, "--hub", hub.url, *store))
        _, two = stack.enter_context(replica(contract, "--hub", hub.url, *store, program=ahead))
        moments = [client.told("/~w/__admin/clock")["now"] for client in (one, two, one)]
        assert moments == sorted(moments)
        # The clock of the world stands from here on at a quarter of a window, and moves by what either is told.
        two.admin("POST", "/~w/__admin/clock", {"now": "2026-01-01T00:00:15Z"})
        draw = Random(3)
        answers = [
            draw.choice((one, two)).client.get("/~w/orders", headers={"Authorization": "Bearer t"}) for _ in range(5)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert {answer.headers["ratelimit-reset"] for answer in answers} == {"45"}
        one.admin("POST", "/~w/__admin/clock", {"advance_seconds": 45})
        assert two.client.get("/~w/orders", headers={"Authorization": "Bearer t"}).status_code == 200


def test_journal_is_in_order_of_hub_whatever_clocks_say(hub: RunningValkey, store: tuple[str, str]) -> None:
    ahead = [sys.executable, "-c", AHEAD]
    with ExitStack() as stack:
        _, one = stack.enter_context(replica("--hub", hub.url, *store))
        _, two = stack.enter_context(replica("--hub", hub.url, *store, program=ahead))
        for number in range(10):
            (one, two)[number % 2].client.get(f"/~w{ME}", params={"page": str(number)})
        for client in (one, two):
            found = client.admin("POST", "/~w/__admin/requests/find", {}).json()["requests"]
            assert [entry["url"].partition("=")[2] for entry in found] == [str(number) for number in range(10)]
