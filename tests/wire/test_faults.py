"""Faults on the wire as real clients see them.

httpx and aiohttp with every run, Node's fetch and Go's net/http with ``make test-clients``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.customers import INDIVIDUAL, ME
from tests.support.paths import TESTS
from tests.support.server_process import RunningServer
from tests.support.wire_faults import FAULTS, IMPATIENCE, PATIENCE, by_aiohttp, by_httpx, seconds_for

_NUMBERS = count()


@pytest.fixture
def faulty(wire_url: str) -> Callable[[Any], str]:
    """The URL of an operation whose answer has a fault."""

    def url(answer: Any) -> str:
        world = f"{wire_url}/~wire-{next(_NUMBERS)}"
        started = httpx.post(f"{world}/__admin/scenarios", json={"answers": [answer]}, trust_env=False)
        assert started.status_code == 201, started.text
        return world + ME

    return url


@pytest.mark.parametrize("fault", FAULTS)
def test_httpx_sees_the_fault(faulty: Callable[[Any], str], fault: str) -> None:
    answer, expected, _ = FAULTS[fault]
    assert by_httpx(faulty(answer), seconds_for(expected)) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_aiohttp_sees_the_fault(faulty: Callable[[Any], str], fault: str) -> None:
    answer, _, expected = FAULTS[fault]
    error = by_aiohttp(faulty(answer), seconds_for(expected))
    assert error.removeprefix("ConnectionReset") in (expected, "Error" if expected else "")


def test_trickling_body_arrives_whole(faulty: Callable[[Any], str]) -> None:
    began = time.monotonic()
    with httpx.stream("GET", faulty({"trickle": 2000}), headers=INDIVIDUAL, trust_env=False) as answer:
        parts = [*answer.iter_raw()]
    assert len(parts) > 1
    assert json.loads(b"".join(parts))["email"] == "harriet.winslade@example.com"
    assert time.monotonic() - began > 0.1


def test_connection_goes_on_after_fault_that_leaves_it_whole(faulty: Callable[[Any], str]) -> None:
    with httpx.Client(trust_env=False) as client:
        for answer in ({"garble": "truncate"}, {"trickle": 50_000}, {"pass": True}):
            assert client.get(faulty(answer), headers=INDIVIDUAL).status_code == 200


def test_stop_ends_what_hangs_and_says_nothing_of_errors() -> None:
    with RunningServer() as server:
        httpx.post(f"{server.url}/__admin/scenarios", json={"answers": [{"hang": True}]})
        assert by_httpx(server.url + ME, IMPATIENCE) == "ReadTimeout"
        httpx.post(f"{server.url}/__admin/scenarios", json={"answers": [{"cut": "before_headers"}]})
        assert by_httpx(server.url + ME, PATIENCE) == "ReadError"
        httpx.post(f"{server.url}/__admin/scenarios", json={"answers": [{"trickle": 1}]})
        with httpx.stream("GET", server.url + ME, headers=INDIVIDUAL):
            assert server.stop() == 0
    assert "Traceback" not in server.errors
    assert "Exception" not in server.errors


NODE = {
    "cut before headers": "TypeError",
    "cut in mid body": "TypeError",
    "cut of an empty body": "TypeError",
    "cut while it trickles": "TypeError",
    "more announced than comes": "TypeError",
    "half of the JSON": "SyntaxError",
    "JSON and more": "SyntaxError",
    "never answered": "TimeoutError",
    "slower than the client waits": "TimeoutError",
    "another type": "",
    "trickling": "",
    "nothing wrong": "",
}
GO = {
    "cut before headers": "reset|EOF",
    "cut in mid body": "unexpected EOF",
    "cut of an empty body": "unexpected EOF",
    "cut while it trickles": "unexpected EOF",
    "more announced than comes": "unexpected EOF",
    "half of the JSON": "unexpected end of JSON input",
    "JSON and more": "after top-level value",
    "never answered": "Timeout|deadline",
    "slower than the client waits": "Timeout|deadline",
    "another type": "",
    "trickling": "",
    "nothing wrong": "",
}


@pytest.fixture(scope="module")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go client, built once."""
    program = tmp_path_factory.mktemp("go") / "faults"
    source = TESTS / "system/clients/faults/faults.go"
    go = shutil.which("go")
    assert go, "Go is missing: run `make test-clients`, which installs the clients"
    subprocess.run([go, "build", "-o", str(program), str(source)], check=True, timeout=300, env=None)
    return program


@pytest.mark.clients
@pytest.mark.parametrize("fault", FAULTS)
def test_fetch_of_node_sees_the_fault(faulty: Callable[[Any], str], fault: str) -> None:
    node = shutil.which("node")
    assert node, "Node.js is missing: run `make test-clients`, which installs the clients"
    assert printed(node, str(TESTS / "system/clients/faults/faults.mjs"), faulty(FAULTS[fault][0])) == NODE[fault]


@pytest.mark.clients
@pytest.mark.parametrize("fault", FAULTS)
def test_net_http_of_go_sees_the_fault(faulty: Callable[[Any], str], go_program: Path, fault: str) -> None:
    said = printed(str(go_program), faulty(FAULTS[fault][0]))
    expected = GO[fault].split("|")
    assert said == "" if expected == [""] else any(text in said for text in expected), said


def printed(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()
