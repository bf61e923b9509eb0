"""Workers of one server share their worlds: whichever of them a connection leads to, and whichever is killed."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path

import httpx
import pytest

from tests.support.console import HTML, arrivals, live_path
from tests.support.customers import INDIVIDUAL, ME
from tests.support.http_exchange import asked
from tests.support.server_process import RunningServer
from tests.support.worker_connection import WorkerConnection, both_workers
from tests.support.worker_processes import workers_of

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """A server of the test's own, whose workers it may stop."""
    with RunningServer("--workers", "2") as running:
        yield running


Workers = tuple[WorkerConnection, WorkerConnection]


@pytest.fixture(scope="module")
def common(own_cache: None) -> Iterator[RunningServer]:
    """A server for tests that stop none of its workers; each has a world of its own."""
    with RunningServer("--workers", "2") as running:
        yield running
        assert running.stop() == 0
        assert running.errors == ""


@pytest.fixture
def workers(common: RunningServer) -> Iterator[Workers]:
    with ExitStack() as stack:
        yield both_workers(common, stack)


def test_any_worker_answers_for_a_world(workers: Workers) -> None:
    first, second = workers
    second.start("w", {"code": 429, "times": 2}, {"pass": True})
    assert [*second.me("w"), *first.me("w"), *second.me("w"), *first.me("w")] == [429, 429, 200, 200]
    for worker in (first, second):
        assert worker.client.post("/~w/__admin/requests/verify", json={"times": 4}).status_code == 200
        assert worker.json("/~w/__admin/coverage")["operations"][0]["count"] == 4
    second.client.post("/~w/__admin/reset")
    assert [*first.me("w"), *second.me("w")] == [200, 200]
    assert first.json("/~w/__admin/requests")["meta"] == {"total": 2}


def test_clock_moves_for_all_workers(workers: Workers) -> None:
    first, second = workers
    first.client.post("/~clock/__admin/clock", json={"now": "2026-01-01T00:00:00Z"})
    assert second.json("/~clock/__admin/clock") == {"now": "2026-01-01T00:00:00.000Z", "stands": True}


def test_entry_is_removed_for_all_workers(workers: Workers) -> None:
    first, second = workers
    first.me("entries", times=2)
    second.me("entries")
    oldest = second.json("/~entries/__admin/requests")["requests"][-1]["id"]
    assert second.client.delete(f"/~entries/__admin/requests/{oldest}").status_code == 200
    assert first.client.get(f"/~entries/__admin/requests/{oldest}").status_code == 404
    assert first.client.post("/~entries/__admin/requests/count", json={}).json()["count"] == 2
    second.client.delete("/~entries/__admin/requests")
    assert first.client.post("/~entries/__admin/requests/count", json={}).json()["count"] == 0


def test_live_page_misses_no_worker(workers: Workers) -> None:
    """Both answer after the page was made, and the stream is opened with the other one than made the page."""
    first, second = workers
    first.me("live")
    page = first.client.get("/~live/__admin/requests", headers=HTML)
    path = live_path(first.client, page)
    second.client.get("/~live/between")
    first.client.get("/~live/later")
    with arrivals(second.client, path) as stream:
        shown = [next(stream), next(stream)]
        assert {event.row["path"] for event in shown} == {"/between", "/later"}
        first.client.get("/~live/meanwhile")
        assert next(stream).row["path"] == "/meanwhile"
    with arrivals(first.client, path, shown[-1].id) as stream:
        assert next(stream).row["path"] == "/meanwhile"


def test_metrics_are_those_of_all_workers(workers: Workers) -> None:
    first, second = workers

    def counts() -> Counter[str]:
        samples = first.samples("mock_server_requests_total")
        good = [sample for sample in samples if sample.labels["status"] == "200" and sample.labels["operation"]]
        return Counter({sample.labels["worker"]: int(sample.value) for sample in good})

    before = counts()
    first.me("metrics", times=2)
    second.me("metrics", times=3)
    assert counts() - before == {str(first.process.pid): 2, str(second.process.pid): 3}


def test_world_of_another_worker_may_be_asked_from_a_page(workers: Workers) -> None:
    first, second = workers
    foreign = {**INDIVIDUAL, "Origin": "http://elsewhere.example"}
    assert second.client.get(f"/~page{ME}", headers=foreign).status_code == 403
    first.me("page")
    assert first.client.post("/~page/__admin/requests/count", json={}).json()["count"] == 1
    assert second.client.get(f"/~page{ME}", headers=foreign).status_code == 200


def test_files_of_workers_are_private_and_removed(tmp_path: Path) -> None:
    with RunningServer("--workers", "2", env={"TMPDIR": str(tmp_path)}) as server:
        (hub,) = tmp_path.glob("*/hub.db")
        assert stat.S_IMODE(hub.parent.stat().st_mode) == 0o700
        assert server.stop() == 0
    assert [*tmp_path.iterdir()] == []


def test_killed_worker_loses_nothing(server: RunningServer) -> None:
    with ExitStack() as stack:
        first, second = both_workers(server, stack)
        second.start("w", {"code": 429, "times": 4}, {"pass": True})
        assert [*first.me("w"), *second.me("w")] == [429, 429]
        first.process.kill()
        first.process.wait(30)
        assert second.client.post("/~w/__admin/requests/count", json={}).json()["count"] == 2
        assert second.me("w", times=3) == [429, 429, 200]
        newcomer = stack.enter_context(WorkerConnection(server))
        while newcomer.process == second.process:
            newcomer = stack.enter_context(WorkerConnection(server))
        assert newcomer.me("w") == [200]
        assert newcomer.client.post("/~w/__admin/requests/count", json={}).json()["count"] == 6
    assert server.stop() == 0
    assert server.errors.splitlines() == ["WARNING: a worker ended (SIGKILL); another takes its place"]


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
            workers_of(server)[0].kill()
            so_far = statuses.total()
            while statuses.total() < so_far + 30 or len(workers_of(server)) < 2:
                assert all(client.is_alive() for client in clients)
    finally:
        is_over.set()
        for client in clients:
            client.join(30)
    lost = statuses.pop(0, 0)
    assert {*statuses} == {500}
    assert lost <= 3 * len(clients)
    (scenario,) = httpx.get(f"{server.url}/~w/__admin/scenarios").json()["scenarios"]
    assert statuses[500] <= scenario["met"] <= statuses[500] + lost


def test_stopped_worker_holds_up_no_reader(server: RunningServer) -> None:
    with ExitStack() as stack:
        first, second = both_workers(server, stack)
        second.start("w", {"code": 429, "times": 2}, {"pass": True})
        assert first.me("w") == [429]
        first.process.suspend()
        try:
            assert second.me("w", times=2) == [429, 200]
            assert second.client.get("/~w/__admin/requests").json()["meta"]["total"] == 3
        finally:
            first.process.resume()
        assert first.me("w") == [200]


def test_workers_that_have_nowhere_to_share_are_reported() -> None:
    script = (
        "import tempfile\n"
        "tempfile.gettempdir = lambda: '/nowhere'\n"
        "from mock_server.cli import main\n"
        "main(['serve', '--port', '0', '--workers', '2'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Name one in the variable TMPDIR" in done.stderr
