"""What a monitor is told by workers, of which it cannot choose one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.server_process import RunningServer
from tests.support.worker_connection import both, samples

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer("--workers", "2") as running:
        yield running


def test_any_worker_reports_all(server: RunningServer) -> None:
    with ExitStack() as stack:
        first, second = both(server, stack)
        assert [*first.me("w", times=3), *second.me("w", times=2)] == [200] * 5
        told = [samples(one, "mock_server_requests_total") for one in (first, second)]
    for one in told:
        assert sorted(sample.value for sample in one) == [2, 3]
        assert len({sample.labels["worker"] for sample in one}) == 2
    assert sorted(map(repr, told[0])) == sorted(map(repr, told[1]))


@pytest.mark.parametrize(
    "name", ["process_resident_memory_bytes", "mock_server_worlds", "mock_server_build_info", "mock_server_ready"]
)
def test_metrics_have_a_sample_per_worker(name: str, server: RunningServer) -> None:
    with ExitStack() as stack:
        found = [samples(one, name) for one in both(server, stack)]
    for one in found:
        assert len({sample.labels["worker"] for sample in one}) == 2


def test_each_metric_has_one_heading(server: RunningServer) -> None:
    with ExitStack() as stack:
        text = both(server, stack)[0].client.get("/__admin/metrics").text
    headings = [line for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(headings) == len({*headings})
    assert len(headings) > 15
