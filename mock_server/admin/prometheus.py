"""The metrics in Prometheus' text format, or in OpenMetrics where that is accepted.

Nothing is stored for Prometheus: all figures are read, at each request, from what the server counts anyway. The names
follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import version
from typing import TypeAlias, cast

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from mock_server.admin.router import AdminRequest
from mock_server.core.errors import HubError
from mock_server.core.types import JSON
from mock_server.mocking.request_metrics import BOUNDS, RequestMetric
from mock_server.settings import bounds_of

_Sample: TypeAlias = tuple[str, dict[str, str], float]
_MEGABYTE = 1024 * 1024


def write_metrics(request: AdminRequest, accept: str) -> tuple[bytes, str]:
    """Return all metrics in the format that ``accept`` (RFC 9110, 12.5.1) prefers, and its media type."""
    encode, media_type = choose_encoder(accept)
    return encode(_MetricsCollector(request)), media_type


def metrics_to_json(request: AdminRequest) -> JSON:
    """Return the metrics of this process as JSON: name, help, type and samples (name, labels, value) of each."""
    return [
        [
            metric.name,
            metric.documentation,
            metric.type,
            [[sample.name, {**sample.labels}, sample.value] for sample in metric.samples],
        ]
        for metric in _MetricsCollector(request).own()
    ]


def _read(form: JSON) -> Iterator[Metric]:
    """Yield the metrics that another process sent as JSON."""
    for name, documentation, kind, samples in cast("list[tuple[str, str, str, list[_Sample]]]", form):
        metric = Metric(name, documentation, kind)
        metric.samples = [Sample(*row) for row in samples]
        yield metric


class _MetricsCollector(Collector):
    """All metrics. With several processes, the label ``worker`` of each sample names its process."""

    def __init__(self, request: AdminRequest) -> None:
        self._asked = request
        self._own = {"worker": str(os.getpid())} if request.settings.workers > 1 else {}

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of all processes, each once."""
        metrics = {metric.name: metric for metric in self.own()}
        for metric in (metric for form in self._asked.figures for metric in _read(form)):
            if metric.name in metrics:
                metrics[metric.name].samples += metric.samples
            else:
                metrics[metric.name] = metric
        return metrics.values()

    def own(self) -> Iterator[Metric]:
        """Yield the metrics of this process."""
        for metric in self._metrics():
            metric.samples = [sample._replace(labels={**sample.labels, **self._own}) for sample in metric.samples]
            yield metric

    def _metrics(self) -> Iterator[Metric]:
        request_metrics = [*self._asked.process_status.request_metrics]
        yield from _of_requests(request_metrics)
        yield _durations(request_metrics)
        yield from self._of_memory(sum(request_metric.count for request_metric in request_metrics))
        with suppress(HubError):  # what is in a hub that is lost cannot be told, and the rest is worth all the more
            yield from self._of_worlds()
        yield from self._of_bounds()
        yield self._of_readiness()
        yield from self._of_what_serves()
        yield from ProcessCollector(registry=None).collect()

    def _of_memory(self, requests: int) -> Iterator[Metric]:
        """Yield the metrics of the fast path's memory; none without a fast path."""
        fast, handled = self._asked.process_status.fast, self._asked.process_status.request_metrics.handled
        if fast is None:
            return
        name = "mock_server_remembered_answers"
        yield GaugeMetricFamily(name, "Answers that are ready to be sent again.", len(fast))
        yield GaugeMetricFamily(f"{name}_bytes", "Memory that they hold, about.", fast.held)
        yield GaugeMetricFamily(f"{name}_limit_bytes", "Memory that they may hold.", fast.limit)
        yield CounterMetricFamily(f"{name}_hits", "Requests answered with one of them.", requests - handled)
        yield CounterMetricFamily(f"{name}_misses", "Requests for which an answer had to be found.", handled)

    def _of_worlds(self) -> Iterator[Metric]:
        worlds, settings = self._asked.worlds, self._asked.settings
        count, entries, held = worlds.figures()
        yield GaugeMetricFamily("mock_server_worlds", "Worlds that are kept, the one without a name too.", count)
        yield GaugeMetricFamily("mock_server_worlds_limit", "Worlds with a name that may be kept.", settings.max_worlds)
        name = "mock_server_journal"
        yield GaugeMetricFamily(f"{name}_entries", "Requests in the journals of all worlds.", entries)
        yield GaugeMetricFamily(f"{name}_bytes", "Memory that the journals hold, about.", held)
        limit = settings.journal_memory * _MEGABYTE
        yield GaugeMetricFamily(f"{name}_limit_bytes", "Memory that the journals may hold.", limit)

    def _of_bounds(self) -> Iterator[Metric]:
        limits = GaugeMetricFamily("mock_server_bound", "What a setting allows, in its unit.", labels=["bound"])
        reached = CounterMetricFamily(
            "mock_server_bound_reached", "How often something came up against a bound.", labels=["bound"]
        )
        for name, limit in bounds_of(self._asked.settings).items():
            limits.add_metric([name], limit)
            reached.add_metric([name], self._asked.process_status.request_metrics.bounds[name])
        yield limits
        yield reached

    def _of_readiness(self) -> Metric:
        metric = GaugeMetricFamily("mock_server_ready", "Whether a check of readiness is passed.", labels=["check"])
        for name, trouble in self._asked.process_status.readiness.troubles().items():
            metric.add_metric([name], not trouble)
        return metric

    def _of_what_serves(self) -> Iterator[Metric]:
        build = {"version": version("contract-mock-server")}
        yield InfoMetricFamily("mock_server_build", "The mock server.", build)
        metric = InfoMetricFamily("mock_server_contract", "What is served.", labels=["base_path"])
        for mount in self._asked.served:
            contract = mount.contract
            info = {"title": contract.title, "version": contract.version, "digest": contract.digest}
            metric.add_metric([mount.base_path or "/"], info)
        yield metric


def _of_requests(request_metrics: list[RequestMetric]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "mock_server_requests",
        "Requests by operation (empty: none of the contract) and the answer's status.",
        labels=["operation", "method", "status"],
    )
    counts: dict[tuple[str, str], int] = {}
    for request_metric in request_metrics:
        requests.add_metric(
            [request_metric.operation, request_metric.method, str(request_metric.status)], request_metric.count
        )
        for rule, count in request_metric.findings.items():
            counts[request_metric.operation, rule] = counts.get((request_metric.operation, rule), 0) + count
    yield requests
    findings = CounterMetricFamily(
        "mock_server_findings", "What was wrong with requests, or with answers.", labels=["operation", "rule"]
    )
    for labels, count in counts.items():
        findings.add_metric(labels, count)
    yield findings


def _durations(request_metrics: list[RequestMetric]) -> Metric:
    """Return a histogram for each operation and method, whatever the status."""
    metric = HistogramMetricFamily(
        "mock_server_request_duration_seconds",
        "Seconds to select an answer, without requested delays.",
        labels=["operation", "method"],
    )
    alike: dict[tuple[str, str], list[RequestMetric]] = {}
    for request_metric in request_metrics:
        alike.setdefault((request_metric.operation, request_metric.method), []).append(request_metric)
    for labels, members in alike.items():
        buckets: list[tuple[str, float]] = []
        count = sum(request_metric.count for request_metric in members) - sum(
            sum(request_metric.slower.values()) for request_metric in members
        )
        for place, bound in enumerate([*map(str, BOUNDS), "+Inf"]):
            count += sum(request_metric.slower.get(place, 0) for request_metric in members)
            buckets.append((bound, count))
        metric.add_metric(labels, buckets, sum(request_metric.seconds for request_metric in members))
    return metric
