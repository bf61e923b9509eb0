"""What is said of the server beneath: who is compared with whom, and in which direction."""

from __future__ import annotations

import pytest

from benchmarks import beneath
from benchmarks.answers import Answer
from benchmarks.beneath import line, without_server
from benchmarks.load import Run


def a_run(*, rate: float, cost: float) -> Run:
    return Run(requests=1000, rate=rate, p99=1.0, size=900, refused=0, lost=0, busy=0.5, cost=cost)


def test_the_name_of_a_server_is_not_compared() -> None:
    granian = Answer(200, (("content-length", "2"), ("server", "granian"), ("a", "b")), b"{}")
    uvicorn = Answer(200, (("server", "uvicorn"), ("a", "b"), ("content-length", "2")), b"{}")
    assert without_server(granian) == without_server(uvicorn)


def test_other_headers_are_compared() -> None:
    assert without_server(Answer(200, (("a", "b"),), b"")) != without_server(Answer(200, (("a", "c"),), b""))


def test_a_better_granian_is_above_1() -> None:
    runs = {
        "granian": (a_run(rate=3000, cost=10), a_run(rate=2000, cost=10)),
        "uvicorn": (a_run(rate=1000, cost=20), a_run(rate=1000, cost=20)),
    }
    assert line("same", 2, runs).split() == [
        *("same", "2", "2,500", "1,000"),
        *("2.50", "(2.00", "to", "3.00)"),
        *("2.00", "(2.00", "to", "2.00)"),
    ]


def test_granian_has_to_be_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(beneath, "find_spec", lambda _: None)
    assert beneath.main([]) == 2
    assert "make beneath" in capsys.readouterr().err
