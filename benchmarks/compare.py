"""This tree's server beside that of another one, by turns: what an answer costs each in processor time.

    git worktree add --detach ../before 1375fb0 && make -C ../before .venv/serve.stamp
    python -m benchmarks.compare ../before

A machine with others on it makes the clock useless, and processor time still says which of the two takes more.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from benchmarks import contracts, requests
from benchmarks.answers import answers
from benchmarks.measurements import Plan, in_turns, to_terminal, warm
from benchmarks.requests import Load
from benchmarks.servers import ROOT, Place

STARTS = 10
DIFFERENT = 20_000
"""Requests after which memory is looked at."""


def main(given: list[str] | None = None) -> int:
    """Measure and print; the exit code, 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("tree", type=Path, help="a source tree with its own .venv")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--only", action="append", help="this row alone; may be repeated")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as before, tempfile.TemporaryDirectory() as now:
        places = {"before": Place(Path(before), options.tree.resolve()), "now": Place(Path(now), ROOT)}
        full = tuple(contracts.full_contract(places["now"])) if contracts.FULL.exists() else ()
        for name, (load, arguments) in _rows(full).items():
            if name in (options.only or [name]):
                plan = Plan(places["now"], options.rounds, options.seconds, frozenset(), to_terminal)
                _say(name, _costs(plan, places, load, arguments), "µs of processor time an answer")
        for name, measure, unit in (
            ("ready", _starts, "s of processor time from spawn to ready"),
            ("memory", _memory, f"MB after {DIFFERENT:,} answers"),
        ):
            if name in (options.only or [name]):
                _say(name, measure(places), unit)
    return 0


def _rows(full: Sequence[str]) -> Mapping[str, tuple[Load, Sequence[str]]]:
    rows: dict[str, tuple[Load, Sequence[str]]] = {
        "same": (requests.one_customer(), ()),
        "tokens": (requests.many_customers(), ()),
        "worlds": (requests.many_customers(requests.WORLDS), ()),
        "new": (requests.new_customers(), ()),
        "post": (requests.new_orders(), (str(contracts.ORDERS), "--state", "off")),
    }
    return {**rows, **({"full": (requests.one_customer(), full)} if full else {})}


def _costs(
    plan: Plan, places: Mapping[str, Place], load: Load, arguments: Sequence[str]
) -> Mapping[str, Sequence[float]]:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(place.mock_server(*arguments)) for name, place in places.items()}
        for server in servers.values():
            warm(plan, server, load)
        return {name: [run.cost for run in runs] for name, runs in in_turns(plan, servers, load).items()}


def _starts(places: Mapping[str, Place]) -> Mapping[str, Sequence[float]]:
    took: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(STARTS + 1):
        for name, place in places.items():
            with place.mock_server() as server:
                took[name].append(server.processor_time())
    return {name: figures[1:] for name, figures in took.items()}  # the first fills the cache


def _memory(places: Mapping[str, Place]) -> Mapping[str, Sequence[float]]:
    held: dict[str, Sequence[float]] = {}
    for name, place in places.items():
        with place.mock_server() as server:
            asked = requests.new_customers().some(DIFFERENT)
            while some := [*islice(asked, 500)]:
                deque(answers(server.url, some), maxlen=0)
            held[name] = [server.memory()]
    return held


def _say(name: str, figures: Mapping[str, Sequence[float]], unit: str) -> None:
    before, now = (statistics.median(figures[side]) for side in ("before", "now"))
    ratios = sorted(new / old for old, new in zip(figures["before"], figures["now"], strict=True))
    spread = f"{ratios[0]:.3f} to {ratios[-1]:.3f}"
    print(f"{name:8} {before:8.3f} {now:8.3f}  {statistics.median(ratios):.3f} ({spread})  {unit}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
