"""Whether a server lives and whether it is ready: what an orchestrator asks."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mock_server.http.problem_details import problem_response
from mock_server.mocking.mounts import ApiMount
from mock_server.server.application import Application
from mock_server.server.healthcheck import ask
from mock_server.settings import ROWS, Settings
from tests.support.asgi import answered, scope_of, tokens, told
from tests.support.http_exchange import Got

LIVE, READY = "/__admin/health/live", "/__admin/health/ready"


@pytest.fixture
def app(own_cache: None) -> Application:
    return Application(Settings(), shares_process=True)


def ready(app: Application) -> Got:
    (got,) = answered(app, scope_of(READY))
    return got


def assert_not_ready(got: Got, check: str, *parts: str) -> None:
    assert (got.status, got.headers["retry-after"]) == (503, "1")
    details = json.loads(got.body)
    assert details["type"] == "urn:mock-server:problem:not-ready"
    assert [finding["location"] for finding in details["findings"]] == [check]
    for part in (f"{check}: found ", *parts):
        assert part in details["detail"]


def test_server_is_live_first_then_ready(app: Application) -> None:
    assert told(app, LIVE) == {"status": "alive"}
    assert_not_ready(ready(app), "engine", "nothing that answers yet")
    app.warm()
    got = ready(app)
    assert (got.status, json.loads(got.body)) == (200, {"status": "ready", "checks": ["engine", "stop"]})
    assert told(app, "/__admin/health")["status"] == "healthy"


def test_health_shows_every_bound(app: Application) -> None:
    bounds = told(app, "/__admin/health")["bounds"]
    assert bounds == {row.name: row.default for row in ROWS if row.bound}
    assert bounds["journal_memory"] == 256


def test_metrics_count_reached_bounds(app: Application) -> None:
    app.request_metrics.bounds["max_worlds"] += 3
    (got,) = answered(app, scope_of("/__admin/metrics"))
    assert 'mock_server_bound{bound="max_worlds"} 10000.0' in got.body.decode()
    assert 'mock_server_bound_reached_total{bound="max_worlds"} 3.0' in got.body.decode()


def test_unready_server_answers_anyway(app: Application) -> None:
    assert [got.status for got in answered(app, *tokens(["SE"]))] == [200]
    assert ready(app).status == 503


def test_server_that_is_about_to_end_is_not_ready_and_lives(app: Application) -> None:
    app.warm()
    app.ending.set()
    assert_not_ready(ready(app), "stop", "about to end")
    assert told(app, LIVE) == {"status": "alive"}


def test_failed_build_leaves_server_unready(
    app: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: ApiMount) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(ApiMount, "engine", property(broken))
    app.warm()
    assert_not_ready(ready(app), "engine", "Polar API", "log")
    (record,) = caplog.records
    assert "cannot be built" in record.message
    assert record.exc_info is not None
    assert told(app, LIVE) == {"status": "alive"}


def test_others_may_have_a_say(app: Application) -> None:
    app.warm()
    trouble = "no database at db:5432"
    app.readiness.add("store", lambda: trouble)
    assert_not_ready(ready(app), "store", "no database at db:5432")
    trouble = ""
    assert ready(app).status == 200


def test_reload_leaves_a_server_ready(app: Application) -> None:
    app.warm()
    app.reload()
    assert ready(app).status == 200


@pytest.mark.parametrize("path", [LIVE, READY, "/__admin/health", f"/~a{READY}"])
def test_everybody_may_ask_from_anywhere(path: str, app: Application) -> None:
    app.warm()
    far = {"peer": "10.0.0.9", "host": "10.0.0.1:4010", "origin": "http://evil.example"}
    got = answered(app, scope_of(path, **far), scope_of(path, method="HEAD", **far))
    assert [reply.status for reply in got] == [200, 200]
    assert [reply.status for reply in answered(app, scope_of(path, method="POST", **far))] == [403]


class _NotReady(BaseHTTPRequestHandler):
    """A server that is not ready."""

    def do_GET(self) -> None:
        answer = problem_response("not-ready", 503, "stop: found the server about to end.")
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *arguments: object) -> None:
        return None


def test_healthcheck_says_why_unready() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _NotReady) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        message = ask(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
    assert message == "found a server that is not ready: stop: found the server about to end."
