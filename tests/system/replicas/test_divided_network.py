"""A replica that is parted from the hub while another one is not: what it says meanwhile, and that all agree then."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.support.divided_network import APART, DividedNetwork, can_run_apart, run_apart
from tests.support.polling import until
from tests.support.replica_client import ReplicaClient, assert_try_again
from tests.support.server_process import RunningServer
from tests.support.tcp_relay import Relay
from tests.support.valkey_server import DURABLE, RunningValkey

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("own_cache")]
AT_ONCE = 1.0
PATIENCE = 3.0
"""Seconds that a hub may take to answer."""
HEALED = 10.0
"""Seconds after which all is as ever once the network is whole."""
TOKEN = "s3cret"


@dataclass(frozen=True)
class Place:
    """Two replicas, one of which can be parted from the hub, and how."""

    here: ReplicaClient
    there: ReplicaClient
    part: Callable[[], None]
    join: Callable[[], None]


@contextmanager
def joined_by_relay(directory: Path, *, forgotten: bool) -> Iterator[Place]:
    """Part by a relay that holds what is sent, and then delivers it, or leads only new connections on."""
    store = ("--store", f"sqlite:///{directory}/records.db")
    with ExitStack() as stack:
        hub = stack.enter_context(RunningValkey(directory, *DURABLE))
        relay = stack.enter_context(Relay(hub.port))
        servers = [RunningServer("--hub", f"redis://127.0.0.1:{port}", *store) for port in (hub.port, relay.port)]
        for server in servers:
            stack.enter_context(server)
        here, there = (stack.enter_context(ReplicaClient(server.url)) for server in servers)
        yield Place(here, there, relay.cut, lambda: relay.join(forgotten=forgotten))
        assert_stopped(*servers)


@contextmanager
def joined_by_bridge(directory: Path) -> Iterator[Place]:
    """Part by a bridge that drops what two hosts send each other."""
    store = ("--store", f"sqlite:///{directory}/records.db")
    with ExitStack() as stack:
        network = stack.enter_context(DividedNetwork())
        hosts = [network.host() for _ in range(3)]
        first = hosts[0]
        hub = stack.enter_context(RunningValkey(directory, *DURABLE, host=first.address, before=first.before))
        servers = []
        for host in hosts[1:]:
            options = ("--hub", hub.url, *store, "--host", host.address, "--admin-token", TOKEN)
            program = [*host.before, sys.executable, "-m", "mock_server"]
            servers.append(stack.enter_context(RunningServer(*options, program=program)))
        here, there = (stack.enter_context(ReplicaClient(server.url, TOKEN)) for server in servers)
        parted = (first, hosts[2])
        yield Place(here, there, lambda: network.part(*parted), lambda: network.join(*parted))
        assert_stopped(*servers)


def assert_stopped(*servers: RunningServer) -> None:
    for server in servers:
        assert (server.stop(), "Traceback" in server.errors) == (0, False), server.errors


@pytest.mark.parametrize("forgotten", [False, True], ids=["held", "forgotten"])
def test_replica_behind_cut_relay(tmp_path: Path, forgotten: bool) -> None:
    with joined_by_relay(tmp_path, forgotten=forgotten) as place:
        assert_parts_agree_when_joined(place)


@pytest.mark.skipif(not can_run_apart(), reason="this machine lets no program have a network of its own")
def test_replica_behind_bridge(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if APART not in os.environ:
        done = run_apart(request.node.nodeid)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    with joined_by_bridge(tmp_path) as place:
        assert_parts_agree_when_joined(place)


def assert_parts_agree_when_joined(place: Place) -> None:
    here, there = place.here, place.there
    for world in ("w", "ended"):
        assert here.stage(world).status_code == 201
        assert [here.turn(world), there.turn(world)] == [1, 2]
    assert [here.turn("plain"), there.turn("plain")] == [0, 0]

    place.part()
    began = monotonic()
    assert [there.turn("w") for _ in range(3)] == [-1] * 3
    assert monotonic() - began < 3 * (PATIENCE + AT_ONCE)
    until(lambda: not there.is_ready())
    assert there.slowest("plain", 20) < AT_ONCE
    assert_try_again(there.stage("nobodys"))
    assert_try_again(there.admin("GET", "/~w/__admin/scenarios"))
    # The part with the hub goes on, and waits for no other.
    assert here.is_ready()
    assert here.slowest("plain", 20) < AT_ONCE
    turns = [here.turn("w") for _ in range(3)]
    assert turns == sorted({*turns})
    began = monotonic()
    assert here.stage("new").status_code == 201
    assert here.admin("POST", "/~ended/__admin/reset").status_code == 200
    assert monotonic() - began < AT_ONCE
    assert [here.turn("new"), here.turn("ended")] == [1, 0]

    place.join()
    joined = monotonic()
    until(there.is_ready, HEALED)
    until(lambda: there.turn("new") > 0, HEALED)
    assert monotonic() - joined < HEALED
    assert there.turn("ended") == 0
    after = [there.turn("w"), here.turn("w"), there.turn("w")]
    # What was given up may have been heard all the same, and is nobody's then; no turn is given twice.
    assert [*turns, *after] == sorted({*turns, *after})
    assert after[-1] <= 2 + 3 + len(turns) + len(after)
    assert [here.count("plain"), there.count("plain")] == [42, 42]
    assert here.told("/~nobodys/__admin/scenarios")["scenarios"] == []
    assert here.told("/~w/__admin/scenarios") == there.told("/~w/__admin/scenarios")
