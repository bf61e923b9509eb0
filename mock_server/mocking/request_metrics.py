"""Counters of a process: its requests by operation, method and status, their times, and findings by rule.

The counters only grow, whatever happens to worlds. They do not know how they are exported, so that a request pays only
for counting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

from mock_server.core.diagnostics import Diagnostic

QUICK = 0.0001
"""Seconds within which an answer is quick: from memory always, and often otherwise."""
BOUNDS = (QUICK, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Upper bounds in seconds of the buckets of a histogram."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
"""The methods that are counted apart: HTTP's (RFC 9110, 9), PATCH (RFC 5789) and the QUERY of OpenAPI 3.2."""
OTHER = "_OTHER"
"""The name under which all other methods are counted: a client can invent any number of them."""


class RequestMetric:
    """The requests of one operation and method that had one status. ``operation`` is empty where there was none.

    ``seconds`` is the sum of their times. ``slower`` is how many took longer than one bound and no longer than the
    next, by the next one's index in ``BOUNDS``; all others were quick. ``findings`` counts them by rule.
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

    def take(self, elapsed: float, findings: Iterable[Diagnostic] = ()) -> None:
        """Count a request that took so many seconds."""
        self.count += 1
        if elapsed > QUICK:
            place = bisect_left(BOUNDS, elapsed)
            self.slower[place] = self.slower.get(place, 0) + 1
        if elapsed > 0:  # the system clock may have been set back
            self.seconds += elapsed
        for finding in findings:
            self.findings[finding.rule] = self.findings.get(finding.rule, 0) + 1


class RequestMetrics:
    """Hold all request metrics of a process.

    ``handled`` is the number of requests that were not answered from memory, ``bounds`` how often something came up
    against each bound, by the name of its setting.
    """

    def __init__(self) -> None:
        self.handled = 0
        self.bounds: Counter[str] = Counter()
        self._request_metrics: dict[tuple[str, str, int], RequestMetric] = {}

    def of(self, operation: str, method: str, status: int) -> RequestMetric:
        """Return the tally of an operation, a method and a status; their number is bounded by the contract."""
        if not operation and method not in METHODS:
            method = OTHER
        request_metric = self._request_metrics.get((operation, method, status))
        if request_metric is None:
            request_metric = self._request_metrics[operation, method, status] = RequestMetric(operation, method, status)
        return request_metric

    def __iter__(self) -> Iterator[RequestMetric]:
        return iter([*self._request_metrics.values()])
