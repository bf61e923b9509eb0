"""What stays where there is not room for all: as much of a loop as there is room, and of changing sets what is new."""

from __future__ import annotations

from bisect import bisect
from collections import OrderedDict
from collections.abc import Callable, Iterator
from random import Random

import pytest

from mock_server.core.eviction import Eviction

ROOM = 1000
"""Items for which there is room."""
COST = 1000


class Entry:
    """An item of a thousand bytes."""

    __slots__ = ("key", "size", "stamp")

    def __init__(self, key: int) -> None:
        self.key = key
        self.size = COST
        self.stamp = 0

    def shrink(self) -> bool:
        """Make it half as large, once."""
        is_large = self.size == COST
        self.size = COST // 2
        return is_large


class Known:
    """Items by key, with room for :data:`ROOM`; for twice as many where each ``shrinks``."""

    def __init__(self, *, shrinks: bool = False) -> None:
        self._entries: dict[int, Entry] = {}
        shrink = Entry.shrink if shrinks else None
        self.eviction = Eviction[Entry](lambda entry: self._entries.pop(entry.key), shrink)

    def __len__(self) -> int:
        return len(self._entries)

    def ask(self, number: int) -> bool:
        """Ask for an item, which is taken in where it is not found."""
        key = number * 0x9E3779B97F4A7C15 % (1 << 61)  # a number is its own hash, which is no digest
        entry = self._entries.get(key)
        if entry is not None:
            entry.stamp = self.eviction.now
            return True
        entry = self._entries[key] = Entry(key)
        self.eviction.add(entry, ROOM * COST)
        assert self.eviction.held <= ROOM * COST
        return False


def share(ask: Callable[[int], bool], numbers: Iterator[int], *, passed_over: int = 0) -> float:
    """Return the share of the numbers that is found, without the first ones."""
    found = [ask(number) for number in numbers][passed_over:]
    return sum(found) / len(found)


def recency() -> Callable[[int], bool]:
    """Return what asks items of which the least recently used goes."""
    known: OrderedDict[int, None] = OrderedDict()

    def ask(number: int) -> bool:
        is_found = number in known
        known[number] = None
        known.move_to_end(number)
        if len(known) > ROOM:
            known.popitem(last=False)
        return is_found

    return ask


def turns(numbers: range, times: int) -> Iterator[int]:
    return (number for _ in range(times) for number in numbers)


@pytest.mark.parametrize("factor", [1.02, 1.05, 1.1, 1.5, 2, 2.5, 3, 5, 10, 20])
def test_cyclic_scan_keeps_a_share_that_fits(factor: float) -> None:
    known = Known()
    length = int(ROOM * factor)
    list(map(known.ask, turns(range(length), 2)))
    found = share(known.ask, turns(range(length), 2))
    assert 0.85 < found * factor <= 1


def test_items_shrink_for_those_that_come_back() -> None:
    known = Known(shrinks=True)
    length = int(1.8 * ROOM)
    list(map(known.ask, turns(range(length), 3)))
    assert share(known.ask, iter(range(length))) > 0.99


def test_nothing_shrinks_for_what_is_new() -> None:
    known = Known(shrinks=True)
    list(map(known.ask, range(10 * ROOM)))
    assert len(known) <= ROOM


def test_loop_that_has_room_is_found_whole() -> None:
    known = Known()
    assert share(known.ask, turns(range(int(0.95 * ROOM)), 3), passed_over=int(0.95 * ROOM)) > 0.99


def test_changed_loop_is_cached_by_third_round() -> None:
    known = Known()
    random = Random(1)
    members = [*range(int(0.9 * ROOM))]
    for first in (0, 10_000, 20_000, 30_000):
        for place in random.sample(range(len(members)), len(members) // 10):
            members[place] += 100_000 + first
        rounds = [share(known.ask, iter(members)) for _ in range(4)]
        assert rounds[2] > 0.97
        assert rounds[3] > 0.98


def test_new_set_is_found_in_fourth_round() -> None:
    known = Known()
    length = int(0.8 * ROOM)
    for first in (0, 10_000, 20_000):
        rounds = [share(known.ask, iter(range(first, first + length))) for _ in range(4)]
        assert rounds[3] > 0.97


def test_loops_that_fit_and_not_alternate() -> None:
    known = Known()
    for first in (0, 100_000):
        list(map(known.ask, turns(range(first, first + 5 * ROOM), 4)))
        assert share(known.ask, iter(range(first, first + 5 * ROOM))) > 0.85 / 5
        list(map(known.ask, turns(range(first + 50_000, first + 50_000 + ROOM * 9 // 10), 3)))
        assert share(known.ask, iter(range(first + 50_000, first + 50_000 + ROOM * 9 // 10))) > 0.97


def zipf(random: Random) -> Iterator[int]:
    """Yield numbers of which the n-th is asked for as often as 1/n."""
    sums = [0.0]
    for rank in range(1, 10 * ROOM):
        sums.append(sums[-1] + 1 / rank)
    return (bisect(sums, random.random() * sums[-1]) for _ in range(20 * ROOM))


def near(random: Random) -> Iterator[int]:
    """Yield new numbers, and those asked for lately, the likelier the later."""
    past: list[int] = []
    for number in range(15 * ROOM):
        back = int(random.expovariate(1 / (0.3 * ROOM)))
        past.append(number if back >= len(past) or random.random() < 0.1 else past.pop(-1 - back))
        yield past[-1]


def passing(_: Random) -> Iterator[int]:
    """Yield each number three times, with others in between, and then no more."""
    for number in range(10 * ROOM):
        yield from (number, max(0, number - ROOM * 3 // 10), max(0, number - ROOM * 6 // 10))


def drifting(random: Random) -> Iterator[int]:
    """Yield members of a set by chance, of which one after the other gives its place to another."""
    members = [*range(ROOM * 9 // 10)]
    for turn in range(15 * ROOM):
        members[turn // 20 % len(members)] += 100_000 if turn % 20 == 0 else 0
        yield random.choice(members)


@pytest.mark.parametrize("asked", [zipf, near, passing, drifting])
def test_recent_keys_are_hit_about_like_lru(
    asked: Callable[[Random], Iterator[int]],
) -> None:
    known = Known()
    found = share(known.ask, asked(Random(1)), passed_over=5 * ROOM)
    assert found > 0.9 * share(recency(), asked(Random(1)), passed_over=5 * ROOM)


def test_one_off_keys_evict_nothing_useful() -> None:
    known = Known()
    for turn in range(8 * ROOM):
        known.ask(turn % (ROOM // 2))
        known.ask(1_000_000 + turn)
    assert share(known.ask, iter(range(ROOM // 2))) > 0.95
