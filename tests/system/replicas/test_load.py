"""Five hundred worlds that eight clients use at any of three replicas, undisturbed and while processes are killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

import pytest

from tests.support.haproxy import HAProxy
from tests.support.replicas import Replicas
from tests.support.server_process import RunningServer
from tests.support.sprayed_load import SprayedLoad
from tests.support.valkey_server import RunningValkey
from tests.support.worker_processes import workers_of
from tests.support.world_ledger import written_contract

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("own_cache")]
WORLDS = 500
KILLS = 20
BETWEEN = 150
"""Requests that are answered between two faults."""


@pytest.fixture
def replicas(hub: RunningValkey, store: tuple[str, str], tmp_path: Path) -> Iterator[Replicas]:
    with Replicas(3, written_contract(tmp_path), "--hub", hub.url, *store) as replicas:
        yield replicas
    assert "Traceback" not in replicas.errors


@pytest.fixture
def load(replicas: Replicas) -> Iterator[SprayedLoad]:
    """Clients of each replica, and of a load balancer before all."""
    with ExitStack() as stack:
        balancer = stack.enter_context(HAProxy(replicas.ports))
        load = SprayedLoad([*replicas.urls, balancer.url])
        stack.callback(load.close)
        yield load


def test_no_world_sees_anything_of_another(load: SprayedLoad) -> None:
    for names in load.batches(WORLDS):
        ledgers = load.run(names)
        assert load.contradictions(ledgers) == []
    print(load.statuses)
    assert load.misses == []
    assert {*load.statuses} == {200, 201, 429}


def test_nothing_acknowledged_is_lost_while_processes_are_killed(
    load: SprayedLoad, replicas: Replicas, hub: RunningValkey
) -> None:
    with ThreadPoolExecutor(1) as killer:
        faults = killer.submit(kill_one_after_other, load, replicas, hub)
        for names in load.batches(WORLDS, lambda: not faults.done()):
            load.run(names)
        faults.result()
    assert_ledgers(load)


def assert_ledgers(load: SprayedLoad) -> None:
    """Hold what all clients were told against what the worlds are now."""
    print(load.statuses)
    contradictions = load.contradictions(load.worlds)
    print(*contradictions, sep="\n")
    assert contradictions == []
    assert load.misses == []
    assert load.unfit == []
    assert {*load.statuses} <= {0, 200, 201, 409, 429, 502, 503, 504}


def test_nothing_acknowledged_is_lost_while_workers_are_killed(tmp_path: Path) -> None:
    with (
        RunningServer("--workers", "2", written_contract(tmp_path)) as server,
        closing(SprayedLoad([server.url], reconnects=True)) as load,
        ThreadPoolExecutor(1) as killer,
    ):
        faults = killer.submit(kill_workers, load, server)
        for names in load.batches(WORLDS // 5, lambda: not faults.done()):
            load.run(names)
        faults.result()
        assert_ledgers(load)
        assert server.stop() == 0
    assert "Traceback" not in server.errors


def kill_workers(load: SprayedLoad, server: RunningServer) -> None:
    draw = Random(2)
    for _ in range(KILLS):
        load.wait_for_answers(BETWEEN)
        draw.choice(workers_of(server)).kill()


def kill_one_after_other(load: SprayedLoad, replicas: Replicas, hub: RunningValkey) -> None:
    """Kill replicas twenty times, and in between end the hub, each time when there were answers after the last time."""
    draw = Random(2)
    for number in range(1, KILLS + 1):
        load.wait_for_answers(BETWEEN)
        draw.choice(replicas.all).restart()
        if number % 5 == 0:
            load.wait_for_answers(BETWEEN)
            hub.restart(signal.SIGTERM if number == KILLS else signal.SIGKILL)
