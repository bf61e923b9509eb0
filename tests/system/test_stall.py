"""An event loop that is held up: told of, replaced where there is somebody to do so, and ended by a signal."""

from __future__ import annotations

import logging
import signal
import sys
import threading

import psutil
import pytest

from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.server.stall_watchdog import StallWatchdog
from tests.support.http_exchange import asked, connected
from tests.support.server_process import RunningServer
from tests.support.worker_processes import workers_of

pytestmark = pytest.mark.usefixtures("own_cache")
HOLDING = """
import itertools
from mock_server.server.application import Application
from mock_server.cli import main

answer = Application.__call__

def held_by_python():
    while True:
        pass

async def call(self, scope, receive, send):
    if scope["path"] in ("/python", "/c"):
        print("held", flush=True)
    if scope["path"] == "/python":
        held_by_python()
    if scope["path"] == "/c":
        sum(itertools.repeat(1))
    await answer(self, scope, receive, send)

Application.__call__ = call
main()
"""
PROGRAM = [sys.executable, "-c", HOLDING]


def hold(server: RunningServer, holder: str) -> None:
    """Have a request hold an event loop up for ever."""
    with connected(server.url) as connection:
        connection.sendall(f"GET /{holder} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert server.process.stdout is not None
        while server.process.stdout.readline() != "held\n":
            assert server.process.poll() is None


@pytest.mark.parametrize(("holder", "timeout"), [("c", "0"), ("python", "1")])
def test_signal_ends_stuck_server(holder: str, timeout: str) -> None:
    with RunningServer("--workers", "1", "--stall-timeout", timeout, program=PROGRAM) as server:
        hold(server, holder)
        assert server.stop() == -signal.SIGKILL
    assert "did not end within 1.8 seconds" in server.errors


@pytest.mark.parametrize("holder", ["python", "c"])
def test_server_says_what_holds_it(holder: str) -> None:
    with RunningServer("--workers", "1", "--stall-timeout", "1", program=PROGRAM) as server:
        hold(server, holder)
        assert server.process.stderr is not None
        line = server.process.stderr.readline()
        while "in call" not in line:
            line = server.process.stderr.readline()


def test_stuck_worker_is_replaced_and_says_what_held_it() -> None:
    with RunningServer("--workers", "2", "--stall-timeout", "1", program=PROGRAM) as server:
        before = {one.pid for one in workers_of(server)}
        hold(server, "c")
        while before <= {one.pid for one in workers_of(server)}:
            assert server.process.poll() is None
        while len(workers_of(server)) < 2:
            assert server.process.poll() is None
        for _ in range(8):
            assert asked(server.url, {"path": "/__admin/health"}).status == 200
        assert server.stop() == 0
    assert "has given no sign of life for" in server.errors
    assert "in call" in server.errors
    assert "WARNING: a worker ended (SIGKILL); another takes its place" in server.errors


def test_watchdog_reports_stall_and_its_end(caplog: pytest.LogCaptureFixture) -> None:
    request_metrics = RequestMetrics()
    with caplog.at_level(logging.ERROR, "mock_server"):
        watch = StallWatchdog(1, request_metrics, shares_process=True)
        while not caplog.messages:
            threading.Event().wait(0.01)
        while len(caplog.messages) < 2:
            watch.turn()
        watch.stop()
    held, turned = caplog.messages
    assert held.startswith("the event loop has not turned for 1.")
    assert "test_watchdog_reports_stall_and_its_end" in held
    assert turned.startswith("the event loop turns again, after 1.")
    assert request_metrics.bounds["stall_timeout"] == 1


def test_guard_ends_with_what_it_guards() -> None:
    with RunningServer("--workers", "1") as server:
        (guard,) = psutil.Process(server.process.pid).children()
        guard.send_signal(signal.SIGINT)
        server.process.kill()
        assert psutil.wait_procs([guard], timeout=10)[1] == []
