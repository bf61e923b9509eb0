"""The server beneath: granian beside uvicorn, with one worker and with two, the same application and the same bytes.

    make beneath                      # about ten minutes; ARGS='--rounds 2 --seconds 1' for a quick look

Each row is granian's requests a second as a multiple of uvicorn's, by turns, and the same by what an answer cost each
server in processor time. Both send a line ``Server``, of the same length, since granian always does. Exit code 0; 2
where granian or wrk is missing.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks import contracts, requests
from benchmarks.answers import Answer, NotComparableError, answer
from benchmarks.load import check_good, check_same_size
from benchmarks.measurements import Plan, Runs, in_turns, to_terminal
from benchmarks.requests import Cycle, Load
from benchmarks.servers import Place, Server

WORKERS = (1, 2)
UVICORN = (
    *("-m", "uvicorn", "{app}", "--port", "{port}", "--workers", "{workers}"),
    *("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "off"),
    *("--log-level", "error", "--no-access-log", "--no-proxy-headers"),
)
GRANIAN = (
    *("-m", "granian", "{app}", "--port", "{port}", "--workers", "{workers}"),
    *("--loop", "uvloop", "--http", "1", "--no-ws", "--interface", "asginl", "--log-level", "error"),
)
COMMANDS = {"granian": GRANIAN, "uvicorn": UVICORN}


@dataclass(frozen=True)
class Case:
    """What is asked, and of which application."""

    key: str
    load: Load
    app: str = "benchmarks.behind:app"
    contract: str = ""


def cases() -> tuple[Case, ...]:
    """Return the rows of the table."""
    return (
        Case("bare", requests.one_customer(), "benchmarks.bare:app"),
        Case("same", requests.one_customer()),
        Case("headers", requests.other_headers()),
        Case("new", requests.new_customers()),
        Case("post", requests.new_orders(), contract=str(contracts.ORDERS)),
    )


def main(argv: list[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.beneath", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", action="append", help="this row alone; may be repeated")
    options = parser.parse_args(argv)
    if find_spec("granian") is None or shutil.which("wrk") is None:
        print("granian or wrk is missing; run make beneath", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        plan = Plan(Place(Path(directory)), options.rounds, options.seconds, frozenset(), to_terminal)
        reply = _reply(plan.place)
        print("row      workers  requests a second     granian / uvicorn      the same by processor time")
        for case in cases():
            for workers in WORKERS if case.key in (options.only or [case.key]) else ():
                print(line(case.key, workers, _measure(plan, case, workers, reply)), flush=True)
    return 0


def _reply(place: Place) -> Path:
    """Return the file of what this server answers: what the bare application sends."""
    file = place.file("answer.json")
    with place.mock_server() as server:
        answer(server.url, requests.customer(requests.TOKEN)).write(file)
    return file


def _measure(plan: Plan, case: Case, workers: int, reply: Path) -> Runs:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(_started(plan.place, name, case, workers, reply)) for name in COMMANDS}
        first = case.load.requests[0] if isinstance(case.load, Cycle) else next(case.load.some(1))
        _check_same(servers, first)
        runs = in_turns(plan, servers, case.load)
    for ours, other in zip(runs["uvicorn"], runs["granian"], strict=True):
        check_good("uvicorn", ours)
        check_good("granian", other)
        check_same_size("uvicorn", ours, "granian", other)
    return runs


def _started(place: Place, name: str, case: Case, workers: int, reply: Path) -> AbstractContextManager[Server]:
    command = [part.replace("{app}", case.app).replace("{workers}", str(workers)) for part in COMMANDS[name]]
    variables = {"BARE_ANSWER": str(reply), "BEHIND_CONTRACT": case.contract}
    return place.program([sys.executable, *command], b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", variables)


def _check_same(servers: Mapping[str, Server], request: bytes) -> None:
    """Raise :class:`NotComparableError` where the servers differ in more than the line ``Server`` and the order."""
    replies = {name: without_server(answer(server.url, request)) for name, server in servers.items()}
    if replies["granian"] != replies["uvicorn"]:
        raise NotComparableError(f"found {replies['granian']} from granian; expected {replies['uvicorn']}.")


def without_server(reply: Answer) -> Answer:
    """Return an answer without the line that names the server, the others in order."""
    return replace(reply, headers=tuple(sorted(field for field in reply.headers if field[0].lower() != "server")))


def line(key: str, workers: int, runs: Runs) -> str:
    """Return a line of the table: the rates, and what granian's are of uvicorn's, above 1 where granian is better."""
    rates = {name: statistics.median(run.rate for run in runs[name]) for name in runs}
    pairs = [*zip(runs["granian"], runs["uvicorn"], strict=True)]
    by_rate = _spread([granian.rate / uvicorn.rate for granian, uvicorn in pairs])
    by_cost = _spread([uvicorn.cost / granian.cost for granian, uvicorn in pairs])
    return f"{key:8} {workers:7}  {rates['granian']:7,.0f} {rates['uvicorn']:7,.0f}  {by_rate:24} {by_cost}"


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    raise SystemExit(main())
