"""How streams leave: one item after the other, to clients of all kinds, until one of the two ends goes."""

from __future__ import annotations

import http.client
import json
import socket
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mock_server import MockServer
from mock_server.http.messages import Request
from tests.support.contracts import Document, document, engine_of, load, written
from tests.support.server_process import RunningServer

PETS: Document = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
LINES = "application/jsonl"


def contract(schema: Document = PETS) -> Document:
    content = {LINES: {"schema": schema}}
    return document({"/pets": {"get": {"responses": {"200": {"description": "Pets.", "content": content}}}}})


@pytest.fixture(scope="module")
def mock(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    place = written(tmp_path_factory.mktemp("transmission"), "contract", contract())
    with MockServer(contract=place) as server:
        yield server


def ended(url: str) -> dict[str, Any]:
    """The stream of the newest entry of a journal, waited for."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        requests = httpx.get(f"{url}/__admin/requests", trust_env=False).json()["requests"]
        if requests:
            return dict(requests[0])
    raise AssertionError("the stream did not end")


def received(url: str, *, key: str = "") -> tuple[bytes, bool]:
    """The body of an answer as far as it came, and whether it broke off. ``key`` is that of the request."""
    body = b""
    with httpx.stream("GET", url, headers={"Idempotency-Key": key} if key else None, trust_env=False) as answer:
        try:
            for part in answer.iter_raw():
                body += part
        except httpx.RemoteProtocolError:
            return body, True
    return body, False


def raw(url: str, text: str) -> bytes:
    """All that comes back to a request, until the connection ends."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(text.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_items_arrive_one_by_one(mock: MockServer) -> None:
    began = time.monotonic()
    with httpx.stream("GET", f"{mock.url}/pets?__items=4&__interval=60", trust_env=False) as answer:
        assert "content-length" not in answer.headers
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert len(lines) == 4
    assert time.monotonic() - began > 3 * 0.06
    with httpx.stream("GET", f"{mock.url}/pets?__items=4&__interval=600000", trust_env=False) as answer:
        assert json.loads(next(answer.iter_raw())) == lines[0]


def test_setting_is_interval_where_nobody_says_other(own_cache: None, tmp_path: Path) -> None:
    with MockServer(contract=written(tmp_path, "contract", contract()), stream_interval=100) as server:
        began = time.monotonic()
        assert len(httpx.get(f"{server.url}/pets?__items=3", trust_env=False).text.splitlines()) == 3
        assert time.monotonic() - began > 0.2


def test_same_request_has_the_same_items(mock: MockServer) -> None:
    texts = [httpx.get(f"{mock.url}/pets?__items=40&__interval=0", trust_env=False).text for _ in range(2)]
    other = httpx.get(f"{mock.url}/pets?__items=40&__interval=0&__seed=7", trust_env=False).text
    assert texts[0] == texts[1] != other
    assert len({*texts[0].splitlines()}) == 40


@pytest.mark.parametrize("interval", [0, 1, 600_000])
def test_client_that_goes_away_ends_work(mock: MockServer, interval: int) -> None:
    world = mock.world()
    with httpx.stream("GET", f"{world.url}/pets?__items=100000&__interval={interval}", trust_env=False) as answer:
        next(answer.iter_raw())
    entry = ended(world.url)
    assert entry["stream"]["end"] == "client gone"
    assert entry["stream"]["items"] < 100_000


def test_client_that_does_not_read_holds_items_back(mock: MockServer) -> None:
    world = mock.world()
    address = urlsplit(world.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(f"GET {address.path}/pets?__items=100000&__interval=0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(10)
        # Others are answered meanwhile.
        assert httpx.get(f"{mock.url}/pets?__items=1", trust_env=False).status_code == 200
    assert ended(world.url)["stream"]["end"] == "client gone"


def test_head_request_gets_no_items(mock: MockServer) -> None:
    world = mock.world()
    path = urlsplit(world.url).path
    text = raw(
        world.url,
        f"HEAD {path}/pets HTTP/1.1\r\nHost: x\r\n\r\n"
        f"GET {path}/pets?__items=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    first, _, second = text.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert b"content-length" not in first
    assert second.startswith(b"HTTP/1.1 200 ")
    assert second.endswith(b"\r\n\r\n0\r\n\r\n")


def test_http_1_0_client_gets_no_chunks(mock: MockServer) -> None:
    world = mock.world()
    text = raw(world.url, f"GET {urlsplit(world.url).path}/pets?__items=3 HTTP/1.0\r\n\r\n")
    head, _, body = text.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert [*map(sorted, map(json.loads, body.splitlines()))] == [["id", "name"]] * 3
    assert ended(world.url)["stream"] == {"items": 3, "end": "complete"}


def test_connection_goes_on_after_a_stream(mock: MockServer) -> None:
    address = urlsplit(mock.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.connect()
    first = connection.sock
    for _ in range(2):
        connection.request("GET", "/pets?__items=2&__interval=0")
        assert len(connection.getresponse().read().splitlines()) == 2
        assert connection.sock is first
    connection.close()


def test_cross_origin_page_may_read_stream(mock: MockServer) -> None:
    answer = httpx.get(f"{mock.url}/pets?__items=2", headers={"Origin": "https://example.com"}, trust_env=False)
    assert answer.headers["access-control-allow-origin"] == "https://example.com"
    assert (answer.headers["transfer-encoding"], len(answer.text.splitlines())) == ("chunked", 2)


def test_journal_keeps_start_of_long_stream(mock: MockServer) -> None:
    world = mock.world()
    body = httpx.get(f"{world.url}/pets?__items=5000&__interval=0", trust_env=False, timeout=60).content
    entry = ended(world.url)
    assert entry["stream"] == {"items": 5000, "end": "complete"}
    assert entry["bodySizes"]["response"] == len(body)
    assert entry["response"]["body"].encode() == body[: 64 * 1024]
    assert world.coverage()["operations"][0]["statuses"]["covered"] == ["200"]


def test_invalid_item_ends_the_stream(mock: MockServer) -> None:
    """The first hundred items are tried before a scenario begins; this one is found when its turn has come."""
    world = mock.world()
    items = [*({"id": index, "name": "a"} for index in range(101)), {"id": "x", "name": "a"}]
    world.scenario({"answers": [{"body": items, "interval_ms": 0}]})
    body, is_broken = received(f"{world.url}/pets")
    assert is_broken
    assert [json.loads(line)["id"] for line in body.splitlines()] == [*range(101)]
    assert ended(world.url)["stream"] == {"items": 101, "end": "failed"}


def test_stop_ends_streams_properly(own_cache: None, tmp_path: Path) -> None:
    with RunningServer(written(tmp_path, "contract", contract())) as server:
        url = f"{server.url}/pets?__items=5&__interval=600000"
        with httpx.stream("GET", url, trust_env=False) as answer:
            parts = answer.iter_raw()
            json.loads(next(parts))
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < 5
            assert [*parts] == []
    assert "Traceback" not in server.errors
    assert "Exception" not in server.errors


def test_stop_leaves_stuck_client(own_cache: None, tmp_path: Path) -> None:
    long = {"type": "string", "minLength": 200_000, "maxLength": 200_000}
    with RunningServer(written(tmp_path, "contract", contract(long))) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
            connection.sendall(b"GET /pets?__items=100000&__interval=0 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(10)
            # The two are sent by turns: by then more has been sent than what lies between the two ends can hold.
            body, is_broken = received(f"{server.url}/pets?__items=60&__interval=0")
            assert (len(body), is_broken) == (60 * 200_003, False)
            assert server.stop() == 0
    assert server.errors == ""


def test_streams_of_world_that_other_process_has_are_same(own_cache: None, tmp_path: Path) -> None:
    with RunningServer("--workers", "2", written(tmp_path, "contract", contract())) as server:
        world = f"{server.url}/~cut"
        scenario = {"answers": [{"items": 3, "cut_after": 2, "interval_ms": 0}]}
        httpx.post(f"{world}/__admin/scenarios", json=scenario, trust_env=False).raise_for_status()
        answers = {received(f"{world}/pets") for _ in range(8)}
        assert [is_broken for _, is_broken in answers] == [True]
        entries = httpx.get(f"{world}/__admin/requests", trust_env=False).json()["requests"]
        assert [entry["stream"] for entry in entries] == [{"items": 2, "end": "cut"}] * 8


def test_long_stream_takes_no_more_memory_than_short_one(tmp_path: Path) -> None:
    engine = engine_of(load(tmp_path, contract()))

    def peak(count: int) -> int:
        answer = engine.handle(Request("GET", "/pets", f"__items={count}")).answer
        assert answer.stream is not None
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        assert sum(1 for _ in engine.items(answer.stream, 200)) == count
        return tracemalloc.get_traced_memory()[1] - before

    peak(300)
    tracemalloc.start()
    try:
        assert peak(3000) < peak(30) + 200_000
    finally:
        tracemalloc.stop()


def test_cut_stream_is_replayed_whole(own_cache: None, tmp_path: Path) -> None:
    data = {**contract(), "x-mock-idempotency": {"methods": ["GET"]}}
    with MockServer(contract=written(tmp_path, "contract", data), stream_interval=0) as server:
        server.scenario({"answers": [{"items": 3, "cut_after": 1, "times": 1}, {"pass": True}]})
        answers = [received(f"{server.url}/pets", key="a") for _ in range(2)]
        other = received(f"{server.url}/pets", key="b")
    (cut, was_cut), (whole, is_cut) = answers
    assert (was_cut, is_cut, other[1]) == (True, False, False)
    assert (len(cut.splitlines()), len(whole.splitlines())) == (1, 3)
    assert whole.startswith(cut)
