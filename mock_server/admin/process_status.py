"""The state of a server process, for health and metrics."""

from __future__ import annotations

from dataclasses import dataclass

from mock_server.admin.readiness import Readiness
from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.mocking.response_cache import ResponseCache


@dataclass(slots=True)
class ProcessStatus:
    """The counters, the checks of readiness, and the remembered answers (None: the fast path is off)."""

    request_metrics: RequestMetrics
    readiness: Readiness
    fast: ResponseCache | None
