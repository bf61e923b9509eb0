"""What a monitor reads: counts that never go down, and the state of what is kept."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, sent, tokens
from tests.support.contracts import document, operation, written
from tests.support.customers import ME

METRICS = "/__admin/metrics"
OPERATION = f"GET {ME}"
Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def app(own_cache: None) -> Application:
    return Application(Settings(), shares_process=True)


def figures(app: Application, path: str = METRICS) -> Figures:
    """All samples by name and labels."""
    (got,) = answered(app, scope_of(path))
    assert got.status == 200
    families = parser.text_string_to_metric_families(got.body.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def figure(samples: Figures, name: str, **labels: str) -> float | None:
    return samples.get((f"mock_server_{name}", frozenset(labels.items())))


def requests(samples: Figures, status: int, operation: str = OPERATION, method: str = "GET") -> float | None:
    return figure(samples, "requests_total", operation=operation, method=method, status=str(status))


def test_requests_are_counted_by_operation(app: Application) -> None:
    answered(
        app,
        *tokens(["SE", "SE", "SE", "rate_limited", "expired"]),
        scope_of(),
        scope_of("/nowhere"),
        scope_of(ME, method="DELETE"),
        scope_of("/nowhere", method="BREW"),
        scope_of("/nowhere", method="WHISK"),
    )
    samples = figures(app)
    assert [requests(samples, status) for status in (200, 429, 401, 500)] == [3, 1, 2, None]
    assert [requests(samples, status, "") for status in (404, 405)] == [1, None]
    assert requests(samples, 405, "", "DELETE") == 1
    assert requests(samples, 404, "", "_OTHER") == 2
    assert sum(value for (name, _), value in samples.items() if name == "mock_server_requests_total") == 10


@pytest.mark.parametrize("path", [METRICS, "/__admin/health/ready", "/~a/__admin/requests"])
def test_admin_requests_are_not_counted(path: str, app: Application) -> None:
    answered(app, scope_of(path))
    assert not any(name == "mock_server_requests_total" for name, _ in figures(app))


def test_findings_of_cached_answers_are_counted(app: Application) -> None:
    answered(app, *[scope_of() for _ in range(5)], scope_of("/nowhere"))
    samples = figures(app)
    assert figure(samples, "findings_total", operation=OPERATION, rule="security") == 5
    assert figure(samples, "findings_total", operation="", rule="path") == 1
    assert figure(samples, "remembered_answers_hits_total") == 4


def test_what_is_cached_is_reported(app: Application) -> None:
    empty = figures(app)
    assert [figure(empty, f"remembered_answers{name}") for name in ("", "_bytes", "_hits_total")] == [0, 0, 0]
    answered(app, *tokens(["SE", "SE", "FR", "SE"]))
    samples = figures(app)
    hits, misses = (figure(samples, f"remembered_answers_{name}_total") for name in ("hits", "misses"))
    assert (hits, misses, figure(samples, "remembered_answers")) == (2, 2, 2)
    held, limit = (figure(samples, f"remembered_answers_{name}bytes") for name in ("", "limit_"))
    assert 2000 < (held or 0) < (limit or 0)


def test_without_fast_path_counts_are_same_and_nothing_is_cached(app: Application) -> None:
    slow = Application(Settings(no_fast_path=True), shares_process=True)
    snapshots = []
    for application in (app, slow):
        answered(application, *tokens(["SE", "SE", "expired", "SE"]), scope_of(), scope_of())
        snapshots.append(figures(application))
    counts = [
        {
            key: value
            for key, value in samples.items()
            if key[0] in ("mock_server_requests_total", "mock_server_findings_total")
        }
        for samples in snapshots
    ]
    assert counts[0] == counts[1]
    assert not any(name.startswith("mock_server_remembered_answers") for name, _ in snapshots[1])


@pytest.mark.parametrize("end", [("POST", "/~a/__admin/reset"), ("DELETE", "/~a/__admin/")])
def test_no_count_goes_down_when_world_ends(end: tuple[str, str], app: Application) -> None:
    of_a = [scope_of(f"/~a{ME}", authorization="Bearer polar_cst_SE") for _ in range(3)]
    answered(app, *of_a)
    before = figures(app)
    assert (figure(before, "journal_entries"), figure(before, "worlds")) == (3, 2)
    assert (figure(before, "journal_bytes") or 0) > 1000
    answered(app, scope_of(end[1], method=end[0]))
    after = figures(app)
    assert (figure(after, "journal_entries"), figure(after, "journal_bytes")) == (0, 0)
    for key, value in before.items():
        if key[0].endswith(("_total", "_bucket", "_count", "_sum")):
            assert after[key] >= value, key


def test_forgotten_worlds_stay_counted(own_cache: None) -> None:
    app = Application(Settings(max_worlds=2), shares_process=True)
    answered(app, *[scope_of(f"/~w{number}{ME}", authorization="Bearer polar_cst_SE") for number in range(10)])
    samples = figures(app)
    assert (requests(samples, 200), figure(samples, "worlds"), figure(samples, "worlds_limit")) == (10, 3, 2)


def test_durations_are_histogram_for_each_operation_and_method(app: Application) -> None:
    answered(app, *tokens(["SE", "SE", "expired"]))
    samples = figures(app)
    name, labels = "request_duration_seconds", {"operation": OPERATION, "method": "GET"}
    buckets = {
        float(dict(key)["le"]): value
        for (metric, key), value in samples.items()
        if metric == f"mock_server_{name}_bucket"
    }
    counts = [buckets[bound] for bound in sorted(buckets)]
    assert counts == sorted(counts)
    assert counts[-1] == figure(samples, f"{name}_count", **labels) == 3
    assert 0 < (figure(samples, f"{name}_sum", **labels) or 0) < 60


def test_delay_that_was_asked_for_is_no_part_of_duration(app: Application) -> None:
    (got,) = answered(app, scope_of(authorization="Bearer polar_cst_SE", prefer="delay=1"))
    assert got.status == 200
    assert requests(figures(app), 200) == 1
    app.ending.set()  # which cuts delays short
    answered(app, scope_of(authorization="Bearer polar_cst_SE", prefer="delay=600000"))
    assert (figure(figures(app), "request_duration_seconds_sum", operation=OPERATION, method="GET") or 0) < 60


def test_build_info_has_version_and_digest(app: Application, tmp_path: Path) -> None:
    samples = figures(app)
    (contract,) = (dict(labels) for name, labels in samples if name == "mock_server_contract_info")
    served = app.served[0].contract
    assert contract == {"base_path": "/", "title": "Polar API", "version": "0.1.0", "digest": served.digest}
    (build,) = (dict(labels) for name, labels in samples if name == "mock_server_build_info")
    assert build.keys() == {"version"}
    assert samples["process_resident_memory_bytes", frozenset()] > 1e7


def test_metrics_tell_contracts_by_base_path(tmp_path: Path, own_cache: None) -> None:
    pets, cars = (
        {
            **document({"/all": {"get": operation({"const": title})}}),
            "info": {"title": title, "version": "1"},
            "servers": [{"url": f"https://x.example/{title}"}],
        }
        for title in ("pets", "cars")
    )
    contracts = written(tmp_path, "pets", pets), written(tmp_path, "cars", cars)
    app = Application(Settings(contract=contracts), shares_process=True)
    answered(app, scope_of("/pets/all"), scope_of("/cars/all"), scope_of("/cars/all"))
    samples = figures(app)
    assert [requests(samples, 200, f"GET /{title}/all") for title in ("pets", "cars")] == [1, 2]
    assert {dict(labels)["base_path"] for name, labels in samples if name == "mock_server_contract_info"} == {
        "/pets",
        "/cars",
    }


def test_each_check_of_readiness_has_figure(app: Application) -> None:
    app.readiness.add("moon", lambda: "no full moon")
    samples = figures(app)
    checks = {"engine": 0, "stop": 1, "moon": 0}
    assert {name: figure(samples, "ready", check=name) for name in checks} == checks


def test_openmetrics_is_negotiated(app: Application) -> None:
    answered(app, *tokens(["SE"]))
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    plain, (got,) = answered(app, scope_of(METRICS))[0], answered(app, scope_of(METRICS, accept=accept))
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert got.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    parsed = openmetrics.text_string_to_metric_families(got.body.decode())  # type: ignore[no-untyped-call]
    families = {family.name: family for family in parsed}
    assert families["mock_server_requests"].samples[0].value == 1
    assert got.body.endswith(b"# EOF\n")


def test_samples_are_labelled_by_worker(own_cache: None) -> None:
    app = Application(Settings(workers=2), shares_process=True)
    answered(app, *tokens(["SE"]))
    (pid,) = {dict(labels).get("worker") for _, labels in figures(app)}
    assert (pid or "").isdigit()


def test_everybody_reads_nobody_writes(app: Application) -> None:
    far = {"peer": "10.0.0.9", "host": "10.0.0.1:4010"}
    statuses = [
        got.status
        for got in answered(
            app,
            scope_of(METRICS, **far),
            scope_of(METRICS, method="HEAD", **far),
            scope_of(METRICS, method="POST"),
            scope_of(f"{METRICS}?format=json"),
            scope_of("/__admin/requests", **far),
        )
    ]
    assert statuses == [200, 200, 405, 400, 403]


def test_count_is_right_under_concurrency(app: Application) -> None:
    async def together() -> None:
        await asyncio.gather(*(sent(app, scope) for scope in tokens(["SE", "FR"] * 50)))

    asyncio.run(together())
    assert requests(figures(app), 200) == 100


def test_reload_leaves_the_counts(app: Application) -> None:
    answered(app, *tokens(["SE", "SE"]))
    app.reload()
    answered(app, *tokens(["SE", "SE"]))
    samples = figures(app)
    assert (requests(samples, 200), figure(samples, "remembered_answers_hits_total")) == (4, 2)


PROGRAM = """
import sys
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, tokens
app = Application(Settings(), shares_process=True)
app.warm()
answered(app, *tokens(["SE", "SE"]), scope_of("/__admin/health/ready"))
print({name.partition(".")[0] for name in sys.modules} & {"prometheus_client", "opentelemetry"})
answered(app, scope_of("/__admin/metrics"))
print({name.partition(".")[0] for name in sys.modules} & {"prometheus_client", "opentelemetry"})
"""


def test_server_that_nobody_monitors_does_without_library(own_cache: None) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "{'prometheus_client'}"]
