"""Spans: what they say of a request, whose children they are, and how they come to a collector."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from mock_server.core.logging import SPAN
from mock_server.http.asgi import Scope
from mock_server.server.application import Application
from mock_server.server.observability.middleware import ObserverMiddleware
from mock_server.server.observability.tracing import Tracing, provider_of_environment
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, sent, tokens, told
from tests.support.command_line import assert_one_message, called
from tests.support.contracts import document, operation, written
from tests.support.customers import ME
from tests.support.http_exchange import asked
from tests.support.server_process import RunningServer

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SE = {"authorization": "Bearer polar_cst_SE"}


class Traced:
    """An application whose spans are kept."""

    def __init__(self, **settings: Any) -> None:
        self.application = Application(Settings(otel=True, **settings), shares_process=True)
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.app = ObserverMiddleware(self.application, [Tracing(self.application, provider)])

    def spans(self, *scopes: Scope) -> list[ReadableSpan]:
        """The spans of requests, one after the other."""
        self._kept.clear()
        answered(self.app, *scopes)
        return [*self._kept.get_finished_spans()]


@pytest.fixture
def traced(own_cache: None) -> Traced:
    return Traced()


def test_span_says_what_was_asked_and_what_was_answered(traced: Traced) -> None:
    scope = scope_of(f"/~w{ME}?__seed=7", host="mock.test:4010", user_agent="sdk/1", peer="10.0.0.9", **SE)
    (span,) = traced.spans(scope)
    assert (span.name, span.kind, span.parent) == (f"GET {ME}", SpanKind.SERVER, None)
    (entry,) = told(traced.application, "/~w/__admin/requests")["requests"]
    assert span.attributes == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "url.path": f"/~w{ME}",
        "http.route": ME,
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "mock.test",
        "server.port": 4010,
        "client.address": "10.0.0.9",
        "user_agent.original": "sdk/1",
        "mock.operation": f"GET {ME}",
        "mock.operation_id": "customer_portal:customers:get",
        "mock.world": "w",
        "mock.reason": "generated",
        "mock.request_id": entry["requestId"],
    }
    assert (span.status.status_code, span.events) == (StatusCode.UNSET, ())
    assert (span.end_time or 0) > (span.start_time or 0)


def test_cached_response_has_the_same_span(traced: Traced) -> None:
    first, *others = traced.spans(*tokens(["SE", "SE", "SE"]))
    own = "mock.request_id"
    for span in others:
        assert {**(span.attributes or {}), own: ""} == {**(first.attributes or {}), own: ""}
        assert span.name == first.name
    assert len({(span.attributes or {})[own] for span in (first, *others)}) == 3


def test_span_is_child_of_traceparent(traced: Traced) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1", **SE}
    (span,) = traced.spans(scope_of(**headers))
    assert span.parent is not None
    assert (span.context.trace_id, span.parent.span_id) == (int(TRACE, 16), int(PARENT, 16))
    assert span.context.trace_state.get("vendor") == "1"
    assert (span.attributes or {})["mock.request_id"] == TRACE


def test_what_client_does_not_sample_is_not_sampled(traced: Traced) -> None:
    assert traced.spans(scope_of(traceparent=f"00-{TRACE}-{PARENT}-00", **SE)) == []


@pytest.mark.parametrize("traceparent", ["nonsense", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01"])
def test_invalid_trace_is_passed_over(traceparent: str, traced: Traced) -> None:
    (span,) = traced.spans(scope_of(traceparent=traceparent, **SE))
    assert span.parent is None


@pytest.mark.parametrize(
    ("scope", "name", "expected"),
    [
        (scope_of("/nowhere", **SE), "GET", {"http.response.status_code": 404, "mock.reason": "failure"}),
        (scope_of(method="DELETE"), "DELETE", {"http.response.status_code": 405}),
        (scope_of(method="BREW"), "HTTP", {"http.request.method": "_OTHER", "http.request.method_original": "BREW"}),
        (scope_of(host="[::1]"), f"GET {ME}", {"server.address": "::1", "http.response.status_code": 401}),
        (scope_of(host="[::1]:80"), f"GET {ME}", {"server.address": "::1", "server.port": 80}),
        (scope_of(host="mock"), f"GET {ME}", {"server.address": "mock"}),
        (scope_of(prefer="delay=1", **SE), f"GET {ME}", {"mock.delay_ms": 1}),
        (scope_of(f"/~{'x' * 65}/a"), "GET", {"http.response.status_code": 400}),
    ],
    ids=lambda value: "-".join(f"{value[key]}"[:20] for key in ("method", "path")) if "type" in value else "",
)
def test_what_a_span_says_of_other_requests(scope: Scope, name: str, expected: dict[str, Any], traced: Traced) -> None:
    (span,) = traced.spans(scope)
    assert span.name == name
    assert (span.attributes or {}).items() >= expected.items()
    assert ("http.route" in (span.attributes or {})) == (" " in name)
    assert span.status.status_code is StatusCode.UNSET


def test_only_failures_are_errors(traced: Traced) -> None:
    failed, refused = traced.spans(*tokens(["server_error", "expired"]))
    assert (failed.status.status_code, (failed.attributes or {})["error.type"]) == (StatusCode.ERROR, "500")
    assert (refused.status.status_code, "error.type" in (refused.attributes or {})) == (StatusCode.UNSET, False)


def test_answer_that_never_came_is_an_error(traced: Traced) -> None:
    scenario = {"answers": [{"code": 200, "cut": "before_headers"}]}
    path = "/~w/__admin/scenarios"
    (started,) = asyncio.run(_all(traced, scope_of(path, method="POST"), json.dumps(scenario).encode()))
    assert started == 201
    scope = scope_of(f"/~w{ME}", **SE)
    with pytest.raises(ConnectionError):
        traced.spans(scope)
    (span,) = traced._kept.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "no_answer"
    assert "http.response.status_code" not in (span.attributes or {})
    assert span.status.status_code is StatusCode.ERROR


async def _all(traced: Traced, scope: Scope, body: bytes) -> list[int]:
    return [(await sent(traced.app, scope, body)).status]


def test_findings_are_events_without_secrets_of_request(tmp_path: Path, own_cache: None) -> None:
    shop, size = (
        {"name": name, "in": "header", "required": True, "schema": {"type": "integer"}} for name in ("X-Shop", "X-Size")
    )
    contract = document({"/a": {"get": operation({"const": 1}, parameters=[shop, size])}})
    traced = Traced(contract=(written(tmp_path, "contract", contract),), redact_header=("X-Shop",))
    (span,) = traced.spans(scope_of("/a", x_shop="s3cret", x_size="large"))
    assert [event.name for event in span.events] == ["finding", "finding"]
    attributes = [dict(event.attributes or {}) for event in span.events]
    assert [(entry["mock.finding.rule"], entry["mock.finding.location"]) for entry in attributes] == [
        ("parameter", "header X-Shop"),
        ("parameter", "header X-Size"),
    ]
    values = [str(entry["mock.finding.found"]) for entry in attributes]
    assert ("[redacted]" in values[0], "large" in values[1], "s3cret" in str(attributes)) == (True, True, False)


@pytest.mark.parametrize(
    "path", ["/__admin/health", "/__admin/metrics", "/__admin/requests", "/~w/__admin/requests", "/__admin/nowhere"]
)
def test_admin_has_no_spans(path: str, traced: Traced) -> None:
    assert traced.spans(scope_of(path)) == []


def test_concurrent_requests_have_spans(traced: Traced) -> None:
    async def together() -> None:
        delays = (30, 20, 10, 0)
        await asyncio.gather(*(sent(traced.app, scope_of(f"/~w{ms}{ME}", prefer=f"delay={ms}", **SE)) for ms in delays))

    asyncio.run(together())
    spans = traced._kept.get_finished_spans()
    assert sorted(str((span.attributes or {})["mock.world"]) for span in spans) == ["w0", "w10", "w20", "w30"]
    assert [span.parent for span in spans] == [None] * 4


def test_line_of_log_names_trace_and_span(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[tuple[str, str] | None] = []

    class Reader(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            named.append(SPAN.get())

    def broken(*_: object) -> None:
        raise ValueError("a hole")

    handler = Reader()
    monkeypatch.setattr("mock_server.mocking.engine.Engine.respond", broken)
    logging.getLogger("mock_server").addHandler(handler)
    try:
        (span,) = traced.spans(scope_of(traceparent=f"00-{TRACE}-{PARENT}-01", **SE))
    finally:
        logging.getLogger("mock_server").removeHandler(handler)
    assert named == [(TRACE, f"{span.context.span_id:016x}")]
    assert SPAN.get() is None


def test_same_responses_are_given_with_spans_and_without(traced: Traced, own_cache: None) -> None:
    scopes = [scope_of(**SE), scope_of(traceparent=f"00-{TRACE}-{PARENT}-01", **SE), scope_of("/nowhere")]
    plain = Application(Settings(), shares_process=True)
    assert answered(traced.app, *[dict(scope) for scope in scopes]) == answered(
        plain, *[dict(scope) for scope in scopes]
    )


# To a collector


class Collector:
    """Takes spans as OTLP over HTTP, on loopback."""

    def __init__(self) -> None:
        self.taken: list[ResourceSpans] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.taken += ExportTraceServiceRequest.FromString(body).resource_spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Collector:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def named(self) -> list[str]:
        return [span.name for batch in self.taken for scope in batch.scope_spans for span in scope.spans]

    def resource(self) -> dict[str, str]:
        return {attribute.key: attribute.value.string_value for attribute in self.taken[0].resource.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as receiver:
        yield receiver


def test_spans_come_to_collector_before_workers_have_ended(collector: Collector, own_cache: None) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "MOCK_SERVER_OTEL": "1"}
    with RunningServer("--workers", "2", env=env) as server:
        for _ in range(10):
            assert asked(server.url, {"headers": SE}).status == 200
        assert server.stop() == 0
    assert (collector.named(), server.errors) == ([f"GET {ME}"] * 10, "")
    assert collector.resource()["service.name"] == "mock-server"


def test_otel_variables_win(collector: Collector, own_cache: None) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": "polar",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=ci",
        "OTEL_TRACES_SAMPLER": "parentbased_always_off",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    with RunningServer("--otel", env=env) as server:
        asked(server.url, {"headers": SE})
        asked(server.url, {"headers": {**SE, "traceparent": f"00-{TRACE}-{PARENT}-01"}})
        assert server.stop() == 0
    assert collector.named() == [f"GET {ME}"]
    assert collector.resource().items() >= {"service.name": "polar", "deployment.environment.name": "ci"}.items()


def test_missing_collector_is_reported_once(own_cache: None) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "0.2"}
    with RunningServer("--otel", env={**env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1"}) as server:
        for _ in range(20):
            assert asked(server.url, {"headers": SE}).status == 200
        began = time.monotonic()
        assert server.stop() == 0
    assert time.monotonic() - began < 8  # seconds that a collector is given by default: 10
    (line,) = server.errors.splitlines()
    assert line.startswith("ERROR: spans are lost until a collector takes them: ")


def test_server_that_was_not_told_to_sends_no_spans(collector: Collector, own_cache: None) -> None:
    with RunningServer(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}) as server:
        assert asked(server.url, {"headers": SE}).status == 200
        assert server.stop() == 0
    assert collector.taken == []


def test_disabled_sdk_makes_no_spans(collector: Collector, own_cache: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    application = Application(Settings(otel=True), shares_process=True)
    tracing = Tracing(application, provider_of_environment())
    assert [got.status for got in answered(ObserverMiddleware(application, [tracing]), *tokens(["SE"]))] == [200]
    tracing.close()
    assert collector.taken == []


# What is refused


@contextmanager
def as_if_never_imported() -> Iterator[None]:
    """OpenTelemetry and what imports it are imported anew, until the end of the ``with``."""
    modules = dict(sys.modules)
    for name in modules:
        if name == "mock_server.server.observability.tracing" or name.partition(".")[0] == "opentelemetry":
            del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.clear()
        sys.modules.update(modules)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OTEL_TRACES_EXPORTER", "jaeger", "found 'jaeger'; expected otlp, or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "found 'grpc'; expected http/protobuf, or none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "found 'collector:4318'; expected an http(s) URL"),
        ("OTEL_PROPAGATORS", "telepathy", "found 'telepathy': Propagator telepathy not found."),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1", "found a variable OTEL_... that does not fit (max_queue_size must be"),
    ],
)
def test_variable_that_asks_for_what_is_not_here_is_refused(
    name: str, value: str, said: str, capsys: pytest.CaptureFixture[str], own_cache: None
) -> None:
    with as_if_never_imported():
        done = called(capsys, "serve", "--otel", "--port", "0", env={name: value})
    assert_one_message(done)
    assert said in done.errors


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.exporter.otlp.proto.http.trace_exporter"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_missing_extra_says_how_to_install(
    missing: str, workers: str, capsys: pytest.CaptureFixture[str], own_cache: None
) -> None:
    with as_if_never_imported():
        sys.modules[missing] = None  # type: ignore[assignment]
        done = called(capsys, "serve", "--otel", "--port", "0", "--workers", workers)
    assert_one_message(done)
    assert done.errors.startswith(f"mock-server: --otel: found no {missing}")
    assert done.errors.endswith(" Install them: pip install 'contract-mock-server[otel]'\n")
