"""The edges of HTTP/1.1: what a connection is spared, and who waits for nobody."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mock_server.http.messages import Response
from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.server.connection_limits import BODY, CLOSING, HEAD, NEW, RESTING, App, ConnectionLimits
from mock_server.settings import Settings
from tests.support.customers import ME
from tests.support.http_exchange import connected
from tests.support.server_process import RunningServer

TOKEN = "Authorization: Bearer polar_cst_individual\r\n"


def said(url: str, text: str | bytes) -> bytes:
    """All that a connection has to say to bytes, until it ends."""
    with connected(url) as connection:
        connection.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def request(target: str, *lines: str, version: str = "1.1", method: str = "GET") -> str:
    return "\r\n".join([f"{method} {target} HTTP/{version}", *lines, "Connection: close", "", ""])


# Hosts


@pytest.mark.parametrize("target", [ME, "/__admin/health", "/~a/__admin/requests", "http://localhost/__admin/health"])
@pytest.mark.parametrize("hosts", [(), ("Host: localhost", "Host: localhost")], ids=["none", "two"])
def test_request_names_its_host_once(server_url: str, target: str, hosts: tuple[str, ...]) -> None:
    answer = said(server_url, request(target, *hosts))
    assert status_of(answer) == 400
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "urn:mock-server:problem:host"


def test_http_1_0_needs_no_host_and_is_not_shared(server_url: str) -> None:
    token = TOKEN.strip()
    for _ in range(2):
        assert status_of(said(server_url, request(ME, token, version="1.0"))) == 200
    assert status_of(said(server_url, request(ME, token))) == 400


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        ("/__admin/requests", "[::1].evil.example", 403),
        ("http://evil.example/__admin/requests", "localhost", 403),
        ("http://evil.example/~a/__admin/requests", "localhost", 403),
        ("http://localhost/__admin/requests", "evil.example", 200),
        ("HTTP://LOCALHOST:1/__admin/requests?limit=1", "evil.example", 200),
        ("https://evil.example@localhost/__admin/requests", "localhost", 403),
        ("http://evil.example/__admin/health", "localhost", 200),
        ("http://evil.example?/__admin/requests", "localhost", 404),
    ],
)
def test_admin_checks_authority_of_target(server_url: str, target: str, host: str, expected: int) -> None:
    assert status_of(said(server_url, request(target, f"Host: {host}"))) == expected


def test_target_in_absolute_form_is_answered_as_its_path_is(server_url: str) -> None:
    by_path = said(server_url, request(ME, "Host: api.example", TOKEN.strip()))
    by_url = said(server_url, request(f"http://api.example{ME}", "Host: other.example", TOKEN.strip()))
    assert by_url.partition(b"\r\n\r\n")[2] == by_path.partition(b"\r\n\r\n")[2]
    assert status_of(by_url) == 200


# Heads


def refusal(answer: bytes) -> tuple[int, str]:
    """Return the status and the name of the problem of an answer that ends the connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    return status_of(answer), json.loads(body)["type"].rpartition(":")[2]


def test_head_may_have_64_kb_and_200_lines_and_no_more(server_url: str) -> None:
    lines = [f"X-{number}: 1" for number in range(197)]
    assert status_of(said(server_url, request(ME, "Host: x", *lines))) == 401  # with Connection 199
    assert status_of(said(server_url, request(ME, "Host: x", TOKEN.strip(), *lines))) == 200
    assert refusal(said(server_url, request(ME, "Host: x", "X: 1", "Y: 1", *lines))) == (431, "large-head")
    assert status_of(said(server_url, request(ME, "Host: x", f"X: {'a' * 65_000}"))) == 401
    assert refusal(said(server_url, request(ME, "Host: x", f"X: {'a' * 66_000}"))) == (431, "large-head")
    assert refusal(said(server_url, request(ME + "?" + "a" * 66_000, "Host: x"))) == (431, "large-head")


def test_head_comes_to_its_bounds_by_whatever_parts_it_comes(server_url: str) -> None:
    whole = request(ME, "Host: x", *[f"X-{number}: {'a' * 60}" for number in range(150)]).encode()
    with connected(server_url) as connection:
        for begin in range(0, len(whole), 7):
            connection.sendall(whole[begin : begin + 7])
        assert status_of(connection.recv(65536)) == 401


