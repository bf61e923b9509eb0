"""Several processes at one SQLite file: no turn is given twice, and nothing that was noted is missing."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from mock_server.hub import Question, SharedScenario
from mock_server.hub.model import JournalNote
from mock_server.hub.sqlite import SqliteHub

PROCESSES = 3
TURNS = 200


def play(file: Path, first: int, results: multiprocessing.Queue[list[int]]) -> None:
    hub = SqliteHub(file)
    scenarios = hub.staging("w").scenarios
    given = []
    for number in range(TURNS):
        decision = hub.decide("w", Question(hub.version("w"), matches=scenarios))
        assert decision is not None
        assert decision.turn is not None
        given.append(decision.turn.met)
        hub.note(JournalNote("w", first + number, b""))
    results.put(given)
    hub.close()


def test_no_turn_is_given_twice(tmp_path: Path) -> None:
    hub = SqliteHub(tmp_path / "hub.db")
    hub.start("w", SharedScenario.from_data("s", {"answers": [{"code": 500, "times": PROCESSES * TURNS}]}))
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[int]] = context.Queue()
    processes = [
        context.Process(target=play, args=(tmp_path / "hub.db", index * TURNS, results)) for index in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    given = [turn for _ in processes for turn in results.get(timeout=60)]
    for process in processes:
        process.join(60)
    assert sorted(given) == [*range(1, PROCESSES * TURNS + 1)]
    assert sorted(entry.number for entry in hub.journal("w")) == [*range(PROCESSES * TURNS)]
    hub.close()
