"""Several processes at one port: they answer alike, are replaced, and end together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support.command_line import Done
from tests.support.contracts import document, operation
from tests.support.customers import ME
from tests.support.http_exchange import asked, connected, me
from tests.support.server_process import RunningServer
from tests.support.worker_processes import workers_of

pytestmark = pytest.mark.usefixtures("own_cache")
IN_A_GROUP = [sys.executable, "-c", "import os; os.setsid(); from mock_server.cli import main; main()"]
SECONDS = 30
"""What anything here may take at the most."""


def answered_by(server: RunningServer, handle: str) -> tuple[int, bytes]:
    """The process that answers on a new connection, and what it says."""
    with connected(server.url) as connection:
        connection.sendall(
            f"GET {ME} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer polar_cst_{handle}\r\n\r\n".encode()
        )
        answer = HTTPResponse(connection)
        answer.begin()
        body = answer.read()
        port = connection.getsockname()[1]
        (process,) = [
            worker.pid
            for worker in workers_of(server)
            if any(link.raddr and link.raddr.port == port for link in worker.net_connections())
        ]
    return process, body


def ended(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=SECONDS)
    return not alive


def test_workers_answer_with_same_bytes(server_url: str) -> None:
    with RunningServer("--workers", "2") as server:
        workers = {worker.pid for worker in workers_of(server)}
        assert len(workers) == 2
        for handle in ("individual", "SE", "nobody-in-particular"):
            heard: set[int] = set()
            while heard != workers:
                process, body = answered_by(server, handle)
                assert body == me(server_url, handle).body
                heard.add(process)
        assert server.stop() == 0
    assert (server.output.count("ready"), server.errors) == (0, "")


def test_killed_worker_is_replaced_unnoticed() -> None:
    with RunningServer("--workers", "2") as server:
        statuses: list[int] = []
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                statuses.append(asked(server.url, {"path": "/__admin/health"}).status)

        def lose(worker: psutil.Process) -> None:
            # Nothing is under way in a worker that stands still with no connection.
            while True:
                worker.suspend()
                if not [connection for connection in worker.net_connections() if connection.raddr]:
                    break
                worker.resume()
            worker.kill()
            assert ended([worker])

        client = threading.Thread(target=ask)
        client.start()
        try:
            for _ in range(3):
                before = workers_of(server)
                lose(before[0])
                asked_before = len(statuses)
                while len(statuses) < asked_before + 20 or len(workers_of(server)) < 2:
                    assert client.is_alive()
                assert before[1] in workers_of(server)
        finally:
            is_over.set()
            client.join(SECONDS)
        assert set(statuses) == {200}
        assert server.stop() == 0
    assert server.errors.splitlines() == ["WARNING: a worker ended (SIGKILL); another takes its place"] * 3


def test_irreplaceable_worker_ends_server(tmp_path: Path) -> None:
    file = tmp_path / "contract.yaml"
    file.write_text(json.dumps(document({"/a": {"get": operation()}})), encoding="utf-8")
    with RunningServer(str(file), "--workers", "2") as server:
        file.write_text("openapi: [\n", encoding="utf-8")
        workers = workers_of(server)
        workers[0].kill()
        server.process.wait(SECONDS)
        assert server.stop() == 2
        assert ended(workers)
    first, *rest = server.errors.splitlines()
    assert first == "WARNING: a worker ended (SIGKILL); another takes its place"
    assert rest[0].startswith(f"mock-server: {file}:")
    assert (server.errors.count("mock-server:"), "Traceback" in server.errors) == (1, False)


STARTING = """
import os, signal, socket
from mock_server.cli.standard_files import fail
from mock_server.errors import MockServerError, UsageError
from mock_server.server.workers import Workers

def refuse(listener, ready):
    raise UsageError("place: found nothing; expected something. Fix it.")

def crash(listener, ready):
    raise RuntimeError("boom")

def die(listener, ready):
    os.kill(os.getpid(), signal.SIGKILL)

def leave(listener, ready):
    pass

if __name__ == "__main__":
    try:
        Workers({work}, [socket.socket(), socket.socket()]).run(lambda: print("ready"))
    except MockServerError as error:
        fail(str(error))
"""


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ("refuse", "place: found nothing; expected something. Fix it."),
        ("crash", "a worker failed before it was ready; the log has the reason. Please report it."),
        ("die", "a worker ended (SIGKILL) before it was ready, 3 times in a row. The log has the reason."),
        ("leave", "a worker ended (exit code 0) before it was ready, 3 times in a row. The log has the reason."),
    ],
)
def test_workers_that_cannot_start_are_reported_once(work: str, message: str, tmp_path: Path) -> None:
    script = tmp_path / "starting.py"
    script.write_text(STARTING.replace("{work}", work), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    messages = [line for line in done.stderr.splitlines() if line.startswith("mock-server:")]
    assert messages == [f"mock-server: {message}"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_admin_and_c_ends_all_processes_of_terminal(workers: str) -> None:
    with RunningServer("--workers", workers, program=IN_A_GROUP) as server:
        processes = workers_of(server)
        assert me(server.url).status == 200
        os.killpg(server.process.pid, signal.SIGINT)
        server.process.wait(SECONDS)
        assert server.stop() == 0
        assert ended(processes)
    assert server.errors == ""


def test_workers_do_not_outlive_process_that_started_them() -> None:
    with RunningServer("--workers", "2") as server:
        workers = workers_of(server)
        assert len(workers) == 2
        server.process.kill()
        assert ended(workers)


def test_port_of_other_server_is_not_shared(command: Callable[..., Done]) -> None:
    with RunningServer("--workers", "2") as server:
        port = str(urlsplit(server.url).port)
        done = command("serve", "--workers", "2", "--port", port)
        assert (done.code, done.output) == (2, "")
        assert f"127.0.0.1:{port}: found the port in use; expected a free one." in done.errors