@pytest.mark.parametrize(
    "flood",
    [f"X: {'a' * 1000000}" * 40, "X: 1\r\n" * 7_000_000, "a" * 40_000_000],
    ids=["one-line", "lines", "no-line"],
)
def test_endless_head_is_refused_early(server_url: str, flood: str) -> None:
    answers: list[bytes] = []
    data = b"GET / HTTP/1.1\r\nHost: x\r\n" + flood.encode()
    sender = threading.Thread(target=lambda: answers.append(said(server_url, data)))
    sender.start()
    longest = 0.0
    while sender.is_alive():
        began = time.monotonic()
        assert status_of(said(server_url, request("/__admin/health", "Host: x"))) == 200
        longest = max(longest, time.monotonic() - began)
    sender.join()
    assert refusal(answers[0]) == (431, "large-head")
    assert longest < 0.25


@pytest.mark.parametrize(
    "rest",
    [
        "1\r\na\r\n0\r\n" + "X: 1\r\n" * 300,
        "1\r\na\r\n0\r\nX: " + "a" * 200_000,
        "1;" + "a" * 200_000,
    ],
    ids=["trailers", "a-trailer", "an-extension"],
)
def test_what_comes_beside_chunked_body_is_bounded_too(server_url: str, rest: str) -> None:
    head = f"POST {ME} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert refusal(said(server_url, head + rest)) == (431, "large-head")


def test_trailers_are_no_headers(server_url: str) -> None:
    head = f"POST {ME} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert status_of(said(server_url, head + "1\r\na\r\n0\r\nHost: other\r\n\r\n")) == 405


def test_requests_before_large_head_are_answered(server_url: str) -> None:
    first = f"GET {ME}?__delay=50 HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n"
    answer = said(server_url, first + request(ME, "Host: x", *["X: 1"] * 300))
    assert (status_of(answer), answer.count(b"HTTP/1.1")) == (200, 1)


def test_bounds_that_are_met_are_counted() -> None:
    with RunningServer("--max-head", "1", "--max-header-lines", "5") as server:
        assert refusal(said(server.url, request(ME, "Host: x", "X: " + "a" * 2000))) == (431, "large-head")
        assert refusal(said(server.url, request(ME, "Host: x", *["X: 1"] * 5))) == (431, "large-head")
        metrics = said(server.url, request("/__admin/metrics", "Host: x")).decode()
        assert 'mock_server_bound_reached_total{bound="max_head"} 1.0' in metrics
        assert 'mock_server_bound_reached_total{bound="max_header_lines"} 1.0' in metrics


# Slow clients


def answered(connection: socket.socket) -> int:
    """Return the status of the next answer, which is read."""
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def ended_after(connection: socket.socket) -> tuple[bytes, float]:
    """Return what a connection still says, and in how many seconds it ends."""
    began = time.monotonic()
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts), time.monotonic() - began


@pytest.fixture(scope="module")
def strict_url(own_cache: None) -> Iterator[str]:
    """The base URL of a server that waits a second for everything."""
    with RunningServer("--first-byte-timeout", "1", "--head-timeout", "1", "--keep-alive-timeout", "1") as server:
        yield server.url


def test_connection_that_says_nothing_ends(strict_url: str) -> None:
    with connected(strict_url) as silent, connected(strict_url) as blank:
        blank.sendall(b"\r\n")
        assert ended_after(silent)[0] == ended_after(blank)[0] == b""


