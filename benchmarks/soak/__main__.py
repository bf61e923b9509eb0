"""Soak a server: eight clients, all kinds of requests, reloads and a store, and nothing may stay or get slower.

Exit code 0 where everything holds, 1 where something does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import interruptible
from benchmarks.servers import Place
from benchmarks.soak.fleet import Fleet, fill
from benchmarks.soak.verdict import WARM_UP, as_json, text, tracebacks, verdicts
from benchmarks.soak.watch import Watch

SHOP = Path(__file__).parent / "shop"
SETTINGS = (
    "--max-worlds",
    "100",
    "--journal-memory",
    "16",
    "--journal-size",
    "200",
    "--answer-memory",
    "8",
    "--record-memory",
    "2",
    "--reload",
)
"""Small bounds, so that a short run comes up against all of them."""
ROUND = 10.0
"""Seconds between two quiet looks."""
REST = 0.3
"""Seconds that clients may take to come to rest."""
RELOADS = 3
"""Every so many rounds the contract is another one; every second time it is a broken one first."""


def main(given: list[str] | None = None) -> int:
    """Soak and print; the exit code."""
    arguments = _arguments(given)
    interruptible()
    try:
        with tempfile.TemporaryDirectory() as directory:
            return _soaked(Path(directory), arguments)
    except KeyboardInterrupt:
        return 130


def _soaked(directory: Path, arguments: argparse.Namespace) -> int:
    shop = Path(shutil.copytree(SHOP, directory / "shop"))
    place = Place(directory)
    store = "memory" if arguments.store == "memory" else f"sqlite:///{directory}/records.db"
    command = (str(shop / "shop.yaml"), "--fixtures", str(shop / "fixtures"), "--store", store, *SETTINGS)
    with place.mock_server(*command) as server:
        fill(server.url)
        with Fleet(server.url, arguments.pace) as fleet:
            watch = Watch(server)
            watch.begin()
            _rounds(watch, fleet, shop / "shop.yaml", WARM_UP + arguments.minutes * 60)
            findings = fleet.findings()
            samples = watch.end()
        log = server.log.read_text(encoding="utf-8", errors="replace")
    found = verdicts(samples, findings, log)
    print(text(found, samples, findings))
    for trace in tracebacks(log)[:3]:
        print(f"\n{trace}")
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(found, samples, findings), indent=1) + "\n", encoding="utf-8")
    return 0 if all(one.good for one in found) else 1


def _rounds(watch: Watch, fleet: Fleet, contract: Path, seconds: float) -> None:
    """Let clients work and rest by turns, and reload."""
    text = contract.read_text(encoding="utf-8")
    number = 0
    while watch.elapsed < seconds:
        number += 1
        if number % RELOADS == 0:
            if number % (2 * RELOADS) == 0:
                contract.write_text("openapi: 3.1.0\npaths: {/a: [", encoding="utf-8")
                time.sleep(2)
            contract.write_text(text.replace("version: 1.0.0", f"version: 1.0.{number}"), encoding="utf-8")
        time.sleep(min(ROUND, max(0.0, seconds - watch.elapsed)))
        fleet.pause()
        time.sleep(REST)
        watch.look_quietly()
        fleet.go_on()


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak ARGS=...", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, metavar="N", help="minutes after the first one (30)")
    parser.add_argument("--pace", type=float, default=8, metavar="N", help="kinds a second of each client (8)")
    parser.add_argument("--store", choices=("sqlite", "memory"), default="sqlite", help="what keeps the records")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample in this file")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
