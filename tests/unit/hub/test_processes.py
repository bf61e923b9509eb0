"""Several processes at one hub: no turn is given twice, and nothing that was noted is missing."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from threading import Barrier, Thread

from mock_server.core.errors import HubError
from mock_server.hub import Question, SharedScenario
from mock_server.hub.sqlite_file import SqliteFile
from tests.support.hubs import OpensPlace, journal_note, open_hub

PROCESSES = 3
TURNS = 200


def play(place: str, first: int, results: multiprocessing.Queue[list[int]]) -> None:
    hub = open_hub(place)
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


def test_no_turn_is_given_twice(opens_place: OpensPlace) -> None:
    hub = opens_place.open()
    hub.start("w", SharedScenario.from_data("s", {"answers": [{"code": 500, "times": PROCESSES * TURNS}]}))
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[int]] = context.Queue()
    processes = [
        context.Process(target=play, args=(opens_place.place, index * TURNS, results)) for index in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    given = [turn for _ in processes for turn in results.get(timeout=60)]
    for process in processes:
        process.join(60)
    assert sorted(given) == [*range(1, PROCESSES * TURNS + 1)]
    assert sorted(entry.number for entry in hub.journal("w")) == [*range(PROCESSES * TURNS)]


def test_a_new_file_is_opened_by_several_at_once(tmp_path: Path) -> None:
    errors: list[HubError] = []

    def open_file(file: Path, start: Barrier) -> None:
        start.wait()
        try:
            SqliteFile(file).close()
        except HubError as error:
            errors.append(error)

    for number in range(60):
        start = Barrier(4)
        threads = [Thread(target=open_file, args=(tmp_path / f"{number}.db", start)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
