"""What is counted of requests, whatever becomes of the worlds that were asked."""

from __future__ import annotations

import pytest

from mock_server.core.diagnostics import Diagnostic
from mock_server.mocking.request_metrics import BOUNDS, OTHER, QUICK, RequestMetric, RequestMetrics


def test_response_is_counted_under_first_bound_that_it_keeps() -> None:
    tally = RequestMetric("GET /a", "GET", 200)
    for bound in BOUNDS:
        tally.take(bound)
        tally.take(bound * 1.0001)
    assert tally.count == 2 * len(BOUNDS)
    assert tally.slower == {**dict.fromkeys(range(1, len(BOUNDS)), 2), len(BOUNDS): 1}
    assert tally.seconds == pytest.approx(sum(BOUNDS) * 2.0001)


def test_clock_set_back_subtracts_nothing() -> None:
    tally = RequestMetric("GET /a", "GET", 200)
    tally.take(0.5)
    tally.take(-3600.0)
    assert (tally.count, tally.seconds) == (2, 0.5)


def test_findings_are_counted_by_rule() -> None:
    tally = RequestMetric("GET /a", "GET", 422)
    body, query = Diagnostic("body", "body", "1", "2"), Diagnostic("parameter", "query a", "1", "2")
    tally.take(QUICK, [body, body, query])
    tally.take(QUICK, [query])
    assert tally.findings == {"body": 2, "parameter": 2}


def test_same_requests_share_a_tally() -> None:
    tallies = RequestMetrics()
    kinds = [("GET /a", "GET", 200), ("GET /a", "HEAD", 200), ("GET /a", "GET", 404), ("", "GET", 404)]
    tallied = [tallies.of(*kind) for kind in kinds]
    assert [tallies.of(*kind) for kind in kinds] == tallied == [*tallies]
    assert len({*map(id, tallied)}) == len(kinds)


def test_unknown_methods_share_a_label() -> None:
    tallies = RequestMetrics()
    assert tallies.of("", "BREW", 404) is tallies.of("", "WHISK", 404)
    assert tallies.of("", "BREW", 404).method == OTHER
    assert tallies.of("BREW /pot", "BREW", 200).method == "BREW"
