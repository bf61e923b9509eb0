"""NGINX, HAProxy and Envoy as they are configured in deploy/load-balancing: each world meets one replica."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.support.customers import INDIVIDUAL, ME
from tests.support.http_exchange import asked
from tests.support.load_balancers import LOAD_BALANCERS, load_balanced
from tests.support.polling import until
from tests.support.server_process import RunningServer

pytestmark = pytest.mark.deploy

each_load_balancer = pytest.mark.parametrize("name", LOAD_BALANCERS)


@contextmanager
def running_replicas() -> Iterator[Sequence[RunningServer]]:
    """Three servers that share nothing, so that a journal says who answered."""
    with ExitStack() as stack:
        yield [stack.enter_context(RunningServer("--workers", "1")) for _ in range(3)]


@pytest.fixture(scope="module")
def replicas() -> Iterator[Sequence[RunningServer]]:
    with running_replicas() as servers:
        yield servers


@contextmanager
def client_of(name: str, directory: Path, replicas: Sequence[RunningServer]) -> Iterator[httpx.Client]:
    """Start a load balancer; yield a client of it when it has found all replicas."""
    numbers = count()
    before = [*map(answered, replicas)]

    def has_found_all() -> bool:
        is_answered(client, f"/~{name}-{next(numbers)}{ME}")
        return all(number > previous for number, previous in zip(map(answered, replicas), before, strict=True))

    with (
        load_balanced(name, directory, [replica.url for replica in replicas]) as url,
        httpx.Client(base_url=url) as client,
    ):
        until(has_found_all)
        yield client


def is_answered(client: httpx.Client, path: str) -> bool:
    return client.get(path, headers=INDIVIDUAL).status_code == 200


def answered(replica: RunningServer) -> int:
    """Return how many requests a replica has answered, of all worlds."""
    metrics = asked(replica.url, {"path": "/__admin/metrics"}).body.decode()
    return sum(int(float(number)) for number in re.findall(r"(?m)^mock_server_requests_total\{.*\} (\S+)$", metrics))


def entries(replica: RunningServer, world: str) -> int:
    """Return how many requests of a world a replica has answered."""
    listed = json.loads(asked(replica.url, {"path": f"{world}/__admin/requests"}).body)
    total: int = listed["meta"]["total"]
    return total


def homes(replicas: Sequence[RunningServer], worlds: Sequence[str], times: int) -> dict[str, int]:
    """Return which replica answered so many requests of each world; the others answered none."""
    rows = {world: [entries(replica, world) for replica in replicas] for world in worlds}
    assert {tuple(sorted(row)) for row in rows.values()} == {(*(0,) * (len(replicas) - 1), times)}
    return {world: row.index(times) for world, row in rows.items()}


@each_load_balancer
def test_each_world_meets_one_replica(name: str, replicas: Sequence[RunningServer], tmp_path: Path) -> None:
    worlds = [f"/~of-{name}-{number}" for number in range(30)]
    with client_of(name, tmp_path, replicas) as client:
        for query in ("", "?a=1", "?b=/~other/"):
            assert all(is_answered(client, f"{world}{ME}{query}") for world in worlds)
        assert all(is_answered(client, world.replace("~", "%7E") + ME) for world in worlds)
        assert {*homes(replicas, worlds, 4).values()} == {0, 1, 2}
        # So a test finds through the load balancer what it sent through it.
        assert client.post(f"{worlds[0]}/__admin/requests/count", json={}).json()["count"] == 4


@each_load_balancer
def test_world_without_name_meets_all_replicas(name: str, replicas: Sequence[RunningServer], tmp_path: Path) -> None:
    before = [entries(replica, "") for replica in replicas]
    with client_of(name, tmp_path, replicas) as client:
        assert all(is_answered(client, f"{ME}?number={number}") for number in range(60))
    met = [entries(replica, "") - previous for replica, previous in zip(replicas, before, strict=True)]
    assert sum(met) == 60
    assert min(met) > 5


@each_load_balancer
def test_only_worlds_of_lost_replica_move(name: str, tmp_path: Path) -> None:
    worlds = [f"/~w-{number}" for number in range(30)]
    with running_replicas() as replicas, client_of(name, tmp_path, replicas) as client:
        assert all(is_answered(client, world + ME) for world in worlds)
        homes_before = homes(replicas, worlds, 1)
        assert {*homes_before.values()} == {0, 1, 2}
        lost = replicas[1]
        lost.stop()
        for world in worlds:
            if name == "nginx":  # which asks nobody else: the first answers are 502
                until(partial(is_answered, client, world + ME))
            else:
                assert is_answered(client, world + ME)
        rest = [replicas[0], replicas[2]]
        stayed = [world for world in worlds if homes_before[world] != 1]
        assert homes(rest, stayed, 2) == {world: homes_before[world] // 2 for world in stayed}
        moved = [world for world in worlds if homes_before[world] == 1]
        assert {*homes(rest, moved, 1).values()} == {0, 1}
