"""Traces by OpenTelemetry: a span for each request of the contract, sent as OTLP over HTTP.

The only module that imports OpenTelemetry, and imported only where traces are asked for. The members of a server's span
are those of https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (1.44); further ones have names that begin
with ``mock.``. The variables are those of OpenTelemetry (``OTEL_...``), read by its SDK. Nothing global is set, since
another program in this process may trace in its own way.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.semconv.attributes import client_attributes as client
from opentelemetry.semconv.attributes import error_attributes as errors
from opentelemetry.semconv.attributes import http_attributes as http
from opentelemetry.semconv.attributes import network_attributes as network
from opentelemetry.semconv.attributes import server_attributes as server
from opentelemetry.semconv.attributes import url_attributes as url
from opentelemetry.semconv.attributes import user_agent_attributes as user_agent
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_span_id, format_trace_id, use_span

from mock_server.core.errors import UsageError
from mock_server.core.logging import SPAN
from mock_server.http.asgi import Scope, field_of
from mock_server.mocking.request_metrics import METHODS, OTHER
from mock_server.server.observability.middleware import RequestObservation

if TYPE_CHECKING:
    from mock_server.server.application import Application

log = logging.getLogger("mock_server")

CLOSE_SECONDS = 0.5
"""Seconds that the end of a server waits for the last spans to be sent."""
_NAME = "contract-mock-server"
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?")
"""An address in brackets or a name, and a port (RFC 3986, 3.2)."""
_Attributes: TypeAlias = dict[str, str | int]
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_CHOICES = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
}
"""Variables that the SDK would ignore where they ask for something that is not installed."""


class Tracing:
    """Observes the requests of an application, and makes a span of each that is for the contract."""

    def __init__(self, application: Application, provider: TracerProvider) -> None:
        self._application = application
        self._provider = provider
        self._tracer = provider.get_tracer("mock_server", version(_NAME))

    @contextmanager
    def watching(self, seen: RequestObservation) -> Iterator[None]:
        if self._application.is_control(seen.scope["path"]):
            yield
            return
        begun = _begun(seen)
        span = self._tracer.start_span(
            _name(begun), extract(_carrier(seen.scope)), kind=SpanKind.SERVER, attributes=begun
        )
        context = span.get_span_context()
        ids = (format_trace_id(context.trace_id), format_span_id(context.span_id)) if context.is_valid else None
        named = SPAN.set(ids)
        try:
            with use_span(span):
                yield
        finally:
            SPAN.reset(named)
            if span.is_recording():
                self._finish(span, seen, begun)
            span.end()

    def _finish(self, span: Span, seen: RequestObservation, begun: _Attributes) -> None:
        """Add the result of the request to its span."""
        span.set_attributes(_ended(seen))
        if not 0 < seen.status < 500:
            span.set_status(Status(StatusCode.ERROR))
        if http.HTTP_ROUTE in (ended := _of_contract(seen)):
            span.update_name(f"{_name(begun)} {ended[http.HTTP_ROUTE]}")
        span.set_attributes(ended)
        if seen.kept is not None and seen.kept.findings:
            redaction = self._application.redaction()
            for finding in seen.kept.findings:
                attributes = {
                    name: redaction.text(str(text), seen.kept.request) for name, text in finding.as_json().items()
                }
                span.add_event("finding", {f"mock.finding.{name}": text for name, text in attributes.items()})

    def close(self) -> None:
        """Send the remaining spans.

        This waits at most :data:`CLOSE_SECONDS`, even where the collector does not answer.
        """
        thread = Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(CLOSE_SECONDS)


def _begun(seen: RequestObservation) -> _Attributes:
    """Return the attributes that are known before there is an answer."""
    scope = seen.scope
    headers = dict(field_of(line)[1] for line in scope["headers"])
    attributes: _Attributes = {
        http.HTTP_REQUEST_METHOD: seen.method if seen.method in METHODS else OTHER,
        url.URL_SCHEME: scope["scheme"],
        url.URL_PATH: seen.path,
        network.NETWORK_PROTOCOL_VERSION: scope.get("http_version", "1.1"),
    }
    if seen.method not in METHODS:
        attributes[http.HTTP_REQUEST_METHOD_ORIGINAL] = seen.method
    host = _HOST.fullmatch(headers.get("host", ""))
    if host:
        attributes[server.SERVER_ADDRESS] = host[1] or host[2]
        attributes |= {server.SERVER_PORT: int(host[3])} if host[3] else {}
    if scope.get("client"):
        attributes[client.CLIENT_ADDRESS] = scope["client"][0]
    if "user-agent" in headers:
        attributes[user_agent.USER_AGENT_ORIGINAL] = headers["user-agent"]
    return attributes


def _ended(seen: RequestObservation) -> _Attributes:
    """Return the attributes that are known of every request in the end."""
    attributes: _Attributes = {"mock.request_id": seen.request_id}
    if seen.status:
        attributes[http.HTTP_RESPONSE_STATUS_CODE] = seen.status
    if not 0 < seen.status < 500:
        attributes[errors.ERROR_TYPE] = str(seen.status) if seen.status else "no_answer"
    return attributes


def _of_contract(seen: RequestObservation) -> _Attributes:
    """Return the attributes of a request to the contract."""
    if seen.kept is None:
        return {}
    answer, operation = seen.kept.answer, seen.kept.operation
    attributes: _Attributes = {"mock.world": seen.world, "mock.reason": answer.reason}
    if answer.delay:
        attributes["mock.delay_ms"] = answer.delay
    if operation is not None:
        attributes |= {http.HTTP_ROUTE: seen.operation.partition(" ")[2], "mock.operation": seen.operation}
    if operation is not None and operation.operation_id:
        attributes["mock.operation_id"] = operation.operation_id
    return attributes


def _name(begun: _Attributes) -> str:
    """Return the first word of a span's name, and the only one where there is no route."""
    method = str(begun[http.HTTP_REQUEST_METHOD])
    return "HTTP" if method == OTHER else method


