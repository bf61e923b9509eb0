"""What is counted of requests, whatever becomes of the worlds that were asked."""

from __future__ import annotations

import pytest

from mock_server.core.diagnostics import Diagnostic
from mock_server.mocking.request_metrics import BOUNDS, OTHER, QUICK, RequestMetric, RequestMetrics


def test_response_is_counted_under_first_bound_that_it_keeps() -> None:
    request_metric = RequestMetric("GET /a", "GET", 200)
    for bound in BOUNDS:
        request_metric.take(bound)
        request_metric.take(bound * 1.0001)
    assert request_metric.count == 2 * len(BOUNDS)
    assert request_metric.slower == {**dict.fromkeys(range(1, len(BOUNDS)), 2), len(BOUNDS): 1}
    assert request_metric.seconds == pytest.approx(sum(BOUNDS) * 2.0001)


def test_clock_set_back_subtracts_nothing() -> None:
    request_metric = RequestMetric("GET /a", "GET", 200)
    request_metric.take(0.5)
    request_metric.take(-3600.0)
    assert (request_metric.count, request_metric.seconds) == (2, 0.5)


def test_findings_are_counted_by_rule() -> None:
    request_metric = RequestMetric("GET /a", "GET", 422)
    body, query = Diagnostic("body", "body", "1", "2"), Diagnostic("parameter", "query a", "1", "2")
    request_metric.take(QUICK, [body, body, query])
    request_metric.take(QUICK, [query])
    assert request_metric.findings == {"body": 2, "parameter": 2}


def test_same_requests_share_a_tally() -> None:
    request_metrics = RequestMetrics()
    kinds = [("GET /a", "GET", 200), ("GET /a", "HEAD", 200), ("GET /a", "GET", 404), ("", "GET", 404)]
    tallied = [request_metrics.of(*kind) for kind in kinds]
    assert [request_metrics.of(*kind) for kind in kinds] == tallied == [*request_metrics]
    assert len({*map(id, tallied)}) == len(kinds)


def test_unknown_methods_share_a_label() -> None:
    request_metrics = RequestMetrics()
    assert request_metrics.of("", "BREW", 404) is request_metrics.of("", "WHISK", 404)
    assert request_metrics.of("", "BREW", 404).method == OTHER
    assert request_metrics.of("BREW /pot", "BREW", 200).method == "BREW"
