"""wrk: one run of it, and what it counted."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import NotComparableError, NotMeasuredError
from benchmarks.requests import Load

CONNECTIONS = 32
SAME_SIZE = 0.05
"""Share by which the sizes of answers may differ where each request has an answer of its own."""
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """What one run of wrk counted. Rates are per second, times milliseconds."""

    requests: int
    rate: float
    p99: float
    size: float
    """Bytes an answer, head and body."""
    refused: int
    """Answers of a status above 399."""
    lost: int
    """Requests that nothing came back for."""
    busy: float
    """Share of a core that wrk itself took. Near 1, it is wrk that was measured."""
    cost: float = 0.0
    """Microseconds of processor time that an answer took the server, where that was looked at."""


def parsed(printed: str, busy: float = 0.0) -> Run:
    """Return the run that wrk with ``summary.lua`` printed. Raises :class:`ValueError` where it printed none."""
    line = re.search(r"^\{.*\}$", printed, re.MULTILINE)
    if line is None:
        raise ValueError(f"wrk: found no line of JSON in what it printed: {printed!r}")
    counted = json.loads(line[0])
    requests = counted["requests"]
    return Run(
        requests=requests,
        rate=requests / counted["duration"] * 1e6,
        p99=counted["p99"] / 1e3,
        size=counted["bytes"] / requests if requests else 0.0,
        refused=counted["refused"],
        lost=counted["lost"],
        busy=busy,
    )


def drive(url: str, load: Load, seconds: int, connections: int = CONNECTIONS) -> Run:
    """Load a server: one thread, so many connections. Raises :class:`NotMeasuredError` where wrk fails."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(load.text())
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", load.script, url, "--", file.name]
        spent, started = _processor_time(), time.perf_counter()
        done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
        busy = (_processor_time() - spent) / (time.perf_counter() - started)
    if done.returncode:
        raise NotMeasuredError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return parsed(done.stdout, busy)


def check_good(name: str, run: Run) -> None:
    """Every request had a good answer, or :class:`NotComparableError`."""
    if run.refused or run.lost:
        raise NotComparableError(f"{name}: found {run.refused} refused and {run.lost} lost requests; expected none.")


def check_same_size(name: str, run: Run, other: str, other_run: Run) -> None:
    """Both sent answers of one size, or :class:`NotComparableError`."""
    if abs(run.size - other_run.size) > SAME_SIZE * run.size:
        raise NotComparableError(
            f"found {other_run.size:.0f} bytes an answer from {other}; expected {run.size:.0f} as from {name}."
        )


def _processor_time() -> float:
    # Of children that have ended: the servers have not.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
