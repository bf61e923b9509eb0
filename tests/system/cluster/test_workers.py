"""Workers of one server on the wire: whichever of them a connection leads to, and whichever is killed."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import pytest

from tests.support.customers import INDIVIDUAL, ME
from tests.support.http_exchange import asked
from tests.support.server_process import RunningServer
from tests.support.worker_connection import Connected
from tests.support.worker_processes import workers_of

pytestmark = pytest.mark.usefixtures("own_cache")
_NUMBERS = count()


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with RunningServer("--workers", "2") as running:
        yield running


def workers(server: RunningServer, stack: ExitStack, world: str) -> tuple[Connected, Connected]:
    """The owner of a world and the other worker."""
    found: dict[str, Connected] = {}
    while len(found) < 2:
        one = stack.enter_context(Connected(server.url))
        found.setdefault(one.name, one)
    first, second = found.values()
    return (first, second) if first.owns(world) else (second, first)


def process_of(worker: Connected, server: RunningServer) -> psutil.Process:
    """The process that a connection leads to."""
    stream = worker.client.get("/__admin/health").extensions["network_stream"]
    port = stream.get_extra_info("client_addr")[1]
    (found,) = [one for one in workers_of(server) if port in ports_asked(one)]
    return found


def names_of(server: RunningServer) -> set[str]:
    """The workers, as one of them sees it; none where that one is just gone."""
    return next(iter(view_of_one(server).values()), set())


def view_of_one(server: RunningServer) -> dict[str, set[str]]:
    """By the name of whichever worker is asked, the workers as it sees it."""
    try:
        told = json.loads(asked(server.url, {"path": "/__admin/peers"}).body)
    except (OSError, HTTPException):
        return {}
    return {told["name"]: {told["name"], *(one["name"] for one in told["peers"])}}


def ports_asked(worker: psutil.Process) -> set[int]:
    return {one.raddr.port for one in worker.net_connections() if one.raddr}


def test_it_does_not_matter_to_which_worker_connection_leads(server: RunningServer) -> None:
    with ExitStack() as stack:
        owner, other = workers(server, stack, "w")
        other.start("w", {"code": 429, "times": 2}, {"pass": True})
        assert [*other.me("w"), *owner.me("w"), *other.me("w"), *owner.me("w")] == [429, 429, 200, 200]
        for one in (owner, other):
            assert one.client.post("/~w/__admin/requests/verify", json={"times": 4}).status_code == 200
            assert one.told("/~w/__admin/coverage")["operations"][0]["count"] == 4
        other.client.post("/~w/__admin/reset")
        assert [*owner.me("w"), *other.me("w")] == [200, 200]
        assert owner.told("/~w/__admin/requests")["meta"] == {"total": 2}
    assert server.stop() == 0
    assert server.errors == ""


def test_worker_sockets_are_private_and_removed() -> None:
    with TemporaryDirectory() as place:  # a path of pytest's is too long for a socket
        with RunningServer("--workers", "2", env={"TMPDIR": place}) as server:
            sockets = [*Path(place).glob("*/*.sock")]
            assert len(sockets) == 2
            assert {stat.S_IMODE(one.parent.stat().st_mode) for one in sockets} == {0o700}
            assert httpx.post(f"{server.url}/__admin/peers/ping", json={"name": "x"}).status_code == 404
            assert server.stop() == 0
        assert [*Path(place).iterdir()] == []


def test_killed_worker_loses_its_scenarios(server: RunningServer) -> None:
    with ExitStack() as stack:
        owner, other = workers(server, stack, "w")
        other.start("w", {"code": 429, "times": 2}, {"pass": True})
        assert other.me("w", times=3) == [429, 429, 200]
        process_of(owner, server).kill()
        assert other.me("w", times=3) == [429, 429, 200]
        while other.others() <= {owner.name}:  # until another has taken its place
            pass
        assert other.me("w") == [200]  # whoever owns the world now
    assert server.stop() == 0
    told = server.errors.splitlines()
    assert sorted(line.partition(" ")[0] for line in told) == ["WARNING:", "WARNING:"]
    assert sum("in 1 worlds scenarios restart here" in line for line in told) == 1


def test_worker_that_comes_while_scenario_runs_joins_in(server: RunningServer) -> None:
    with ExitStack() as stack:
        owner, other = workers(server, stack, "w")
        worlds = [f"w{number}" for number in range(8)]
        for world in worlds:
            owner.start(world, {"code": 429, "times": 4}, {"pass": True})
            owned = owner.owns(world)
            assert owner.me(world, times=2) == [429, 429], owned
        mine = [world for world in worlds if owner.owns(world)]
        process_of(other, server).kill()
        while owner.others() <= {other.name}:
            pass
        newcomer = next(
            one for one in iter(lambda: stack.enter_context(Connected(server.url)), None) if one.name != owner.name
        )
        for world in mine:  # some are the newcomer's now, with what was given before
            assert [*newcomer.me(world), *owner.me(world, times=2)] == [429, 429, 200]


def test_no_request_misses_scenario_while_workers_are_killed(server: RunningServer) -> None:
    """Only a request that was under way in the worker that was killed may be lost."""
    httpx.post(f"{server.url}/~w/__admin/scenarios", json={"answers": [{"code": 500}]})
    statuses: Counter[int] = Counter()
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                statuses[asked(server.url, {"path": f"/~w{ME}", "headers": INDIVIDUAL}).status] += 1
            except (OSError, HTTPException):
                statuses[0] += 1

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    try:
        for _ in range(3):
            before = names_of(server)
            workers_of(server)[0].kill()
            so_far = statuses.total()
            # The last one that knows of the scenario must not be killed: wait until each of two has met the other.
            views: dict[str, set[str]] = {}
            while statuses.total() < so_far + 30 or not any(
                len(now) == 2 and now != before and all(views.get(name) == now for name in now)
                for now in views.values()
            ):
                assert all(client.is_alive() for client in clients)
                views |= view_of_one(server)
    finally:
        is_over.set()
        for client in clients:
            client.join(30)
    lost = statuses.pop(0, 0)
    assert {*statuses} == {500}
    assert lost <= 3 * len(clients)


@pytest.mark.slow
def test_stopped_worker_is_awaited_once(server: RunningServer) -> None:
    with ExitStack() as stack:
        owner, other = workers(server, stack, "w")
        other.start("w", {"code": 429, "times": 2}, {"pass": True})
        assert other.me("w") == [429]
        still = process_of(owner, server)
        still.suspend()
        try:
            assert other.me("w", times=3) == [429, 429, 200]
            assert other.others() == set()
            assert other.client.get("/~w/__admin/requests").elapsed.total_seconds() < 1
        finally:
            still.resume()
        while not other.others():
            pass
        # It has its world again, and what happened to that meanwhile.
        assert other.owns("w") is False
        assert [*owner.me("w"), *other.me("w")] == [200, 200]


def test_workers_cope_with_long_temporary_paths(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 100)
    place.mkdir()
    with RunningServer("--workers", "2", env={"TMPDIR": str(place)}) as server, ExitStack() as stack:
        _, other = workers(server, stack, "w")
        other.start("w", {"code": 429, "times": 1}, {"pass": True})
        assert other.me("w", times=2) == [429, 200]
        assert server.stop() == 0
    assert [*place.iterdir()] == []


def test_workers_that_have_nowhere_to_talk_are_reported() -> None:
    script = (
        "import tempfile\n"
        "tempfile.gettempdir = lambda: '/nowhere'\n"
        "from mock_server.cli import main\n"
        "main(['serve', '--port', '0', '--workers', '2'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Name one in the variable TMPDIR" in done.stderr
