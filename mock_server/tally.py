"""How many requests a process has answered, with what and how fast, and what was found in them.

Plain counts that only grow, whatever becomes of the worlds that were asked: nothing here knows what they are shown
as, so that a request pays for no more than the counting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

from mock_server.exchange import Finding

QUICK = 0.0001
"""Seconds within which an answer is found that nobody has to ask after: all that is remembered, and much else."""
BOUNDS = (QUICK, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Seconds by which answers are told apart."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
"""The methods that are told apart: those of HTTP (RFC 9110, 9), PATCH (RFC 5789) and the QUERY of OpenAPI 3.2."""
OTHER = "_OTHER"
"""What all other methods are counted as: a client may make up as many as it likes."""


class Tally:
    """The requests of one operation and method that had one status. ``operation`` is empty where there was none.

    ``seconds`` is what they took together. ``slower`` is how many took longer than one bound and no longer than the
    next, by the next one's place in ``BOUNDS``; all others were quick. ``findings`` counts them by rule.
    """

    __slots__ = ("count", "findings", "method", "operation", "seconds", "slower", "status")

    def __init__(self, operation: str, method: str, status: int) -> None:
        self.operation = operation
        self.method = method
        self.status = status
        self.count = 0
        self.seconds = 0.0
        self.slower: dict[int, int] = {}
        self.findings: dict[str, int] = {}

    def take(self, elapsed: float, findings: Iterable[Finding] = ()) -> None:
        """Count a request that took so many seconds."""
        self.count += 1
        if elapsed > QUICK:
            place = bisect_left(BOUNDS, elapsed)
            self.slower[place] = self.slower.get(place, 0) + 1
        if elapsed > 0:  # a clock that was set back takes nothing away
            self.seconds += elapsed
        for finding in findings:
            self.findings[finding.rule] = self.findings.get(finding.rule, 0) + 1


class Tallies:
    """All tallies of a process.

    ``handled`` is how many of the requests were not answered from memory, ``bounds`` how often something came up
    against each bound, by the name of its setting.
    """

    def __init__(self) -> None:
        self.handled = 0
        self.bounds: Counter[str] = Counter()
        self._tallies: dict[tuple[str, str, int], Tally] = {}

    def of(self, operation: str, method: str, status: int) -> Tally:
        """The tally of an operation, a method and a status. There are as many as a contract has of them."""
        if not operation and method not in METHODS:
            method = OTHER
        tally = self._tallies.get((operation, method, status))
        if tally is None:
            tally = self._tallies[operation, method, status] = Tally(operation, method, status)
        return tally

    def __iter__(self) -> Iterator[Tally]:
        return iter([*self._tallies.values()])