def _carrier(scope: Scope) -> dict[str, list[str]]:
    """Return the headers in the form that propagators read."""
    carrier: dict[str, list[str]] = {}
    for line in scope["headers"]:
        name, value = field_of(line)[1]
        carrier.setdefault(name, []).append(value)
    return carrier


def provider_of_environment() -> TracerProvider:
    """Return the provider that makes spans and sends them by the variables of the environment.

    Raises :class:`UsageError` for a variable that the SDK refuses.
    """
    own = Resource.create({SERVICE_NAME: "mock-server", SERVICE_VERSION: version(_NAME)})
    try:
        provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(_Exporter()))
    except ValueError as error:
        raise UsageError(f"--otel: found a variable OTEL_... that does not fit ({error}).") from None
    return provider


def check_environment(environ: Mapping[str, str]) -> None:
    """Raise :class:`UsageError` for a variable that the SDK would ignore, or fail on at the first span."""
    for name, expected in _CHOICES.items():
        if environ.get(name, "") not in ("", expected):
            raise UsageError(f"variable {name}: found {environ[name]!r}; expected {expected}, or none")
    for name in _ENDPOINTS:
        if not environ.get(name, "http://").startswith(("http://", "https://")):
            raise UsageError(f"variable {name}: found {environ[name]!r}; expected an http(s) URL")


class _Exporter(SpanExporter):
    """OTLP over HTTP, which logs the failure of a collector once and not with each batch."""

    def __init__(self) -> None:
        self._exporter = OTLPSpanExporter()
        self._is_failing = False
        self._reasons: list[str] = []
        self._library_log = logging.getLogger(OTLPSpanExporter.__module__)
        self._library_log.addFilter(self._heard)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._reasons.clear()
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS and self._is_failing:
            log.warning("spans are taken again")
        elif result is not SpanExportResult.SUCCESS and not self._is_failing:
            # The first message has the reason; the last one only says that the export was given up.
            log.error("spans are lost until a collector takes them: %s", " ".join(self._reasons[:1]))
        self._is_failing = result is not SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]
        self._library_log.removeFilter(self._heard)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def _heard(self, record: logging.LogRecord) -> bool:
        """Keep the library's messages about a failure, for a log line of our own."""
        self._reasons.append(record.getMessage())
        return False
