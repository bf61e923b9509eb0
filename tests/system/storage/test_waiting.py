"""Who waits while another program has locked the store: only who needs it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.customers import ME
from tests.support.postgresql import Postgres, running
from tests.support.server_process import RunningServer
from tests.support.tcp_relay import Relay

LOCKS = {
    "sqlite": "BEGIN EXCLUSIVE",
    "postgresql": "BEGIN; LOCK TABLE mock_state, mock_records IN ACCESS EXCLUSIVE MODE",
}
OF_A_COUNTRY = {"Authorization": "Bearer polar_cst_SE"}
OF_A_RECORD = {"Authorization": "Bearer polar_cst_individual"}
RECORD = "/__admin/fixtures/customers/individual"


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(address: str) -> Iterator[Application]:
    application = Application(Settings(store=address), shares_process=True)
    application.warm()
    yield application
    application.close()


@pytest.fixture
def other(app: Application, address: str) -> Iterator[Connection]:
    """A connection of another program."""
    url = address.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    if address.startswith("sqlite"):
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"timeout": 0})
    with engine.connect() as connection:
        yield connection


each_kind = pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.store)], indirect=True
)


def clients(app: Application) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=30)


@each_kind
def test_change_waits_for_lock_and_nobody_else_does(kind: str, app: Application, other: Connection) -> None:
    async def run() -> list[Any]:
        async with clients(app) as client:
            before = await client.get(ME, headers=OF_A_COUNTRY)
            other.exec_driver_sql(LOCKS[kind])
            change = asyncio.ensure_future(client.patch(RECORD, json={"name": "Ada Byron"}))
            alive = await client.get("/__admin/health/live")
            health = await client.get("/__admin/health")
            remembered = await client.get(ME, headers=OF_A_COUNTRY)
            made = await client.get(ME, headers={"Authorization": "Bearer polar_cst_FR"})
            assert not change.done()
            other.exec_driver_sql("ROLLBACK")
            assert (await change).status_code == 200
            changed = await client.get(ME, headers=OF_A_RECORD)
            assert (remembered.content, changed.json()["name"]) == (before.content, "Ada Byron")
            return [one.status_code for one in (alive, health, remembered, made)]

    assert asyncio.run(run()) == [200] * 4


def test_change_that_waited_too_long_is_refused(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/records.db"
    app = Application(Settings(store=address), shares_process=True)
    engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    async def run() -> tuple[int, str, str]:
        async with clients(app) as client:
            name = (await client.get(ME, headers=OF_A_RECORD)).json()["name"]
            with engine.connect() as other:
                other.exec_driver_sql("BEGIN EXCLUSIVE")
                refused = await client.patch(RECORD, json={"name": "Ada Byron"})
                other.exec_driver_sql("ROLLBACK")
            after = (await client.get(ME, headers=OF_A_RECORD)).json()["name"]
            return refused.status_code, after, name

    status, after, name = asyncio.run(run())
    assert (status, after) == (503, name)
    app.close()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_waiting_changes_are_made_once(kind: str, app: Application, other: Connection) -> None:
    handles = [f"waiting-{number}" for number in range(8)]

    async def run() -> list[int]:
        async with clients(app) as client:
            record = (await client.get(ME, headers=OF_A_RECORD)).json()
            other.exec_driver_sql(LOCKS[kind])
            changes = [
                asyncio.ensure_future(client.post("/__admin/fixtures/customers", json={**record, "handle": handle}))
                for handle in handles
            ]
            await client.get("/__admin/health/live")
            other.exec_driver_sql("ROLLBACK")
            answers = await asyncio.gather(*changes)
            listed = await client.get("/__admin/fixtures/customers?limit=100")
            assert set(handles) <= {row["handle"] for row in json.loads(listed.content)}
            return [one.status_code for one in answers]

    assert asyncio.run(run()) == [201] * 8


QUICK = 0.25
"""Seconds within which whoever needs nothing of the store is answered, without those for want of a core."""
FAULTY = 1.5
"""Seconds for which PostgreSQL does not answer: less than it takes to give a call up."""


@pytest.fixture
def far(own_cache: None) -> Iterator[tuple[RunningServer, Postgres, Relay]]:
    """A server whose PostgreSQL can be frozen, or be parted from it."""
    with running() as postgres, postgres.database() as address, Relay(postgres.port) as relay:
        store = address.replace(f":{postgres.port}/", f":{relay.port}/")
        with RunningServer(env={"MOCK_SERVER_STORE": store}) as server:
            yield server, postgres, relay


def queued(pid: int) -> float:
    """Return the seconds in which a process's first thread was ready and had no core (Linux, sched-stats)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def longest_wait(server: RunningServer, seconds: float, others: Sequence[httpx.Request]) -> float:
    """Return the longest that one of the requests took, asked in turn for so many seconds."""
    longest, end, pid = 0.0, monotonic() + seconds, server.process.pid
    with httpx.Client(timeout=30) as client:
        while monotonic() < end:
            for request in others:
                waited, began, own = queued(pid), monotonic(), queued(os.getpid())
                answer = client.send(request)
                assert answer.status_code < 500, (request.url, answer.text)
                missed = queued(pid) - waited + queued(os.getpid()) - own
                longest = max(longest, monotonic() - began - missed)
    return longest


@pytest.mark.store
@pytest.mark.parametrize("fault", ["frozen", "parted"])
def test_silent_postgresql_blocks_only_users(fault: str, far: tuple[RunningServer, Postgres, Relay]) -> None:
    server, postgres, relay = far
    url = server.url
    others = [
        httpx.Request("GET", url + path)
        for path in ("/__admin/health/live", "/__admin/health", "/__admin/requests?limit=1", "/nowhere", "/nowhere")
    ]
    with httpx.Client(timeout=30) as client, ThreadPoolExecutor(8) as clients:
        assert client.get(url + ME, headers=OF_A_RECORD).status_code == 200
        longest_wait(server, 0.3, others)
        (postgres.freeze if fault == "frozen" else relay.cut)()
        try:
            reads = [clients.submit(client.get, url + ME, headers=OF_A_RECORD) for _ in range(4)]
            changes = [clients.submit(client.patch, url + RECORD, json={"name": "Ada Byron"}) for _ in range(3)]
            longest = longest_wait(server, FAULTY, others)
            told = client.get(url + "/__admin/health").json()
            assert (told.get("store"), any(one.done() for one in changes)) == ("busy", False)
        finally:
            (postgres.thaw if fault == "frozen" else relay.join)()
        assert [one.result().status_code for one in (*reads, *changes)] == [200] * 7
        assert client.get(url + ME, headers=OF_A_RECORD).json()["name"] == "Ada Byron"
    assert longest < QUICK


@pytest.mark.store
def test_healthcheck_of_idle_server_is_good(
    far: tuple[RunningServer, Postgres, Relay],
) -> None:
    server, _, _ = far
    assert all("store" not in httpx.get(server.url + "/__admin/health").json() for _ in range(3))
