"""Journals, coverage, worlds and events, whichever of two processes is asked."""

from __future__ import annotations

from threading import Event

from mock_server.hub import HubBounds, SharedScenario
from tests.support.hubs import OpensSharedPair, SharedPair, coverage_note, journal_note

SCENARIO = SharedScenario.from_data("s", {"answers": [{"code": 500}]})


def numbers(pair: SharedPair, world: str) -> list[int]:
    """The numbers of the entries, which both processes find in the same order."""
    first, second = ([entry.number for entry in hub.journal(world)] for hub in pair)
    assert first == second
    return first


def test_processes_have_numbers_of_their_own(shared: SharedPair) -> None:
    first, second = (hub.process for hub in shared)
    assert first != second
    assert all(0 <= number < 2**24 for number in (first, second))


def test_a_journal_has_all_that_was_noted_anywhere(shared: SharedPair) -> None:
    for number in range(1200):
        shared[number % 2].note(journal_note("w" if number < 1000 else "v", number, b"%d" % number))
    entries = shared[0].journal("w")
    assert sorted(entry.number for entry in entries) == [*range(1000)]
    assert all(entry[1:] == (1.5, 0.25, b"%d" % entry.number) for entry in entries)


def test_a_journal_keeps_the_last(opens_shared: OpensSharedPair) -> None:
    pair = opens_shared(bounds=HubBounds(entries=3))
    for number in range(10):
        pair[0].note(journal_note("w", number))
    assert numbers(pair, "w") == [7, 8, 9]


def test_entries_are_removed(shared: SharedPair) -> None:
    for number in range(3):
        shared[0].note(journal_note("w", number))
    assert numbers(shared, "w") == [0, 1, 2]
    shared[1].remove("w", {1})
    assert numbers(shared, "w") == [0, 2]
    shared[0].clear_journal("w")
    assert numbers(shared, "w") == []


def test_a_bound_counts_across_batches(opens_shared: OpensSharedPair) -> None:
    pair = opens_shared(bounds=HubBounds(entries=5))
    for number in range(12):
        pair[number % 2].note(journal_note("w", number))
        if number % 3 == 2:
            pair[0].arrive()
    assert [*sorted(numbers(pair, "w"))][-3:] == [9, 10, 11]
    assert len(numbers(pair, "w")) == 5


def test_removed_entries_stay_removed_while_others_come(opens_shared: OpensSharedPair) -> None:
    pair = opens_shared(bounds=HubBounds(entries=4))
    for number in range(4):
        pair[0].note(journal_note("w", number))
    assert numbers(pair, "w") == [0, 1, 2, 3]
    pair[1].remove("w", {0, 3, 99})
    pair[0].note(journal_note("w", 4))
    assert numbers(pair, "w") == [1, 2, 4]
    pair[1].remove("w", {4})
    assert numbers(pair, "w") == [1, 2]


def test_equal_exchanges_are_one_object(shared: SharedPair) -> None:
    for number in range(4):
        shared[0].note(journal_note("w", number, bytes([number % 2]) * 100))
        shared[0].arrive()
    exchanges = [entry.exchange for entry in shared[1].journal("w")]
    assert exchanges == [b"\0" * 100, b"\1" * 100] * 2
    assert len({id(exchange) for exchange in exchanges}) == 2


def test_bytes_of_all_journals_have_a_bound(opens_shared: OpensSharedPair) -> None:
    pair = opens_shared(bounds=HubBounds(entry_bytes=100_000))
    for world in ("old", "new"):
        for number in range(8):
            pair[0].note(journal_note(world, number, bytes([number]) * 8_000))
            pair[0].arrive()
    assert numbers(pair, "new") == [*range(8)]
    older = numbers(pair, "old")
    assert 0 < len(older) < 8
    assert older == [*range(8)][-len(older) :]
    figures = pair[1].figures()
    assert figures.worlds == 2
    assert 64_000 < figures.entry_bytes <= 100_000
    pair[0].clear_journal("new")
    pair[0].reset("old")
    assert pair[1].figures() == (1, 0, 0)


def test_coverage_outlives_its_world_in_the_total(shared: SharedPair) -> None:
    for hub, key in zip(shared, "ab", strict=True):
        for _ in range(2):
            hub.note(coverage_note("w", key))
    assert shared[0].coverage("w") == {"GET /": (4, frozenset("ab"))}
    shared[1].reset("w")
    assert shared[0].coverage("w") == {}
    assert shared[0].coverage() == {"GET /": (4, frozenset("ab"))}


def test_a_reset_world_has_no_journal(shared: SharedPair) -> None:
    shared[0].note(journal_note("w", 1))
    shared[1].reset("w")
    assert numbers(shared, "w") == []
    assert not shared[0].has_world("w")


def test_worlds_have_a_bound_and_the_staged_stay(opens_shared: OpensSharedPair) -> None:
    first, second = opens_shared(bounds=HubBounds(worlds=2))
    first.start("staged", SCENARIO)
    for world in ("u", "v"):
        second.note(journal_note(world, 1))
        second.arrive()
    assert first.worlds() == ["v", "staged"]
    assert first.has_world("v")
    assert not first.has_world("u")
    assert first.figures()[:2] == (2, 1)


def test_events_reach_all_processes(shared: SharedPair) -> None:
    texts: list[str] = []
    done = Event()

    def hear(event: str, text: str) -> None:
        texts.append(f"{event} {text}")
        if event == "end":
            done.set()

    def fail(event: str, text: str) -> None:
        raise ValueError(event)

    shared[1].listen(fail)
    shared[1].listen(hear)
    assert shared[0].publish("begin", "a") == 1
    shared[0].publish("end", "b")
    assert done.wait(5)
    assert texts == ["begin a", "end b"]
