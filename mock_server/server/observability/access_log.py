"""The access log: one line for each request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mock_server.core.logging import FIELDS, REQUEST
from mock_server.openapi.loading.loader import CONTROL
from mock_server.server.observability.middleware import RequestObservation
from mock_server.worlds.redaction import Redaction

log = logging.getLogger("mock_server.access")

PROBES = tuple(CONTROL + path for path in ("/health", "/health/live", "/health/ready", "/metrics"))
"""Paths that orchestrators and monitors request all day; answers of status 200 to them are not logged."""

_MOST_FINDINGS = 5
"""Most findings of a request that a line shows; the journal has all of them."""


class AccessLog:
    """Logs one line for each request that was answered, except for probes (health, metrics) that got a 200."""

    def __init__(self, redaction: Callable[[], Redaction]) -> None:
        self._redaction = redaction
        log.setLevel(logging.INFO)

    @contextmanager
    def watching(self, seen: RequestObservation) -> Iterator[None]:
        try:
            yield
        finally:
            if seen.status != 200 or not seen.path.endswith(PROBES):
                _tell(seen, self._redaction)

    def close(self) -> None:
        """Do nothing: each line is written at once, so there is nothing left to write."""


def _tell(seen: RequestObservation, redaction: Callable[[], Redaction]) -> None:
    fields: dict[str, Any] = {
        "method": seen.method,
        "path": seen.path,
        "status": seen.status or None,
        "duration_ms": round(seen.seconds * 1000, 3),
        "operation": seen.operation or None,
        "world": seen.world,
    }
    findings = seen.kept.findings[:_MOST_FINDINGS] if seen.kept is not None else ()
    reasons: list[str] = []
    if seen.kept is not None and findings:
        reasons = [redaction().text(str(finding), seen.kept.request) for finding in findings]
        fields["findings"] = reasons
    args = (seen.method, seen.path, seen.status or "no answer", fields["duration_ms"], seen.operation or "no operation")
    named = REQUEST.set(lambda: seen.request_id)
    try:
        log.info("%s %s %s %.3f ms (%s)%s", *args, "".join(f"; {reason}" for reason in reasons), extra={FIELDS: fields})
    finally:
        REQUEST.reset(named)
