"""What records in a database cost those who read: requests a second on SQLite and PostgreSQL against memory.

The servers take turns in short rounds of wrk, and what counts is the ratio of the processor time that a request costs
them in their best round, since machines are noisy and noise never makes a request cheaper.
``python -m benchmarks.store``; exit code 1 where reads cost more than a tenth more.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.support.customers import ME
from tests.support.postgresql import programs, running
from tests.support.server_process import RunningServer

LEAST = 0.9
"""Of memory's requests for the same processor time."""
CONNECTIONS = 16
RECORDS = 1000

_CASES: Mapping[str, str] = {
    "one record": 'path, token = "{me}", "polar_cst_individual"',
    f"{RECORDS:,} records": 'n = n + 1 path, token = "{me}", "polar_cst_x-" .. (n % {records})',
    "a changed record in each of 50 worlds": (
        'n = n + 1 path, token = "/~w" .. (n % 50) .. "{me}", "polar_cst_individual"'
    ),
}
_SCRIPT = """
n = 0
request = function()
  {choice}
  return wrk.format("GET", path, {{["Authorization"] = "Bearer " .. token}})
end
"""


@dataclass
class Measured:
    """What one server did in the rounds of one case."""

    requests: list[float] = field(default_factory=list)
    """A second."""
    microseconds: list[float] = field(default_factory=list)
    """Of processor time for a request."""


@contextmanager
def servers(directory: Path) -> Iterator[dict[str, RunningServer]]:
    """Start a server for each kind of store, all with the same records."""
    with ExitStack() as stack:
        urls = {"memory": "memory", "sqlite": f"sqlite:///{directory}/records.db"}
        if programs():
            urls["postgresql"] = stack.enter_context(running()).url()
        started = {}
        for name, url in urls.items():
            options = ("--fixtures", str(directory / "fixtures"))
            started[name] = stack.enter_context(RunningServer(*options, env={"MOCK_SERVER_STORE": url}))
            for number in range(50):
                rename(f"{started[name].url}/~w{number}", f"Name {number}")
        yield started


def rename(url: str, name: str) -> None:
    """Give the individual customer of a world a name of its own."""
    import httpx

    answer = httpx.patch(f"{url}/__admin/fixtures/customers/individual", json={"name": name}, timeout=30)
    assert answer.status_code == 200, answer.text


def make_fixtures(directory: Path) -> None:
    """Write the built-in customers, and as many others as are asked for."""
    from mock_server.core import bundled

    fixtures = directory / "fixtures"
    fixtures.mkdir()
    file = fixtures / "customers.ndjson"
    command = [sys.executable, "-m", "mock_server", "generate", "customers", "--country", "all"]
    subprocess.run([*command, "--count", str(RECORDS), "-o", str(file)], check=True)
    lines = file.read_text(encoding="utf-8").splitlines()
    renumbered = [re.sub(r'"handle": "[^"]*"', f'"handle": "x-{at}"', line, count=1) for at, line in enumerate(lines)]
    file.write_text("\n".join(renumbered), encoding="utf-8")
    shutil.copy(bundled.fixtures() / "customers.yaml", fixtures)


def measure(server: RunningServer, script: Path, seconds: int, into: Measured) -> None:
    """One round."""
    process = psutil.Process(server.process.pid)
    before = sum(process.cpu_times()[:2])
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = sum(process.cpu_times()[:2]) - before
    assert "Non-2xx" not in done.stdout, done.stdout
    (count,) = re.findall(r"(\d+) requests in", done.stdout)
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
    into.requests.append(float(rate))
    into.microseconds.append(spent / int(count) * 1e6)


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("install wrk first: sudo apt-get install wrk", file=sys.stderr)
        return 2
    good = True
    with TemporaryDirectory() as name:
        directory = Path(name)
        make_fixtures(directory)
        with servers(directory) as started:
            print(f"{'':<40}{'store':<12}{'requests/s':>11}{'µs CPU':>9}{'ratio':>7}")
            for case, choice in _CASES.items():
                script = directory / "script.lua"
                script.write_text(_SCRIPT.format(choice=choice.format(me=ME, records=RECORDS)), encoding="utf-8")
                results = {kind: Measured() for kind in started}
                kinds = [*started]
                for turn in range(options.rounds + 1):
                    kinds.append(kinds.pop(0))  # whoever comes first finds the machine as nobody else does
                    for kind in kinds:
                        server = started[kind]
                        measure(server, script, options.seconds, results[kind] if turn else Measured())
                memory = min(results["memory"].microseconds)
                for kind, result in results.items():
                    cost = min(result.microseconds)
                    good &= memory / cost >= LEAST
                    rate = statistics.median(result.requests)
                    print(f"{case:<40}{kind:<12}{rate:>11,.0f}{cost:>9.1f}{memory / cost:>7.2f}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
