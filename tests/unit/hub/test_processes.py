"""Several processes at one hub: no turn is given twice, and nothing that was noted is missing."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from mock_server.hub import Question, SharedHub, SharedScenario
from mock_server.hub.sqlite import SqliteHub
from mock_server.hub.valkey import ValkeyHub
from tests.support.hubs import journal_note

PROCESSES = 3
TURNS = 200


def opened(place: str) -> SharedHub:
    hub = ValkeyHub(place) if "://" in place else SqliteHub(Path(place))
    hub.serve("d", ())
    return hub


def play(place: str, first: int, results: multiprocessing.Queue[list[int]]) -> None:
    hub = opened(place)
    scenarios = hub.staging("w").scenarios
    given = []
    for number in range(TURNS):
        decision = hub.decide("w", Question(hub.version("w"), matches=scenarios))
        assert decision is not None
        assert decision.turn is not None
        given.append(decision.turn.met)
        hub.note(journal_note("w", first + number))
    results.put(given)
    hub.close()


@pytest.fixture(params=["sqlite", pytest.param("valkey", marks=pytest.mark.store)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "hub.db")
    return f"valkey://{request.getfixturevalue('valkey')}"


def test_no_turn_is_given_twice(place: str) -> None:
    hub = opened(place)
    hub.start("w", SharedScenario.from_data("s", {"answers": [{"code": 500, "times": PROCESSES * TURNS}]}))
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[int]] = context.Queue()
    processes = [context.Process(target=play, args=(place, index * TURNS, results)) for index in range(PROCESSES)]
    for process in processes:
        process.start()
    given = [turn for _ in processes for turn in results.get(timeout=60)]
    for process in processes:
        process.join(60)
    assert sorted(given) == [*range(1, PROCESSES * TURNS + 1)]
    assert sorted(entry.number for entry in hub.journal("w")) == [*range(PROCESSES * TURNS)]
    hub.close()
