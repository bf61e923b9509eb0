"""A hub that is killed, frozen, full or empty while replicas serve: what depends on it waits or is a 503, no more."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from time import monotonic

import httpx
import pytest

from tests.support.polling import until
from tests.support.replica_client import ReplicaClient, assert_try_again
from tests.support.replicas import Replicas
from tests.support.valkey_server import RunningValkey

pytestmark = pytest.mark.store
PATIENCE = 3.0
"""Seconds that a hub may take to answer."""
AT_ONCE = 1.0
"""Seconds that a request may take for which the hub is not needed, on a machine that others use."""
Pair = tuple[ReplicaClient, ReplicaClient]


def test_killed_hub_stops_only_what_depends_on_it(pair: Pair, hub: RunningValkey, two: Replicas) -> None:
    first, second = pair
    assert first.stage("w").status_code == 201
    assert [first.turn("w"), second.turn("w"), first.turn("plain"), second.turn("plain")] == [1, 2, 0, 0]
    hub.end(signal.SIGKILL)
    for replica in pair:
        assert [replica.turn("w") for _ in range(3)] == [-1] * 3
        assert replica.ask("w").json()["type"] == "urn:mock-server:problem:hub-lost"
        assert replica.slowest("plain", 20) < AT_ONCE
        assert replica.slowest("never-seen", 20) < AT_ONCE
        until(lambda replica=replica: not replica.is_ready())  # type: ignore[misc]
        assert replica.client.get("/__admin/health/live").status_code == 200
        assert_try_again(replica.stage("another"))
        assert_try_again(replica.admin("GET", "/~w/__admin/scenarios"))
        assert_try_again(replica.admin("POST", "/~w/__admin/reset"))
    hub.start()
    until(lambda: all(replica.is_ready() for replica in pair))
    assert [second.turn("w"), first.turn("w")] == [3, 4]
    assert [first.count("plain"), second.count("plain"), first.count("never-seen")] == [42, 42, 40]
    assert second.stage("another").status_code == 201
    assert [first.turn("another"), second.turn("another")] == [1, 2]
    for stopped in two.all:
        assert stopped.stop() == 0
        lines = [line for line in stopped.errors.splitlines() if "hub" in line]
        assert 1 <= len(lines) <= 2, stopped.errors  # lost, and there again


def test_frozen_hub_keeps_nobody_waiting_who_needs_none(pair: Pair, hub: RunningValkey) -> None:
    first, second = pair
    first.stage("w")
    turns = [first.turn("w"), second.turn("w"), first.turn("plain") + 2, second.turn("plain") + 2]
    with ExitStack() as stack, ThreadPoolExecutor(60) as pool:
        clients = [stack.enter_context(ReplicaClient(str(replica.client.base_url))) for replica in pair * 25]
        stack.enter_context(hub.frozen())
        began = monotonic()
        asked = [pool.submit(client.turn, "w") for client in clients]
        staged = pool.submit(first.stage, "late")
        assert max(replica.slowest("plain", 50) for replica in pair) < AT_ONCE
        given = [one.result() for one in asked]
        assert_try_again(staged.result())
        assert monotonic() - began < 3 * PATIENCE
        assert {*given} == {-1}
    until(lambda: all(replica.is_ready() for replica in pair))
    turns += [first.turn("w"), second.turn("w")]
    assert turns == [1, 2, 2, 2, *sorted(turns[4:])]
    # A question that was given up may have been heard all the same.
    assert turns[4] > 2
    assert turns[5] <= 2 + len(given) + 2


def test_briefly_slow_hub_is_waited_for(pair: Pair, hub: RunningValkey) -> None:
    pair[0].stage("w")
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(hub.command, "DEBUG", "SLEEP", "1")
        asked = [pool.submit(replica.turn, "w") for replica in pair * 3]
        assert sorted(one.result() for one in asked) == [1, 2, 3, 4, 5, 6]
        slow.result()


CHANGES: dict[str, Callable[[ReplicaClient], httpx.Response]] = {
    "ask": lambda replica: replica.ask("w"),
    "stage": lambda replica: replica.stage("new"),
    "reset": lambda replica: replica.admin("POST", "/~w/__admin/reset"),
    "clock": lambda replica: replica.admin("POST", "/~w/__admin/clock", {"now": "2026-01-01T00:00:00Z"}),
    "forget": lambda replica: replica.admin("DELETE", "/~w/__admin/"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_full_hub_refuses_for_the_time_being(pair: Pair, hub: RunningValkey, change: str) -> None:
    """What needs no room, or found some, is done and known to all."""
    first, second = pair
    first.stage("w")
    assert [first.turn("w"), second.turn("w"), second.turn("plain")] == [1, 2, 0]
    hub.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    hub.command("SETRANGE", "of-others", "2000000", "x")
    hub.command("CONFIG", "SET", "maxmemory", "1mb")
    answer = CHANGES[change](second)
    assert second.slowest("plain", 20) < AT_ONCE
    is_refused = answer.status_code == 503
    if is_refused:
        assert_try_again(answer)
        assert answer.json()["type"] == "urn:mock-server:problem:hub-full"
    else:
        assert (change == "ask", answer.status_code // 100) == (False, 2)
    hub.command("CONFIG", "SET", "maxmemory", "0")
    until(lambda: all(replica.is_ready() for replica in pair))
    turns = [0, 0] if change in ("reset", "forget") and not is_refused else [3, 4]
    assert [first.turn("w"), second.turn("w")] == turns
    clocks = [replica.told("/~w/__admin/clock")["stands"] for replica in pair]
    assert clocks == [change == "clock" and not is_refused] * 2
    assert [first.turn("new"), second.turn("new")] == ([1, 2] if change == "stage" and not is_refused else [0, 0])


def test_empty_hub_is_begun_anew(pair: Pair, hub: RunningValkey) -> None:
    """All that was staged is gone with a server that kept nothing: everybody says so, nobody fails."""
    first, second = pair
    first.stage("w")
    assert [first.turn("w"), second.turn("w")] == [1, 2]
    hub.command("FLUSHALL")
    assert [first.turn("w"), second.turn("w")] == [0, 0]
    assert second.stage("w").status_code == 201
    assert [first.turn("w"), second.turn("w")] == [1, 2]


def test_hub_that_restarts_without_scripts_has_them_again(pair: Pair, hub: RunningValkey) -> None:
    first, second = pair
    first.stage("w")
    turns = [first.turn("w"), second.turn("w")]
    for how in (signal.SIGKILL, signal.SIGTERM):
        hub.restart(how)
        until(lambda: all(replica.is_ready() for replica in pair))
        turns += [second.turn("w"), first.turn("w")]
    assert turns == [1, 2, 3, 4, 5, 6]
    assert first.count("w") == 6
