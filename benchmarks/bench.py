"""What the server costs: seconds to ready, memory, and requests a second against bare uvicorn.

All in one run, since machines are noisy: the rounds of the two servers take turns, and what counts is
the ratio. Prints a table; ``--json FILE`` keeps the figures.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

PATH = "/v1/customer-portal/customers/me"
TOKEN = "polar_cst_individual"
ROUNDS = 5
SECONDS = 4
CONNECTIONS = 32
REQUESTS = 10_000


@contextmanager
def mock_server() -> Iterator[tuple[str, psutil.Process, float]]:
    """A mock server: its URL, its process, and the seconds from spawn to the line that says it is ready."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    match = re.search(r"http://\S+", process.stdout.readline())
    ready = time.perf_counter() - start
    assert match is not None, "the mock server did not start"
    try:
        yield match.group(), psutil.Process(process.pid), ready
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def bare_server(body: bytes) -> Iterator[str]:
    """Bare uvicorn with the same event loop and parser, sending the same bytes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(
        [*command, "--no-access-log", "--lifespan", "off", "--http", "httptools", "--loop", "uvloop"],
        env={**os.environ, "BARE_BODY": body.decode()},
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    """Until something listens on a port, ten seconds at most."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


def answer_of(url: str, token: str) -> bytes:
    """The body of one good answer."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    return answer.read()


def ask_many(url: str, count: int) -> None:
    """Requests one after the other, each with a token of its own."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    for index in range(count):
        connection.request("GET", PATH, headers={"Authorization": f"Bearer polar_cst_bench-{index}"})
        assert connection.getresponse().read()


def rate(url: str) -> float:
    """Requests a second by wrk, one thread, the same request again and again."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {TOKEN}", url + PATH]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in printed, printed
    match = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert match is not None, printed
    return float(match[1])


def measure() -> dict[str, float]:
    """All figures of one run."""
    readies = []
    for _ in range(ROUNDS):
        with mock_server() as (_, _, ready):
            readies.append(ready)
    with mock_server() as (url, process, _), bare_server(answer_of(url, TOKEN)) as bare_url:
        assert answer_of(url, TOKEN) == answer_of(bare_url, TOKEN), "the two servers must send the same bytes"
        rates = [(rate(url), rate(bare_url)) for _ in range(ROUNDS)]
        ask_many(url, REQUESTS)
        memory = process.memory_info().rss / 1e6
    return {
        "ready_seconds": statistics.median(readies),
        "ready_seconds_worst": max(readies),
        "requests_per_second": statistics.median(mine for mine, _ in rates),
        "bare_requests_per_second": statistics.median(bare for _, bare in rates),
        "ratio": statistics.median(mine / bare for mine, bare in rates),
        "memory_megabytes": memory,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing; install it (Debian: apt-get install wrk) or run make bench")
    figures = measure()
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"spawn to ready      {figures['ready_seconds']:8.2f} s   (worst {figures['ready_seconds_worst']:.2f})")
    print(f"memory              {figures['memory_megabytes']:8.0f} MB  after {REQUESTS:,} requests of as many tokens")
    print(f"requests a second   {figures['requests_per_second']:8,.0f}")
    print(f"bare uvicorn        {figures['bare_requests_per_second']:8,.0f}     the same bytes")
    print(f"ratio               {figures['ratio']:8.3f}")


if __name__ == "__main__":
    main()
