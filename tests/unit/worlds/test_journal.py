"""The journal of a world: what it keeps, for how long, and at what cost."""

from __future__ import annotations

import gc
import sys

import pytest

from mock_server.http.messages import Exchange, Request, Response, ResponseSource, Route, Stream
from mock_server.worlds.journal import LONGEST_BODY, Journal, JournaledExchange
from mock_server.worlds.world import Worlds

STREAM = Stream("GET /a", "200", 0, count=3, seed=0, identity="a", sent=2, end="cut")


def kept(path: str = "/a", body: bytes = b"") -> JournaledExchange:
    return JournaledExchange(Exchange(Request("POST", path, body=body), Route(), Response(200, body=b"{}")), None)


def paths(journal: Journal) -> list[str]:
    return [entry.request.path for entry in journal]


def test_oldest_entries_make_room() -> None:
    journal = Journal("w", capacity=2)
    for path in ("/a", "/b", "/c"):
        journal.add(kept(path), 0.0, 0.0)
    assert (paths(journal), len(journal)) == (["/b", "/c"], 2)


def test_journal_of_size_zero_is_empty() -> None:
    journal = Journal("w", capacity=0)
    journal.add(kept(), 0.0, 0.0)
    assert len(journal) == 0


def test_entry_ids_are_unique_and_not_reused() -> None:
    first, other = Journal("one"), Journal("other")
    for journal in (first, other):
        journal.add(kept(), 0.0, 0.0)
    (entry,) = first
    number = first.id_of(entry.number)
    assert (first.find(number), other.find(number), number.version) == (entry, None, 8)
    first.clear()
    first.add(kept(), 0.0, 0.0)
    assert first.find(number) is None


def test_of_long_body_beginning_is_kept_and_its_size() -> None:
    journal = Journal("w")
    journal.add(kept(body=b"x" * (LONGEST_BODY + 7)), 0.0, 0.0)
    (entry,) = journal
    assert (len(entry.request.body), entry.sizes, entry.is_shortened) == (LONGEST_BODY, (LONGEST_BODY + 7, 2), True)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(200), ""),
        (Response(200, source=ResponseSource.GENERATED), "generated"),
        (Response(503, source=ResponseSource.SCENARIO, scenario="flaky"), "scenario flaky"),
        (Response(200, source=ResponseSource.EXAMPLE, stream=STREAM), "example"),
    ],
    ids=["unknown", "generated", "scenario", "stream"],
)
def test_entry_keeps_the_source(response: Response, reason: str) -> None:
    journal = Journal("w")
    journal.add(JournaledExchange(Exchange(Request("GET", "/a"), Route(), response), None), 0.0, 0.0)
    (entry,) = journal
    assert (entry.answer, entry.answer.reason) == (response, reason)


def test_entries_are_removed_by_pattern() -> None:
    journal = Journal("w")
    for path in ("/a", "/b", "/a"):
        journal.add(kept(path), 0.0, 0.0)
    removed = journal.remove(lambda entry: entry.request.path == "/a")
    assert ([entry.request.path for entry in removed], paths(journal)) == (["/a", "/a"], ["/b"])


def test_journals_share_a_memory_budget() -> None:
    worlds = Worlds(journal_memory=400_000)
    for name in ("old", "new"):
        for number in range(8):
            worlds.get(name).journal.add(kept(f"/{number}", b"x" * 20_000), 0.0, 0.0)
    for number in range(8, 12):
        worlds.get("new").journal.add(kept(f"/{number}", b"x" * 20_000), 0.0, 0.0)
    held = sum(entry.kept.cost for name in ("old", "new") for entry in worlds.get(name).journal.read())
    assert held <= 400_000
    assert len(worlds.get("old").journal.read()) < 8
    assert paths(worlds.get("new").journal.read())[-1] == "/11"