def test_incomplete_head_is_408(strict_url: str) -> None:
    with connected(strict_url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        answer, seconds = ended_after(connection)
    assert refusal(answer) == (408, "timeout")
    assert 0.4 < seconds < 5


def test_head_is_timed_from_its_start(strict_url: str) -> None:
    whole = f"GET {ME} HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n".encode()
    with connected(strict_url) as connection:
        for _ in range(3):
            connection.sendall(whole)
            assert answered(connection) == 200
        connection.sendall(whole[:20])
        assert refusal(ended_after(connection)[0]) == (408, "timeout")


def test_blank_lines_do_not_keep_connection(strict_url: str) -> None:
    with connected(strict_url) as connection:
        connection.sendall(f"GET {ME} HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n".encode())
        assert answered(connection) == 200
        connection.sendall(b"\r\n")
        assert ended_after(connection)[1] < 5


# Bodies, and how many connections there may be


class Standing:
    """A connection as its limits see it."""

    def __init__(self, stage: int, since: float = 0.0, idle_until: float | None = None) -> None:
        self.stage = stage
        self.since = since
        self.received = 1
        self.idle_until = idle_until
        self.is_held = False
        self.waiting = self.unsent = 0
        self.taken_at = 0.0
        self.is_aborted = False
        self.statuses: list[int] = []
        self.is_closed = False

    def refuse(self, answer: Response) -> None:
        self.statuses.append(answer.status)

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def answer_only(self, wrap: Callable[[App], App]) -> None:
        self.statuses.append(0)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Limits:
    return Limits(monkeypatch)


class Limits:
    """Connection limits, and the clock that they go by."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._seconds = 0.0
        self.request_metrics = RequestMetrics()
        patch.setattr("mock_server.server.connection_limits.monotonic", lambda: self._seconds)
        self.of_all = ConnectionLimits(Settings(max_connections=8), self.request_metrics, lambda _: False)

    def pass_time(self, connection: Standing, seconds: int, rate: int = 0) -> None:
        """Let bytes come at a rate, and look twice a second."""
        for _ in range(2 * seconds):
            self._seconds += 0.5
            connection.received += rate // 2
            self.of_all.look([connection])

    def stall(self, seconds: float) -> None:
        self._seconds += seconds


def test_body_has_to_come_at_its_least_rate(limits: Limits) -> None:
    slow, swift = Standing(BODY), Standing(BODY)
    limits.pass_time(swift, 60, rate=1100)
    assert swift.statuses == []
    slow.since = limits.of_all.now
    limits.pass_time(slow, 9, rate=900)
    assert slow.statuses == []
    limits.pass_time(slow, 2, rate=900)
    assert (slow.statuses, limits.request_metrics.bounds["min_body_rate"]) == ([408], 1)


def test_body_that_is_not_read_is_not_slow(limits: Limits) -> None:
    held = Standing(BODY)
    held.is_held = True
    limits.pass_time(held, 60)
    assert held.statuses == []


def test_nobody_is_slow_while_event_loop_is_held_up(limits: Limits) -> None:
    half = Standing(HEAD)
    limits.stall(100)
    limits.pass_time(half, 20)
    assert half.statuses == []
    limits.pass_time(half, 10)
    assert half.statuses[0] == 408


@pytest.mark.parametrize("stage", [RESTING, BODY, CLOSING])
def test_client_that_takes_nothing_of_its_answer_is_left(limits: Limits, stage: int) -> None:
    asleep = Standing(stage)
    asleep.is_held, asleep.waiting = True, 1000
    limits.pass_time(asleep, 60)
    assert not asleep.is_aborted
    limits.pass_time(asleep, 1)
    assert (asleep.is_aborted, limits.request_metrics.bounds["send_timeout"]) == (True, 1)


def test_slow_but_steady_client_is_awaited(limits: Limits) -> None:
    slow = Standing(RESTING)
    for waiting in (1000, 999, 5000, 4999, 0, 5000, 6000):
        slow.waiting = waiting
        limits.pass_time(slow, 29)
    assert not slow.is_aborted


EVENTS = {
    "openapi": "3.1.0",
    "info": {"title": "Events", "version": "1"},
    "paths": {
        "/events": {
            "get": {
                "responses": {
                    "200": {
                        "description": "Long ones.",
                        "content": {
                            "text/event-stream": {"schema": {"const": "a" * 20_000}},
                        },
                    }
                }
            }
        }
    },
}


def asleep(url: str, target: str) -> socket.socket:
    """Return a connection that asked for something and reads nothing."""
    address = urlsplit(url)
    connection = socket.socket()
    connection.settimeout(30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((address.hostname, address.port))
    connection.sendall(request(target, "Host: localhost").encode())
    return connection


def test_stream_unread_comes_to_its_end(tmp_path: Path) -> None:
    contract = tmp_path / "events.json"
    contract.write_text(json.dumps(EVENTS), encoding="utf-8")
    with RunningServer(str(contract), "--send-timeout", "1", "--workers", "1") as server:
        with asleep(server.url, "/events?__items=100000&__interval=0"):
            ends: list[str] = []
            while "client gone" not in ends:  # the journal has a stream when it has ended
                answer = said(server.url, request("/__admin/requests", "Host: localhost", version="1.0"))
                entries = json.loads(answer.partition(b"\r\n\r\n")[2])["requests"]
                ends = [entry["stream"]["end"] for entry in entries]
        metrics = said(server.url, request("/__admin/metrics", "Host: localhost")).decode()
    assert 'mock_server_bound_reached_total{bound="send_timeout"} 1' in metrics
    assert "Traceback" not in server.errors


def test_idle_connections_are_closed_first(limits: Limits) -> None:
    busy, held = Standing(RESTING), Standing(BODY)
    held.is_held = True
    idle = [Standing(RESTING, idle_until=7.0), Standing(RESTING, idle_until=5.0)]
    half, silent, ending = Standing(HEAD), [Standing(NEW, 2.0), Standing(NEW, 1.0)], Standing(CLOSING)
    everybody = [busy, held, *idle, half, *silent, ending]
    closed: list[Standing] = []
    for _ in range(20):
        newcomer = Standing(NEW, 3.0)
        limits.of_all.make_room(newcomer, [*everybody, newcomer])
        closed += [one for one in everybody if one.is_closed]
        everybody = [one for one in everybody if not one.is_closed]
        limits.stall(1)
    assert closed == [ending, silent[1], silent[0], half, idle[1], idle[0]]
    assert half.statuses == [503]
    assert everybody == [busy, held]
    assert newcomer.statuses == [0]


def test_request_whose_body_ends_halfway_changes_nothing(server_url: str) -> None:
    world, head = f"{server_url}/~halfway", "Host: localhost\r\nContent-Length: 100\r\n\r\n"
    with connected(server_url) as connection:
        connection.sendall(f"PATCH /~halfway/__admin/fixtures/customers/individual HTTP/1.1\r\n{head}{{}}".encode())
    with connected(server_url) as connection:
        connection.sendall(f"GET /~halfway{ME} HTTP/1.1\r\n{head}{{}}".encode())
    assert b'"total": 0' in said(world, request("/~halfway/__admin/requests", "Host: localhost"))


def opened(url: str, count: int, text: bytes = b"") -> list[socket.socket]:
    """Open connections, each of which says the same."""
    connections = [connected(url) for _ in range(count)]
    for connection in connections:
        connection.sendall(text)
    return connections


@pytest.mark.parametrize("text", [b"", b"GET / HTTP/1.1\r\nHo"], ids=["silent", "half-sent"])
def test_connections_that_ask_nothing_lock_nobody_out(text: bytes) -> None:
    with RunningServer("--max-connections", "40", "--first-byte-timeout", "0", "--workers", "1") as server:
        connections = opened(server.url, 400, text)
        for _ in range(3):
            assert status_of(said(server.url, request(ME, "Host: x", TOKEN.strip()))) == 200
        with connections[0] as first:
            assert first.recv(65536)[9:12] in (b"", b"503")
        for connection in connections:
            connection.close()
        metrics = said(server.url, request("/__admin/metrics", "Host: x")).decode()
    reached = re.search(r'reached_total\{bound="max_connections"\} (\d+)', metrics)
    assert reached is not None
    assert 350 < int(reached[1]) < 420


def test_admin_is_answered_at_connection_limit() -> None:
    with RunningServer("--max-connections", "10", "--workers", "1") as server:
        delayed = f"GET {ME}?__delay=600000 HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n".encode()
        connections = opened(server.url, 10, delayed)
        while b'"total": 10' not in said(server.url, request("/__admin/requests?limit=0", "Host: localhost")):
            assert server.process.poll() is None
        answer = said(server.url, request(ME, "Host: x"))
        assert refusal(answer) == (503, "connections")
        assert b"retry-after: 1" in answer.lower()
        assert status_of(said(server.url, request("/~a/__admin/health", "Host: x"))) == 200
        connections.pop().close()
        while status_of(said(server.url, request(ME, "Host: x", TOKEN.strip()))) == 503:
            assert server.process.poll() is None
        for connection in connections:
            connection.close()
        assert server.stop() == 0


def test_file_limit_bounds_connections() -> None:
    program = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))"
    run = [sys.executable, "-c", f"{program}; from mock_server.cli import main; main()"]
    with RunningServer("--workers", "1", program=run) as server:
        connections = opened(server.url, 600)
        for _ in range(3):
            health = said(server.url, request("/__admin/health", "Host: x"))
        assert json.loads(health.partition(b"\r\n\r\n")[2])["bounds"]["max_connections"] == 256 - 64 - 96
        for connection in connections:
            connection.close()
        assert server.stop() == 0
    assert server.errors == ""
