"""What the system does to a process: closed files, readers that go, hang-ups."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.server.hangup import HangupHandler
from tests.support.contracts import document, operation
from tests.support.http_exchange import asked, me
from tests.support.server_process import RunningServer

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.parametrize(("workers", "closed"), [("1", ">&-"), ("1", "<&- >&- 2>&-"), ("2", "<&- >&- 2>&-")])
def test_server_runs_without_standard_files(workers: str, closed: str, free_port: int) -> None:
    command = f"exec {sys.executable} -m mock_server serve --workers {workers} --port {free_port} {closed}"
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        url = f"http://127.0.0.1:{free_port}"
        while not answers(url):
            assert process.poll() is None
            time.sleep(0.05)
        assert me(url).status == 200
        assert asked(url, {"path": "/nowhere"}).status == 404
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, b"", b"")


def answers(url: str) -> bool:
    try:
        return me(url).status == 200
    except OSError:
        return False


def test_what_is_to_be_written_to_closed_output_is_refused() -> None:
    run = f"exec {sys.executable} -m mock_server generate customers --count 1 >&-"
    done = subprocess.run(["sh", "-c", run], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "mock-server: -o: found standard output closed; expected a place to write to. Name a file.\n"


def test_server_goes_on_when_reader_of_its_output_has_gone(free_port: int) -> None:
    command = [sys.executable, "-m", "mock_server", "serve", "--port", str(free_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        url = f"http://127.0.0.1:{free_port}"
        while not answers(url):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.fixture
def hears_hang_ups() -> Iterator[None]:
    """Have servers hear SIGHUP, also where the tests themselves run under nohup: what is ignored is inherited."""
    former = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, former)


@pytest.mark.usefixtures("hears_hang_ups")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_hang_up_has_contract_loaded_anew(workers: str, tmp_path: Path) -> None:
    file = tmp_path / "contract.yaml"
    file.write_text(json.dumps(document({"/a": {"get": operation()}})), encoding="utf-8")
    with RunningServer(str(file), "--workers", workers) as server:
        file.write_text("openapi: [\n", encoding="utf-8")
        hang_up(server, int(workers), "ERROR: not reloaded, the former contract is still served:")
        assert asked(server.url, {"path": "/a"}).status == 200
        file.write_text(json.dumps(document({"/b": {"get": operation()}})), encoding="utf-8")
        hang_up(server, int(workers), "WARNING: reloaded:")
        for _ in range(6):
            assert asked(server.url, {"path": "/b"}).status == 200
        assert server.stop() == 0


def hang_up(server: RunningServer, times: int, told: str) -> None:
    """Send SIGHUP, and wait until the log has lines that begin so, as many as there are processes."""
    server.process.send_signal(signal.SIGHUP)
    assert server.process.stderr is not None
    while times:
        line = server.process.stderr.readline()
        assert line, "the server has ended"
        times -= line.startswith(told)


def test_server_that_ignores_hang_ups_goes_on_doing_so() -> None:
    run = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from mock_server.cli import main; main()"
    with RunningServer("--workers", "1", program=[sys.executable, "-c", run]) as server:
        server.process.send_signal(signal.SIGHUP)
        assert me(server.url).status == 200
        assert server.stop() == 0
    assert server.errors == ""


def test_terminal_that_has_gone_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda number: number == 0)
    hang_ups = HangupHandler()
    before = hang_ups.is_terminal_gone
    monkeypatch.setattr(os, "isatty", lambda _: False)
    assert (before, hang_ups.is_terminal_gone, HangupHandler().is_terminal_gone) == (False, True, False)
