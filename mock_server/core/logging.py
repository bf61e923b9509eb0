"""The log: problems on standard error, as text or as one JSON object a line.

A line about a request names it. The code that handles a request sets :data:`REQUEST`; the name is computed only when
there is a line to write.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from mock_server.core.diagnostics import Diagnostic

MOST_WARNINGS = 3
"""Findings of one rule that are logged one by one: a contract may have hundreds."""
FIELDS = "fields"
"""The name under which ``extra`` has the members of a JSON line; a text line has them in its message."""

REQUEST: ContextVar[Callable[[], str] | None] = ContextVar("REQUEST", default=None)
"""Returns the id of the request that is being handled."""
SPAN: ContextVar[tuple[str, str] | None] = ContextVar("SPAN", default=None)
"""The ids of the trace and of the span of the request, where it is traced."""


class _JsonLines(logging.Formatter):
    """A log line as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        request, span = REQUEST.get(), SPAN.get()
        if request is not None:
            line["request_id"] = request()
        if span is not None:
            line["trace_id"], line["span_id"] = span
        line |= getattr(record, FIELDS, {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Text(logging.Formatter):
    """A log line for people."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        text = super().formatMessage(record)
        request = REQUEST.get()
        return text if request is None else f"{text} [request {request()}]"


def log_to_stderr(form: str) -> None:
    """Send the log to standard error in a form, ``text`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if form == "json" else _Text("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def warn_of(findings: Sequence[Diagnostic]) -> None:
    """Log findings of a contract as warnings: of each rule the first few, then how many more there are."""
    log = logging.getLogger("mock_server")
    logged: Counter[str] = Counter()
    for finding in findings:
        logged[finding.rule] += 1
        if logged[finding.rule] <= MOST_WARNINGS:
            log.warning("%s", finding)
    for rule, count in logged.items():
        if count > MOST_WARNINGS:
            log.warning("%s more of [%s]: `mock-server check` lists them", count - MOST_WARNINGS, rule)
