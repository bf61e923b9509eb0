"""What a store has to stand: servers that are killed in the middle of changes, and many readers beside a writer."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from random import Random
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_server.storage import open_stores
from tests.support.customers import ME
from tests.support.server_process import RunningServer
from tests.support.store_kinds import SHARED

pytestmark = pytest.mark.store

CUSTOMERS = "/__admin/fixtures/customers"
WRITES = 1000
READS = 10_000
OLDEST = 0.2


class Line:
    """A connection that is kept, and its requests."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=30)

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize("kind", SHARED)
@pytest.mark.parametrize("workers", [1, 2])
def test_acknowledged_changes_survive_a_kill(address: str, workers: int, own_cache: None) -> None:
    random = Random(7)
    acknowledged: dict[str, str] = {}
    written = iter(range(WRITES))
    kills = 0
    while True:
        with RunningServer("--workers", str(workers), env={"MOCK_SERVER_STORE": address}) as server:
            killer = threading.Timer(random.uniform(0, 0.01), kill_all, [server.process.pid])
            is_over = write_until_it_ends(server.url, written, acknowledged, random.randrange(60, 200), killer)
            killer.cancel()
            kill_all(server.process.pid)
            server.process.wait(30)
        if is_over:
            break
        kills += 1
    with closing(open_stores(address, 10)) as stores:
        stored = {
            record.handle: record.value["name"] for record in stores.store("Polar API").layer("").records("customers")
        }
    assert kills > 3
    assert len(acknowledged) > 100
    assert {handle: stored.get(handle) for handle in acknowledged} == acknowledged


def write_until_it_ends(
    url: str, written: Iterator[int], acknowledged: dict[str, str], most: int, killer: threading.Timer
) -> bool:
    """Write, and start the killer after so many writes; whether all was written before it struck."""
    handle = ""
    with closing(Line(url)) as line:
        _, shipped = line.ask("GET", f"{CUSTOMERS}/individual")
        try:
            for count, number in enumerate(written):
                handle, name = f"new-{number % 300}", f"Name {number}"
                if count == most:
                    killer.start()
                status, _ = line.ask("PUT", f"{CUSTOMERS}/{handle}", {**shipped, "handle": handle, "name": name})
                assert status in (200, 201)
                acknowledged[handle] = name
        except (OSError, HTTPException):
            acknowledged.pop(handle, None)  # nobody was told whether this one was made
            return False
    return True


def kill_all(pid: int) -> None:
    """Kill a server and its workers at once."""
    import psutil

    try:
        server = psutil.Process(pid)
        for process in [server, *server.children(recursive=True)]:
            process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


@pytest.mark.parametrize("kind", SHARED)
def test_two_servers_answer_alike_while_third_client_writes(address: str, own_cache: None) -> None:
    env = {"MOCK_SERVER_STORE": address}
    with RunningServer(env=env) as server, RunningServer(env=env) as other:
        lines = [Line(server.url), Line(other.url)]
        _, shipped = lines[0].ask("GET", f"{CUSTOMERS}/individual")
        done: list[tuple[float, int]] = [(monotonic(), 0)]
        """When a change was acknowledged, and its number."""
        begun: list[int] = [0]
        ended = threading.Event()

        def write() -> None:
            line = Line(server.url)
            for number in range(1, 1_000_000):
                if ended.wait(0.01):
                    break
                begun.append(number)
                status, _ = line.ask("PUT", f"{CUSTOMERS}/individual", {**shipped, "name": f"{number}"})
                assert status == 200
                done.append((monotonic(), number))
            line.close()

        line_of_writer = threading.Thread(target=write)
        lines[0].ask("PUT", f"{CUSTOMERS}/individual", {**shipped, "name": "0"})
        line_of_writer.start()
        try:
            for read in range(READS):
                started = monotonic()
                handle = "individual" if read % 4 == 0 else ("SE", "team", "somebody")[read % 3]
                token = f"polar_cst_{handle}"
                answers = [line.ask("GET", ME, token=token) for line in lines]
                if handle == "individual":
                    due = max(number for at, number in [*done] if at <= started - OLDEST or number == 0)
                    for status, body in answers:
                        assert status == 200
                        assert due <= int(body["name"]) <= begun[-1], "older than 200 ms"
                else:
                    assert answers[0] == answers[1]
        finally:
            ended.set()
            line_of_writer.join(30)
        assert len(done) > 50
        answers = [line.ask("GET", ME, token="polar_cst_individual") for line in lines]
        assert answers[0][1]["name"] == f"{done[-1][1]}"
        for line in lines:
            line.close()
