"""What several processes cost: worlds in which nothing is staged, worlds with a scenario, and the admin API.

The servers take turns in short rounds of wrk, and what counts is the processor time that a request costs all of their
processes together (the Redis server apart), since machines are noisy. ``python -m benchmarks.replicas``; it needs wrk
and redis-server. ``--before PROGRAM`` measures the servers of another checkout, by its Python, in the same rounds.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
import psutil

from tests.support.customers import ME
from tests.support.server_process import RunningServer
from tests.support.valkey_server import running_valkey

CONNECTIONS = 16
TOKEN = {"Authorization": "Bearer polar_cst_individual"}
TOKENS = 200
_SCRIPT = """
local count = 0
request = function()
  count = count + 1
  return wrk.format("GET", "{path}", {{["Authorization"] = "Bearer polar_cst_" .. {token}}})
end
"""


@dataclass
class Asked:
    """What is asked of which servers, and what came of it: requests a second, microseconds of processor time each."""

    name: str
    url: str
    servers: tuple[RunningServer, ...]
    tokens: bool = False
    """Whether each request has another of :data:`TOKENS` tokens than the one before."""
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
        token = f"count % {TOKENS}" if self.tokens else "'individual'"
        script.write_text(_SCRIPT.format(path=parts.path + ME, token=token), encoding="utf-8")
        before = self.processor_time()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://{parts.netloc}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        spent = self.processor_time() - before
        assert "Non-2xx" not in done.stdout, done.stdout
        (count,) = re.findall(r"(\d+) requests in", done.stdout)
        (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
        self.requests.append(float(rate))
        self.microseconds.append(spent / int(count) * 1e6)


def rows_of(stack: ExitStack, hub: str, program: list[str] | None, label: str) -> list[Asked]:
    """Start one process, two workers, and two replicas where there is a ``hub``; return what is asked of them."""

    def started(*arguments: str) -> RunningServer:
        return stack.enter_context(RunningServer(*arguments, program=program))

    single, pair = started("--workers", "1"), started("--workers", "2")
    rows = [
        *_rows(f"{label}one process", single.url, (single,)),
        *_rows(f"{label}two workers", pair.url, (pair,)),
    ]
    if hub:
        replicas = started("--workers", "1", "--hub", hub), started("--workers", "1", "--hub", hub)
        rows += _rows(f"{label}one of two replicas", replicas[0].url, replicas)
    return rows


def _rows(name: str, url: str, servers: tuple[RunningServer, ...]) -> list[Asked]:
    return [
        Asked(f"{name}, plain world", f"{url}/~plain", servers),
        Asked(f"{name}, plain world, {TOKENS} tokens", f"{url}/~tokens", servers, tokens=True),
        Asked(f"{name}, world with a scenario", with_scenario(f"{url}/~staged"), servers),
    ]


def with_scenario(url: str) -> str:
    """Start a scenario that passes all requests on, at the cost of any scenario; return the URL of its world."""
    started = httpx.post(f"{url}/__admin/scenarios", json={"answers": [{"pass": True}]})
    assert started.status_code == 201, started.text
    return url


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
    parser.add_argument("--before", default="", help="the Python of another checkout, to measure its servers too")
    options = parser.parse_args()
    for program in ("wrk", "redis-server"):
        if shutil.which(program) is None:
            print(f"install {program} first: sudo apt-get install {program}", file=sys.stderr)
            return 2
    with TemporaryDirectory() as directory, ExitStack() as stack:
        hub = "redis://" + stack.enter_context(running_valkey(Path(directory)))
        rows = rows_of(stack, hub, None, "")
        if options.before:
            rows += rows_of(stack, "", [options.before, "-m", "mock_server"], "before: ")
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
        tell_of_control(rows[0].servers[0], rows[3].servers[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
