"""The rows of the table: what is to be reached, and what was."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.load import Run


@dataclass(frozen=True)
class Spread:
    """The middle of several figures, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one figure or more. Raises :class:`ValueError` where there is none."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One thing that is measured. Its figure is to be at least or at most the target."""

    key: str
    what: str
    target: float
    at_most: bool = False
    unit: str = ""

    def reached(self, figure: float) -> bool:
        """Tell whether a figure is good enough."""
        return figure <= self.target if self.at_most else figure >= self.target


@dataclass(frozen=True)
class Result:
    """What came of a row: a figure of each round, or why there is none."""

    row: Row
    values: tuple[float, ...] = ()
    why: str = ""
    failed: bool = False
    """Whether there is none since something went wrong: the answers of two servers differ, say."""
    runs: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)
    """The runs behind the figures, of each server."""
    note: str = ""

    @property
    def by_processor_time(self) -> float | None:
        """The same ratio by what an answer costs, which a busy machine does not disturb; of two servers."""
        if len(self.runs) != 2:
            return None
        first, second = self.runs.values()
        costs = [(run.cost, other.cost) for run, other in zip(first, second, strict=True)]
        return statistics.median(other / cost for cost, other in costs) if all(cost for cost, _ in costs) else None

    @property
    def spread(self) -> Spread | None:
        """The middle and the ends of the figures."""
        return Spread.of(self.values) if self.values else None

    @property
    def reached(self) -> bool | None:
        """Whether the median is good enough; None where nothing was measured."""
        return self.row.reached(self.spread.median) if self.spread else None


@dataclass(frozen=True)
class PeerResult:
    """What came of a peer. Its figures stand beside ours only where its answers keep the contract."""

    name: str
    version: str
    ratios: tuple[float, ...] = ()
    rate: float = 0.0
    """Requests a second, the median."""
    ready: float = 0.0
    memory: float = 0.0
    findings: tuple[str, ...] = ()
    """What of its answers breaks the contract, or came in place of answers."""
    why: str = ""
    """Why nothing was measured."""


SAME = Row("same", "the same request again (one token), 32 connections", 0.95)
TOKENS = Row("tokens", "10,000 different tokens in turn, after the first round", 0.90)
TOKENS_20000 = Row("tokens-20000", "20,000 different tokens in turn, after the first round", 0.60)
HEADERS = Row("headers", "the same, with other traceparent and x-request-id each time", 0.85)
NEW = Row("new", "each request new (never seen token), customer generated, judged, sent", 0.25)
WORLDS = Row("worlds", "the same 10,000 requests spread over 500 worlds, journal on", 0.80)
SCENARIO = Row("scenario", "the same request again in a world with a scenario running", 0.60)
POST = Row("post", "POST with a new JSON body each time, judged, answered from an example", 0.35)
FULL = {
    row.key: Row("full", f"full Polar contract against the small one: {what}", 0.90)
    for row, what in ((SAME, "same request"), (TOKENS, "tokens"), (NEW, "new tokens"), (WORLDS, "worlds"))
}
CONSOLE = Row("console", "the same request again with the console's page of requests open, against closed", 0.97)
P99 = Row("p99", "p99 at 32 connections, as a multiple of bare uvicorn's", 2.0, at_most=True)
READY = Row("ready", "spawn to the first answer of the API, second start", 0.22, at_most=True, unit="s")
FIRST_START = Row("ready", "the same, first start of a machine, 1,000 operations", 1.5, at_most=True, unit="s")
MEMORY = Row("memory", "resident memory after 100,000 different requests", 95, at_most=True, unit="MB")
GROWTH = Row("memory", "the same after 200,000, as a multiple", 1.05, at_most=True)
WORKERS = Row("workers", "--workers 2 against one", 1.7)
ROWS = (
    *(SAME, TOKENS, TOKENS_20000, HEADERS, NEW, WORLDS, SCENARIO, POST, *FULL.values(), CONSOLE, P99),
    *(READY, FIRST_START, MEMORY, GROWTH, WORKERS),
)
KEYS = tuple(dict.fromkeys(row.key for row in ROWS))
"""What ``--only`` takes, in the order of the table."""
