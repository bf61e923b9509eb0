"""The state of a server process, for health and metrics."""

from __future__ import annotations

from dataclasses import dataclass

from mock_server.admin.readiness import Readiness
from mock_server.mocking.request_metrics import Tallies
from mock_server.mocking.response_cache import FastPath


@dataclass(slots=True)
class Vitals:
    """The counters, the checks of readiness, and the remembered answers (None: the fast path is off)."""

    tallies: Tallies
    readiness: Readiness
    fast: FastPath | None
