"""The access log: a line for each request, where it is asked for."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from mock_server.core.logging import FIELDS
from mock_server.http.asgi import Scope
from mock_server.server.application import Application
from mock_server.server.observability.middleware import App, ObserverMiddleware
from mock_server.server.observers import build_observers
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, sent, tokens
from tests.support.customers import ME
from tests.support.http_exchange import asked
from tests.support.server_process import RunningServer

SE = {"authorization": "Bearer polar_cst_SE"}


@pytest.fixture
def app(own_cache: None) -> App:
    application = Application(Settings(access_log=True), shares_process=True)
    return ObserverMiddleware(application, build_observers(application))


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [getattr(record, FIELDS) for record in caplog.records if record.name == "mock_server.access"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (scope_of(**SE), {"path": ME, "status": 200, "operation": f"GET {ME}", "world": ""}),
        (scope_of(f"/~w{ME}?__code=429", **SE), {"path": f"/~w{ME}", "status": 429, "operation": f"GET {ME}"}),
        (scope_of("/~w/nowhere"), {"path": "/~w/nowhere", "status": 404, "operation": None, "world": "w"}),
        (scope_of(ME, method="DELETE"), {"method": "DELETE", "status": 405, "operation": None}),
        (scope_of(f"/~{'x' * 65}/a"), {"status": 400, "operation": None, "world": ""}),
        (scope_of("/~w/__admin/requests"), {"path": "/~w/__admin/requests", "status": 200, "operation": None}),
        (scope_of(origin="https://a.example", access_control_request_method="GET", method="OPTIONS"), {"status": 200}),
        (scope_of("/__admin/health", method="DELETE"), {"status": 405}),
        (scope_of("/__admin/metrics", peer="10.0.0.9", origin="https://a.example", method="POST"), {"status": 403}),
    ],
    ids=lambda value: value["path"][:40] if isinstance(value, dict) and "type" in value else "",
)
def test_request_has_a_line(scope: Scope, expected: dict[str, Any], app: App, caplog: pytest.LogCaptureFixture) -> None:
    method = scope["method"]
    (got,) = answered(app, scope)
    (line,) = lines(caplog)
    assert line.items() >= {"method": method, "status": got.status, **expected}.items()
    assert line["duration_ms"] > 0


def test_cached_answer_has_same_line(app: App, caplog: pytest.LogCaptureFixture) -> None:
    answered(app, *tokens(["SE", "SE", "SE"]))
    first, *others = [{**line, "duration_ms": 0} for line in lines(caplog)]
    assert others == [first, first]


@pytest.mark.parametrize("path", ["/__admin/health", "/__admin/health/live", "/__admin/metrics", "/~w/__admin/health"])
def test_probe_that_finds_all_well_has_none(path: str, app: App, caplog: pytest.LogCaptureFixture) -> None:
    assert [got.status for got in answered(app, scope_of(path))] == [200]
    assert lines(caplog) == []


def test_probe_that_does_not_has_one(app: App, caplog: pytest.LogCaptureFixture) -> None:
    answered(app, scope_of("/__admin/health/ready"))
    assert [line["status"] for line in lines(caplog)] == [503]


def test_delay_is_part_of_a_duration(app: App, caplog: pytest.LogCaptureFixture) -> None:
    answered(app, scope_of(prefer="delay=30", **SE))
    (line,) = lines(caplog)
    assert 30 <= line["duration_ms"] < 30_000


def test_access_log_is_redacted_and_escaped(app: App, caplog: pytest.LogCaptureFixture) -> None:
    scope = scope_of("/a?token=s3cret")
    scope["raw_path"] = b"/a\xff\x1b[31m"
    answered(app, {**scope, "path": "/a\xff\x1b[31m"})
    (record,) = caplog.records
    assert record.getMessage().startswith("GET /a%FF%1B%5B31m 404 ")


def test_requests_at_once_are_told_apart(app: App, caplog: pytest.LogCaptureFixture) -> None:
    async def together() -> None:
        delays = (30, 20, 10, 0)
        scopes = [scope_of(f"/~w{delay}{ME}", prefer=f"delay={delay}", **SE) for delay in delays]
        await asyncio.gather(*(sent(app, scope) for scope in scopes))

    asyncio.run(together())
    assert sorted((line["world"], line["path"]) for line in lines(caplog)) == [
        (f"w{delay}", f"/~w{delay}{ME}") for delay in (0, 10, 20, 30)
    ]


def test_access_log_is_off_by_default(own_cache: None, caplog: pytest.LogCaptureFixture) -> None:
    application = Application(Settings(), shares_process=True)
    assert build_observers(application) == []
    answered(application, *tokens(["SE"]))
    assert caplog.records == []


def test_workers_write_it_to_standard_error(own_cache: None) -> None:
    with RunningServer("--access-log", "--log-format", "json", "--workers", "2") as server:
        for _ in range(2):
            asked(server.url, {"headers": {**SE, "X-Request-Id": "abc-1"}})
        assert server.stop() == 0
    first, second = map(json.loads, server.errors.splitlines())
    assert first.keys() == second.keys()
    assert first.items() >= {"level": "info", "path": ME, "status": 200, "request_id": "abc-1"}.items()


def test_line_is_for_people_too(own_cache: None) -> None:
    with RunningServer("--access-log") as server:
        asked(server.url, {"headers": {**SE, "X-Request-Id": "abc-1"}})
        assert server.stop() == 0
    start, _, end = server.errors.partition(" ms ")
    assert start.startswith(f"INFO: GET {ME} 200 ")
    assert end == f"(GET {ME}) [request abc-1]\n"


def test_log_is_that_of_its_own_name() -> None:
    assert logging.getLogger("mock_server.access").parent is logging.getLogger("mock_server")
