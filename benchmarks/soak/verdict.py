"""From what was seen to what stands: each thing that is held to, its bound, and the figure."""

from __future__ import annotations

import re
import statistics
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.soak.client import Findings
from benchmarks.soak.watch import Samples, Timing, thirds

WARM_UP = 60.0
"""Seconds that memory and latencies may take to come to where they stay."""
MEMORY_GROWTH = 0.03
MEMORY_SLACK = 4.0
"""Megabytes that may come on top: caches with a bound of entries (field lines, heads, facts about countries) are not
full after a minute. Measured: 156 MB after one minute, 163 after five, 163.5 after six."""
LATENCY_GROWTH = 0.5
"""Share by which the p99 of remembered answers may be higher in the last third than in the first. On a machine that
others use as well it moves by a third either way; what a leak does to it in half an hour is more."""
LATENCY_SLACK = 4.0
"""Milliseconds that may come on top: a time slice of another process (at 250 ticks a second) is as long."""
HEALTH = 250.0
"""Milliseconds within which 99 of 100 are answered."""
MOST_HEALTH = 500.0
"""Milliseconds within which all are: a reload's garbage collection may come on top of what eight clients ask for."""


@dataclass(frozen=True)
class Verdict:
    """One thing that is held to: ``found`` is what was seen, ``bound`` what had to be, in words."""

    what: str
    bound: str
    found: str
    good: bool


def verdicts(samples: Samples, findings: Findings, log: str, warm_up: float = WARM_UP) -> list[Verdict]:
    """Judge a soak by its samples, what the clients met and the text of the server's log."""
    return [
        _memory(samples, warm_up),
        _latency(samples.quiet, warm_up),
        _health(samples.health),
        Verdict("tracebacks in the log", "none", str(log.count("Traceback")), "Traceback" not in log),
        Verdict("answers that were not expected", "none", str(len(findings.surprises)), not findings.surprises),
        Verdict("requests without an answer", "none", str(_unanswered(findings)), not _unanswered(findings)),
    ]


def _memory(samples: Samples, warm_up: float) -> Verdict:
    parts = thirds(samples.memory, warm_up)
    if len(parts) < 3:
        return Verdict("resident memory", "known", "too short a run", good=False)
    growth = parts[2] / parts[0] - 1
    most = max(value for _, value in samples.memory)
    found = f"{growth:+.1%} (medians of thirds {', '.join(f'{part:.0f}' for part in parts)} MB, most {most:.0f} MB)"
    good = parts[2] <= parts[0] * (1 + MEMORY_GROWTH) + MEMORY_SLACK
    bound = f"at most {MEMORY_GROWTH:+.0%} and {MEMORY_SLACK:.0f} MB"
    return Verdict("resident memory after the first minute", bound, found, good)


def _latency(quiet: list[Timing], warm_up: float) -> Verdict:
    parts = thirds([(one.at, one.took) for one in quiet], warm_up)
    if len(parts) < 3:
        return Verdict("p99 of remembered answers", "known", "too short a run", good=False)
    growth = parts[2] / parts[0] - 1
    good = parts[2] <= parts[0] * (1 + LATENCY_GROWTH) + LATENCY_SLACK
    found = f"{growth:+.0%} (medians of thirds {', '.join(f'{part:.2f}' for part in parts)} ms)"
    return Verdict(
        "p99 of remembered answers while clients rest",
        f"at most {LATENCY_GROWTH:+.0%} and {LATENCY_SLACK:.0f} ms",
        found,
        good,
    )


def _health(health: list[Timing]) -> Verdict:
    slowest = max(health, key=lambda one: one.own)
    usual = sorted(one.own for one in health)[len(health) * 99 // 100]
    found = f"99 of 100 within {usual:.0f} ms, {slowest.own:.0f} ms at most, of {len(health)}"
    if slowest.held_up >= 1:
        found += f" (and {slowest.held_up:.0f} ms without a core)"
    good = usual <= HEALTH and slowest.own <= MOST_HEALTH
    bound = f"99 of 100 within {HEALTH:.0f} ms, all within {MOST_HEALTH:.0f}"
    return Verdict("health while clients are at work", bound, found, good)


def _unanswered(findings: Findings) -> int:
    return sum("timed out" in one or "TimeoutError" in one for one in findings.surprises)


def text(found: list[Verdict], samples: Samples, findings: Findings) -> str:
    """Write the table, what the clients did, and the first of what they did not expect."""
    rows = [("what", "has to be", "was", ""), *((one.what, one.bound, one.found, _word(one)) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows]
    lines.insert(1, f"|{'|'.join('-' * (width + 2) for width in widths)}|")
    took = sorted(one.took for one in samples.loaded)
    kinds = ", ".join(f"{name} {count:,}" for name, count in sorted(findings.counts.items()))
    asked = f"{sum(findings.statuses.values()):,} requests by 8 clients; {kinds}."
    median, slow = statistics.median(took), took[len(took) * 99 // 100]
    loaded = f"Remembered answers beside them: median {median:.1f} ms, p99 {slow:.1f} ms."
    return "\n".join([*lines, "", asked, loaded, *_surprises(findings)])


def _surprises(findings: Findings) -> list[str]:
    """Return the first surprise of each kind of request, and how many there were."""
    by_kind: dict[str, list[str]] = {}
    for surprise in findings.surprises:
        by_kind.setdefault(surprise.partition(":")[0], []).append(surprise)
    return [f"- {len(surprises)} times {surprises[0]}" for surprises in by_kind.values()]


def _word(one: Verdict) -> str:
    return "good" if one.good else "NOT SO"


def as_json(found: list[Verdict], samples: Samples, findings: Findings) -> dict[str, Any]:
    """Return the same for programs, with every sample."""
    return {
        "good": all(one.good for one in found),
        "verdicts": [asdict(one) for one in found],
        "kinds": dict(findings.counts),
        "statuses": {str(status): count for status, count in sorted(findings.statuses.items())},
        "surprises": findings.surprises,
        **asdict(samples),
    }


def tracebacks(log: str) -> list[str]:
    """Return the tracebacks in a log, the first lines of each."""
    return [part[:3000] for part in re.split(r"(?=Traceback \(most recent call last\))", log)[1:]]