def test_evicted_world_frees_its_memory() -> None:
    worlds = Worlds(capacity=1, journal_memory=100_000)
    for number in range(50):
        worlds.get(f"w{number}").journal.add(kept(body=b"x" * 60_000), 0.0, 0.0)
    assert len(worlds.get("w49").journal.read()) == 1


def test_world_that_was_only_named_costs_less_than_two_kilobytes() -> None:
    worlds = Worlds()
    world = worlds.get("idle")
    parts = [world, *(referent for referent in gc.get_referents(world) if not isinstance(referent, type))]
    assert sum(sys.getsizeof(referent) for referent in parts) < 2048


@pytest.mark.parametrize("shortened", [0, 1, 2, 5])
def test_shortening_drops_older_half(shortened: int) -> None:
    journal = Journal("w")
    for number in range(shortened):
        journal.add(kept(f"/{number}"), 0.0, 0.0)
    journal.shorten(lambda: False)
    assert paths(journal) == [f"/{number}" for number in range((shortened + 1) // 2, shortened)]


def test_equal_entries_are_counted_once() -> None:
    worlds = Worlds(journal_memory=1_000_000)
    same = kept(body=b"x" * 50_000)
    for name in ("one", "other"):
        for _ in range(100):
            worlds.get(name).journal.add(same, 0.0, 0.0)
    assert (len(worlds.get("one").journal.read()), len(worlds.get("other").journal.read())) == (100, 100)


def test_what_entries_share_is_given_back_with_last_of_them() -> None:
    worlds = Worlds(journal_memory=100_000)
    for number in range(20):
        same = kept(f"/{number}", b"x" * 60_000)
        for name in ("one", "other"):
            worlds.get(name).journal.add(same, 0.0, 0.0)
            worlds.get(name).journal.clear()
    worlds.get("one").journal.add(kept("/last", b"x" * 60_000), 0.0, 0.0)
    assert paths(worlds.get("one").journal.read()) == ["/last"]


def test_entries_of_other_journal_are_held_unchanged() -> None:
    first, other = Journal("w"), Journal("w")
    for journal, path in ((first, "/a"), (other, "/b")):
        journal.add(kept(path), 0.0, 0.0)
    both = Journal("w")
    both.take([*first, *(entry._replace(number=(1 << 40) + 1) for entry in other)])
    assert [entry.number for entry in both] == [1, (1 << 40) + 1]
    (_, foreign) = both
    assert both.find(other.id_of(foreign.number)) == foreign
    assert first.find(other.id_of(foreign.number)) is None


def walked(journal: Journal, *, newest: bool, meanwhile: list[str]) -> list[str]:
    """Walk through a journal in which others come while it is gone through."""
    found: list[str] = []
    for entry in journal.newest_first(journal.next_number) if newest else journal.oldest_first():
        found.append(entry.request.path)
        if meanwhile:
            journal.add(kept(meanwhile.pop()), 0.0, 0.0)
    return found


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("count", [0, 1, 7, 2500])
def test_walk_is_a_snapshot(newest: bool, count: int) -> None:
    journal = Journal("w", 10_000)
    expected = [f"/{number}" for number in range(count)]
    for path in expected:
        journal.add(kept(path), 0.0, 0.0)
    journal.remove(lambda entry: entry.request.path == "/3")
    expected = [path for path in expected if path != "/3"]
    found = walked(journal, newest=newest, meanwhile=["/late"] * 3)
    assert found == (expected[::-1] if newest else expected)


def test_walk_passes_over_what_goes_before_its_turn_has_come() -> None:
    journal = Journal("w", 3000)
    for number in range(3000):
        journal.add(kept(f"/{number}"), 0.0, 0.0)
    walk = journal.oldest_first()
    first = next(walk).number
    for number in range(2500):
        journal.add(kept(f"/late{number}"), 0.0, 0.0)
    numbers = [first, *(entry.number for entry in walk)]
    assert (numbers == sorted({*numbers}), numbers[-1]) == (True, 3000)
