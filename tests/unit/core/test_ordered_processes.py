from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.core import ordered_processes
from mock_server.core.errors import ProcessLostError, UsageError
from mock_server.core.ordered_processes import OrderedProcesses, StartMethod, usable_processors

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
"""That of the tests may be, with pytest-xdist; what is forked here touches nothing of its threads."""


def squared(number: int) -> int:
    """Return the square, later for every third number than for others."""
    return sum(number for _ in range(number)) if number % 3 else sum(1 for _ in range(number * number))


def refused(number: int) -> int:
    if number == 7:
        raise UsageError("found 7")
    return number


def lost(number: int) -> int:
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_results_have_the_order_of_tasks(start_method: StartMethod) -> None:
    with OrderedProcesses(squared, 3, start_method) as processes:
        assert [*processes.results(range(300))] == [number * number for number in range(300)]
        assert [*processes.results([])] == []
    assert not multiprocessing.active_children()


def test_pipes_may_be_of_another_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of Windows are."""
    monkeypatch.setattr(ordered_processes, "Connection", type("Connection", (), {}))
    with OrderedProcesses(squared, 2) as processes:
        assert [*processes.results([2, 3])] == [4, 9]


def test_error_is_raised_in_its_turn() -> None:
    results: list[int] = []
    with OrderedProcesses(refused, 2) as processes, pytest.raises(UsageError, match="found 7"):
        results.extend(processes.results(range(20)))
    assert results == [*range(7)]


def test_process_that_ends_is_an_error() -> None:
    results: list[int] = []
    with OrderedProcesses(lost, 2) as processes, pytest.raises(ProcessLostError, match=r"\(SIGKILL\) before its work"):
        results.extend(processes.results(range(20)))
    assert results == [*range(len(results))]
    assert not multiprocessing.active_children()


def test_few_results_wait() -> None:
    begun: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(1000):
            begun.append(number)
            yield number

    with OrderedProcesses(squared, 2) as processes:
        for turn, _ in enumerate(processes.results(tasks())):
            assert len(begun) - turn <= 10


def test_quota_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_processes, "_QUOTA", quota := tmp_path / "cpu.max")
    all_of_them = usable_processors()
    for text, expected in (("max 100000", all_of_them), ("50000 100000", 1), ("150000 100000", min(2, all_of_them))):
        quota.write_text(text)
        assert usable_processors() == expected
