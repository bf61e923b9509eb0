"""The report: as a table in Markdown, and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import psutil

from benchmarks.rows import PeerResult, Result, Spread

SHOWN = 3
"""Findings of a peer that the table has room for."""
BUSY = 0.9
"""From here on it may have been wrk that was measured."""


@dataclass(frozen=True)
class Report:
    """All that one run of the benchmark measured."""

    rounds: int
    seconds: int
    results: tuple[Result, ...]
    peers: tuple[PeerResult, ...]

    @property
    def good(self) -> bool:
        """Whether every figure that could be measured reaches its target."""
        return not any(result.failed or result.reached is False for result in self.results)

    @property
    def busiest(self) -> float:
        """The largest share of a core that wrk took."""
        return max((run.busy for result in self.results for runs in result.runs.values() for run in runs), default=0.0)


def text(report: Report) -> str:
    """Return the tables, and below them what a reader has to know of them."""
    head = ("what", "target", "median", "spread", "reached", "by processor time", "requests a second")
    columns = ("peer, the same request", "ratio", "spread", "requests a second", "ready", "memory", "")
    parts = [
        _table(head, [_row(result) for result in report.results]) if report.results else "",
        _table(columns, [_peer(peer) for peer in report.peers]) if report.peers else "",
        "\n".join(f"- {_named(peer)}: {_reason(peer)}" for peer in report.peers if _reason(peer)),
        _notes(report),
    ]
    return "\n\n".join(part for part in parts if part)


def as_json(report: Report) -> dict[str, Any]:
    """Return the same for programs: every round of every server."""
    return {
        "machine": _machine(),
        "rounds": report.rounds,
        "seconds": report.seconds,
        "reached": report.good,
        "rows": [_json_row(result) for result in report.results],
        "peers": [_json_peer(peer) for peer in report.peers],
    }


def _json_row(result: Result) -> dict[str, Any]:
    return {
        **asdict(result.row),
        "reached": result.reached,
        **_json_spread(result.values),
        "values": list(result.values),
        "by_processor_time": result.by_processor_time,
        "why": result.why,
        "failed": result.failed,
        "note": result.note,
        "runs": {name: [asdict(run) for run in runs] for name, runs in result.runs.items()},
    }


def _json_peer(peer: PeerResult) -> dict[str, Any]:
    return {**asdict(peer), "comparable": bool(peer.ratios) and not peer.findings, **_json_spread(peer.ratios)}


def _json_spread(values: Sequence[float]) -> dict[str, float | None]:
    return asdict(Spread.of(values)) if values else {"median": None, "low": None, "high": None}


def _row(result: Result) -> tuple[str, ...]:
    bound = f"{'≤' if result.row.at_most else '≥'} {_figure(result.row.target, result.row.unit)}"
    if result.spread is None:
        return result.row.what, bound, "", "", "failed" if result.failed else "not measured", "", result.why
    spread, unit = result.spread, result.row.unit
    rates = ", ".join(f"{name} {_rate(runs)}" for name, runs in result.runs.items())
    return (
        result.row.what,
        bound,
        _figure(spread.median, unit),
        f"{_figure(spread.low, unit)} to {_figure(spread.high, unit)}",
        "yes" if result.reached else "no",
        "" if result.by_processor_time is None else _figure(result.by_processor_time, ""),
        "; ".join(part for part in (rates, result.note) if part),
    )


def _peer(peer: PeerResult) -> tuple[str, ...]:
    if not peer.ratios:
        return _named(peer), "", "", "", "", "", "not measured"
    spread = Spread.of(peer.ratios)
    ratio = f"{spread.median:.3f}"
    return (
        # In brackets is what was paid for something else than the contract.
        _named(peer),
        f"({ratio})" if peer.findings else ratio,
        f"{spread.low:.3f} to {spread.high:.3f}",
        f"{peer.rate:,.0f}",
        f"{peer.ready:.2f} s",
        f"{peer.memory:.0f} MB",
        "not comparable" if peer.findings else "keeps the contract",
    )


def _named(peer: PeerResult) -> str:
    name, comma, manner = peer.name.partition(",")
    return f"{name} {peer.version}".strip() + comma + manner


def _reason(peer: PeerResult) -> str:
    more = f" and {len(peer.findings) - SHOWN} more" if len(peer.findings) > SHOWN else ""
    return peer.why or "; ".join(_short(finding) for finding in peer.findings[:SHOWN]) + more


def _notes(report: Report) -> str:
    machine = _machine()
    said = [
        f"{report.rounds} rounds of {report.seconds} s by turns; Python {machine['python']}, "
        f"uvicorn {machine['uvicorn']}, {machine['cores']} cores.",
    ]
    if report.busiest:
        doubt = ": it, too, was measured" if report.busiest > BUSY else ""
        said.append(f"wrk took at most {report.busiest:.0%} of a core{doubt}.")
    return " ".join(said)


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": psutil.cpu_count(),
        "uvicorn": version("uvicorn"),
    }


def _rate(runs: Sequence[Any]) -> str:
    return f"{Spread.of([run.rate for run in runs]).median:,.0f}" if runs else ""


def _figure(value: float, unit: str) -> str:
    return f"{value:.0f} {unit}" if unit == "MB" else f"{value:.2f} {unit}" if unit else f"{value:.3g}"


def _short(finding: str, longest: int = 90) -> str:
    return finding if len(finding) <= longest else f"{finding[: longest - 1]}…"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns are as wide in a terminal as on a page."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in cells]
    return "\n".join([lines[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *lines[1:]])
