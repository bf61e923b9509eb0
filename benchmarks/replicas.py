"""What several processes cost: a plain world, and one with a scenario, asked at its owner and elsewhere; control.

The servers take turns in short rounds of wrk, and what counts is the processor time that a request costs all of their
processes together, since machines are noisy. ``python -m benchmarks.replicas``; it needs wrk.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
import psutil

from tests.support.customers import ME
from tests.support.server_process import RunningServer

CONNECTIONS = 16
TOKEN = {"Authorization": "Bearer polar_cst_individual"}
_SCRIPT = 'request = function() return wrk.format("GET", "{path}", {{["Authorization"] = "Bearer {token}"}}) end\n'


@dataclass
class Asked:
    """What is asked of which servers, and what came of it: requests a second, microseconds of processor time each."""

    name: str
    url: str
    servers: tuple[RunningServer, ...]
    requests: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)

    def processor_time(self) -> float:
        """Seconds that all processes took until now."""
        roots = [psutil.Process(server.process.pid) for server in self.servers]
        processes = [process for root in roots for process in (root, *root.children(recursive=True))]
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    def measure(self, directory: Path, seconds: int) -> None:
        """One round."""
        parts = urlsplit(self.url)
        script = directory / "script.lua"
        script.write_text(_SCRIPT.format(path=parts.path + ME, token="polar_cst_individual"), encoding="utf-8")
        before = self.processor_time()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://{parts.netloc}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        spent = self.processor_time() - before
        assert "Non-2xx" not in done.stdout, done.stdout
        (count,) = re.findall(r"(\d+) requests in", done.stdout)
        (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
        self.requests.append(float(rate))
        self.microseconds.append(spent / int(count) * 1e6)


@contextmanager
def servers() -> Iterator[tuple[RunningServer, RunningServer, RunningServer, RunningServer]]:
    """One process; two workers; two replicas."""
    secret = ("--admin-token", "s3cret")
    with ExitStack() as stack:
        single = stack.enter_context(RunningServer("--workers", "1"))
        pair = stack.enter_context(RunningServer("--workers", "2"))
        first = stack.enter_context(RunningServer("--peers", "127.0.0.1:1", *secret))
        place = urlsplit(first.url).netloc
        second = stack.enter_context(RunningServer("--peers", place, *secret))
        yield single, pair, first, second


def with_scenario(url: str) -> str:
    """Start a scenario that passes all requests on, at the cost of any scenario; return the URL of its world."""
    started = httpx.post(f"{url}/__admin/scenarios", json={"answers": [{"pass": True}]})
    assert started.status_code == 201, started.text
    return url


def world_of(server: RunningServer) -> str:
    """Return the name of a world that belongs to a replica."""
    for number in range(100):
        status = httpx.get(f"{server.url}/~w{number}/__admin/peers").json()
        if status["owner"] == status["name"]:
            return f"w{number}"
    raise AssertionError("no world belongs to the replica")


def milliseconds(call: Callable[[], object], times: int = 50) -> float:
    """Return the median time of a call in milliseconds."""
    durations = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        durations.append((time.perf_counter() - began) * 1e3)
    return statistics.median(durations)


def tell_of_control(single: RunningServer, pair: RunningServer) -> None:
    """How long control takes with one process and with two workers."""
    print(f"\n{'control (ms)':<52}{'one':>11}{'two':>11}")
    with httpx.Client(trust_env=False) as client:
        for server in (single, pair):
            for number in range(1000):
                client.get(f"{server.url}/~full{ME}?n={number}", headers=TOKEN)
        scenario = {"name": "x", "answers": [{"code": 429}]}
        calls: dict[str, tuple[str, str, object]] = {
            "a scenario is started": ("POST", "/~other/__admin/scenarios", scenario),
            "1,000 different requests are verified": ("POST", "/~full/__admin/requests/verify", {"times": 1000}),
            "coverage is told": ("GET", "/~full/__admin/coverage", None),
        }
        for name, (method, path, body) in calls.items():
            asks = [partial(client.request, method, server.url + path, json=body) for server in (single, pair)]
            print(f"{name:<52}{milliseconds(asks[0]):>11.1f}{milliseconds(asks[1]):>11.1f}")


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("install wrk first: sudo apt-get install wrk", file=sys.stderr)
        return 2
    with TemporaryDirectory() as directory, servers() as (single, pair, first, second):
        world = world_of(first)
        with_scenario(f"{first.url}/~{world}")
        rows = [
            Asked("a plain world, one process", f"{single.url}/~plain", (single,)),
            Asked("a plain world, two workers", f"{pair.url}/~plain", (pair,)),
            Asked("a world with a scenario, one process", with_scenario(f"{single.url}/~staged"), (single,)),
            Asked("a world with a scenario, two workers", with_scenario(f"{pair.url}/~staged"), (pair,)),
            Asked("two replicas, its owner asked", f"{first.url}/~{world}", (first, second)),
            Asked("two replicas, the other one asked", f"{second.url}/~{world}", (first, second)),
        ]
        for turn in range(options.rounds + 1):
            for row in rows:
                row.measure(Path(directory), options.seconds)
                if not turn:
                    row.requests.clear()
                    row.microseconds.clear()
        print(f"{'':<52}{'requests/s':>11}{'µs CPU':>11}")
        for row in rows:
            print(
                f"{row.name:<52}{statistics.median(row.requests):>11,.0f}{statistics.median(row.microseconds):>11.1f}"
            )
        tell_of_control(single, pair)
    return 0


if __name__ == "__main__":
    sys.exit(main())
