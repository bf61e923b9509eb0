"""Servers, workers and PostgreSQL that are killed, frozen and parted under load.

Whatever happens: what was acknowledged is there, nobody reads what is older than 200 ms, every request has an answer
within the store's patience, and once all is well again everybody is answered as ever.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import psutil
import pytest

from mock_server.storage import open_stores
from mock_server.storage.sql.driver import LONGEST
from tests.support.postgresql import Postgres, running
from tests.support.server_process import RunningServer
from tests.support.store_load import Load
from tests.support.tcp_relay import Relay

pytestmark = pytest.mark.chaos

ANSWERED = 2 * LONGEST + 1
"""Seconds within which every request has an answer: a call that takes too long is given up, once for the connection
that there is and once for another one."""
BACK = 5.0
"""Seconds after which all is as ever once a fault is over."""
FROZEN = LONGEST + 1
"""Seconds for which a process is frozen."""
BEFORE = 0.5
"""Seconds of load before a fault, and after all is well again."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server to be killed and frozen, which each test leaves as it was."""
    with running() as server:
        yield server


class Place:
    """Two servers over one PostgreSQL, as if on two machines: one of two workers, and one that asks it by a relay."""

    def __init__(self, postgres: Postgres, address: str, relay: Relay, machines: Path) -> None:
        self.postgres = postgres
        self.address = address
        self.relay = relay
        self._machines = machines
        self.here = self._server("here", address, 2)
        self.there = self._server("there", address.replace(f":{postgres.port}/", f":{relay.port}/"), 1)

    def _server(self, name: str, address: str, workers: int) -> RunningServer:
        # Servers on one machine tell each other by a file in the directory for temporary files.
        machine = self._machines / name
        machine.mkdir()
        env = {"MOCK_SERVER_STORE": address, "TMPDIR": str(machine)}
        return RunningServer("--workers", str(workers), env=env)

    @property
    def worker(self) -> int:
        """The process of a worker of the server that has two."""
        return psutil.Process(self.here.process.pid).children()[0].pid

    def stop(self) -> None:
        for server in (self.here, self.there):
            code = server.stop()
            assert (code, "Traceback" in server.errors) == (0, False), server.errors


@pytest.fixture(scope="module")
def place(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory, own_cache: None) -> Iterator[Place]:
    """Servers that stand all of it, one fault after the other."""
    with postgres.database() as address, Relay(postgres.port) as relay:
        place = Place(postgres, address, relay, tmp_path_factory.mktemp("machines"))
        yield place
        place.stop()


def kept(address: str) -> dict[str, int]:
    """Return the numbers that the records have in the store."""
    with closing(open_stores(address, 10)) as stores:
        records = stores.store("Polar API").layer("").records("customers")
        return {one.handle: int(str(one.value["name"])) for one in records if one.handle.startswith("load-")}


def assert_nothing_is_lost(load: Load, address: str) -> None:
    found = kept(address)
    for handle in load.handles:
        last = handle.acknowledged[-1][1]
        assert last <= found[handle.name] <= handle.sent, handle.name


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """Freeze processes for the time of the ``with``."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


Fault = Callable[[Place, Load], None]


def postgres_is_killed(place: Place, load: Load) -> None:
    place.postgres.kill()
    load.wait(1)
    place.postgres.start()


def postgres_is_frozen(seconds: float) -> Fault:
    def freeze(place: Place, load: Load) -> None:
        place.postgres.freeze()
        try:
            load.wait(seconds)
        finally:
            place.postgres.thaw()

    return freeze


def a_server_is_frozen(place: Place, load: Load) -> None:
    with stopped(place.there.process.pid):
        load.wait(FROZEN)


def a_worker_is_frozen(place: Place, load: Load) -> None:
    with stopped(place.worker):
        load.wait(FROZEN)


def a_worker_is_killed(place: Place, load: Load) -> None:
    os.kill(place.worker, signal.SIGKILL)


def a_server_is_parted(seconds: float, *, forgotten: bool) -> Fault:
    def part(place: Place, load: Load) -> None:
        place.relay.cut()
        load.wait(seconds)
        place.relay.join(forgotten=forgotten)

    return part


FAULTS: dict[str, Fault] = {
    "PostgreSQL killed": postgres_is_killed,
    "PostgreSQL frozen, briefly": postgres_is_frozen(1),
    "PostgreSQL frozen": postgres_is_frozen(2 * LONGEST),
    "a server frozen": a_server_is_frozen,
    "a worker frozen": a_worker_is_frozen,
    "a worker killed": a_worker_is_killed,
    "a server parted, briefly": a_server_is_parted(1, forgotten=False),
    "a server parted": a_server_is_parted(2 * LONGEST, forgotten=False),
    "a server parted, and its connections forgotten": a_server_is_parted(2 * LONGEST, forgotten=True),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_nothing_is_lost_or_stale_or_without_answer(fault: Fault, place: Place) -> None:
    here, there = place.here.url, place.there.url
    with Load([here, there]) as load:
        load.wait_until_well()
        load.wait(BEFORE)
        began = monotonic()
        fault(place, load)
        over = monotonic()
        well = load.wait_until_well()
        load.wait(BEFORE)
    frozen = there if fault is a_server_is_frozen else here if fault is a_worker_is_frozen else ""
    told = {url: f"slowest {load.longest(url):.2f} s of {len(load.asked[url])}" for url in (here, there)}
    print(f"back after {well - over:.2f} s", told)
    assert load.stale == []
    assert_nothing_is_lost(load, place.address)
    assert well - over < BACK
    for url in (here, there):
        assert load.longest(url) < ANSWERED + (FROZEN if url == frozen else 0)
        assert load.statuses(url, 0, began) == load.statuses(url, well) == {200}
        assert load.statuses(url, began, well) <= {0, 200, 503}
