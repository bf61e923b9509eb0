"""The journal of a world: its last requests and answers, in a ring buffer with a bound.

An entry has the request and the answer as they are, and nothing of the connection; it costs a request a microsecond.
Entries of equal requests share their contents. All journals together have a bound too (:class:`MemoryBudget`).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import replace
from functools import lru_cache
from itertools import chain, compress, islice
from marshal import dumps, loads
from operator import not_
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.messages import Exchange, Request, Response, ResponseSource, Route, Stream
from mock_server.openapi.model import Operation
from mock_server.worlds.journal_cursor import JournalCursor
from mock_server.worlds.memory_budget import AT_ONCE, MEMBERS, SLIM, Member, MemoryBudget, release, released

if TYPE_CHECKING:
    from mock_server.worlds.exchange_codec import ExchangeCodec

KEPT = 1000
"""Entries of one world that are kept where the settings give no other number."""
LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept; of a longer one the beginning."""
_OVERHEAD = 240
"""Bytes of what an entry keeps beside its texts and bodies, as measured."""
_BYTES = 33
"""Bytes of an object of bytes beside those that are in it."""
_NUMBER = (1 << 62) - 1
_PORTION = 1024
"""Entries that a walk through a journal holds at once."""
_FIRST_PORTION = 64
"""Entries that a walk from the newest on holds at first: mostly it is a page, or what has just come."""
_PORTION_MEMORY = 4 * 1024 * 1024
"""Bytes of what such a walk holds beside its first entry, whatever the journal lets go of meanwhile."""


class LoggedExchange(Protocol):
    """What entries have of an exchange, by whatever means: the same object for all entries of one question.

    ``holders`` is how many entries have it, ``cost`` the bytes that go with the last of them.
    """

    holders: int

    def __hash__(self) -> int: ...  # it is itself by which it is remembered

    @property
    def cost(self) -> int:
        """Bytes of memory that it holds."""

    @property
    def request(self) -> Request:
        """The request; of a long body the beginning."""

    @property
    def route(self) -> Route:
        """What routing made of it."""

    @property
    def operation(self) -> Operation | None:
        """The operation that was meant."""

    @property
    def answer(self) -> Response:
        """The answer; of a long body the beginning."""

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What was found in the two."""

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes, for a journal that several processes share."""


class JournalWriter(Protocol):
    """The journal of a world as those see it who add to it."""

    @property
    def last(self) -> int:
        """The number of the exchange that was added last, kept or not; the next one has the next number."""

    def add(self, journaled: LoggedExchange, started: float, elapsed: float) -> None:
        """Add an exchange that has just ended. ``started`` in seconds since 1970, ``elapsed`` in seconds."""

    def logged(self, exchange: Exchange, operation: Operation | None, size: int | None = None) -> LoggedExchange:
        """Return what entries have of an exchange; ``size`` is that of the response's body where it is not at hand."""

    def id_of(self, number: int) -> UUID:
        """Return the id of the entry with a number."""

    def read(self) -> Journal:
        """Return the entries, as they are now."""

    def clear(self) -> None:
        """Remove all entries."""


class JournaledExchange:
    """The contents of entries: the same object for all entries of equal requests.

    Heads of request and answer are packed into bytes (:mod:`marshal`, format 0, which nobody but this process reads):
    they then hold as much memory as they have bytes, whoever else has their texts, and are nothing that the garbage
    collection looks through. ``sizes`` are those of the two bodies as they were sent, in bytes; what is kept of them
    may be shorter, and so may what came of an answer (``size`` is then how long it was). ``cost`` is what this holds of
    the memory in bytes, ``holders`` is how many entries have it.
    """

    __slots__ = ("_answer", "_bodies", "_findings", "_request", "cost", "holders", "operation", "sizes")

    def __init__(self, exchange: Exchange, operation: Operation | None, size: int | None = None) -> None:
        request, route, answer, stream = exchange.request, exchange.route, exchange.answer, exchange.answer.stream
        self.operation = operation
        self.sizes = len(request.body), len(answer.body) if size is None else size
        self._bodies = request.body[:LONGEST_BODY], answer.body[:LONGEST_BODY]
        found = (route.operation, dict(route.path_parameters), route.allow, route.redirect)
        raw_path = None if request.raw_path == request.path else request.raw_path
        self._request = dumps(
            (request.method, request.path, request.query, request.headers, request.origin, raw_path, *found), 0
        )
        ended = (
            None
            if stream is None
            else (
                stream.operation,
                stream.response,
                stream.media,
                stream.count,
                stream.seed,
                stream.identity,
                stream.interval,
                stream.sent,
                stream.end,
            )
        )
        # Nearly all have no scenario, and there are many entries: its name takes bytes only where there is one.
        scenario = (answer.scenario,) if answer.scenario else ()
        self._answer = dumps((answer.status, answer.headers, answer.source.value, answer.delay, ended, *scenario), 0)
        self._findings = dumps([_texts_of(one) for one in exchange.findings], 0) if exchange.findings else b""
        self.holders = 0
        parts = (self._request, self._answer, self._findings, *self._bodies)
        self.cost = _OVERHEAD + sum([len(part) + _BYTES for part in parts if part])

    @property
    def request(self) -> Request:
        """The request; of a long body the beginning."""
        method, path, query, headers, origin, raw_path, *_ = _unpacked(self._request)
        return Request(method, path, query, headers, self._bodies[0], origin, path if raw_path is None else raw_path)

    @property
    def route(self) -> Route:
        """What routing made of the request."""
        return Route(*_unpacked(self._request)[6:])

    @property
    def answer(self) -> Response:
        """The answer; of a long body the beginning, and of a stream how it ended, without what it was made from."""
        status, headers, source, delay, ended, *scenario = _unpacked(self._answer)
        stream = None
        if ended is not None:
            *parts, sent, end = ended
            stream = replace(Stream(*parts), sent=sent, end=end)
        return Response(
            status, headers, self._bodies[1], ResponseSource(source), delay, stream=stream, scenario="".join(scenario)
        )

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What was found in the two."""
        return tuple(Diagnostic(*texts) for texts in _unpacked(self._findings)) if self._findings else ()

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes, for a journal that several processes share."""
        return codec.encoded(self)


def _unpacked(data: bytes) -> Any:
    return loads(data)  # noqa: S302 - what this process has packed itself


def _texts_of(finding: Diagnostic) -> tuple[str, ...]:
    return (
        finding.rule,
        finding.location,
        finding.found,
        finding.expected,
        finding.pointer,
        finding.remedy,
        finding.severity,
    )


class Entry(NamedTuple):
    """A request and its answer. ``started`` in seconds since 1970, ``elapsed`` in seconds."""

    number: int
    started: float
    elapsed: float
    kept: LoggedExchange

    @property
    def request(self) -> Request:
        """The request; of a long body the beginning."""
        return self.kept.request

    @property
    def route(self) -> Route:
        """The result of routing the request."""
        return self.kept.route

    @property
    def operation(self) -> Operation | None:
        """The operation that the request matched; None for no operation."""
        return self.kept.operation

    @property
    def answer(self) -> Response:
        """The answer; of a long body the beginning."""
        return self.kept.answer

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """The findings about request and answer."""
        return self.kept.findings

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""
        return self.kept.sizes

    @property
    def ended(self) -> float:
        """When the answer had been sent, in seconds since 1970."""
        return self.started + self.elapsed

    @property
    def was_matched(self) -> bool:
        """Whether the request matched an operation."""
        return self.kept.operation is not None

    @property
    def is_shortened(self) -> bool:
        """Whether one of the bodies is longer than the part of it that is kept."""
        return self.sizes != (len(self.request.body), len(self.answer.body))


class Journal:
    """The entries of one world, the oldest first."""

    __slots__ = ("_is_gathered", "_kept", "_last", "_members", "_memory_budget", "_name")

    def __init__(self, name: str = "", capacity: int = KEPT, memory_budget: MemoryBudget | None = None) -> None:
        self._name = name
        self._kept = capacity
        self._memory_budget = memory_budget
        self._members: deque[Member] | None = None
        """The members of the entries one after the other: half a million rows would be as many objects that Python's
        garbage collection looks through again and again, and numbers are none."""
        self._is_gathered = False
        self._last = 0
        """The last number that was given."""

    def __len__(self) -> int:
        return len(self._members or ()) // MEMBERS

    def __iter__(self) -> Iterator[Entry]:
        members = iter([*(self._members or ())])
        return (Entry(*row) for row in zip(members, members, members, members, strict=True))

    def oldest_first(self) -> Iterator[Entry]:
        """Yield the entries that are here now, the oldest first, and not one that comes meanwhile.

        Nothing is held in between: an entry that goes before its turn has come is passed over.
        """
        number, last, rows = -1, self._last, self._portion(0, _PORTION, newest=False)
        while rows:
            for entry in rows:
                if not self._is_gathered and entry.number > last:
                    return
                number = entry.number
                yield entry
            begin = self._place_after(number)
            rows = self._portion(begin, begin + _PORTION, newest=False)

    def newest_first(self, before: int | None = None) -> Iterator[Entry]:
        """Yield the entries that are here now, the newest first, those before the one of a number if one is given."""
        end = len(self) if before is None else self._place_of(before)
        size = _FIRST_PORTION
        while rows := self._portion(end - size, end, newest=True):
            yield from reversed(rows)
            end = self._place_of(rows[0].number)
            size = _PORTION

    def _rows(self, begin: int, end: int) -> Iterator[Entry]:
        members = self._members or deque()
        count = len(self)
        end = min(end, count)
        if begin > count // 2:  # a deque is walked through from either end
            some = [*islice(reversed(members), (count - end) * MEMBERS, (count - begin) * MEMBERS)][::-1]
        else:
            some = [*islice(members, begin * MEMBERS, end * MEMBERS)]
        walk = iter(some)
        return (Entry(*row) for row in zip(walk, walk, walk, walk, strict=True))

    def _portion(self, begin: int, end: int, *, newest: bool) -> list[Entry]:
        """Return entries between two places, the oldest first; where they hold much, fewer, from one of the ends."""
        rows = [*self._rows(max(0, begin), end)]
        held, exchanges = 0, set[int]()
        for count, entry in enumerate(reversed(rows) if newest else rows):
            if id(entry.kept) not in exchanges:
                exchanges.add(id(entry.kept))
                held += entry.kept.cost
            if held > _PORTION_MEMORY and count:
                return rows[-count:] if newest else rows[:count]
        return rows

    def _place_of(self, number: int) -> int:
        """Return how many entries are before that of a number, whether it is here or not."""
        if self._is_gathered:  # by time, not by number
            numbers = islice(self._members or (), 0, None, MEMBERS)
            return next((place for place, one in enumerate(numbers) if one == number), 0)
        return bisect_left(range(len(self)), number, key=self._number_at)

    def _place_after(self, number: int) -> int:
        place = self._place_of(number)
        return place + (place < len(self) and self._number_at(place) == number)

    def _number_at(self, place: int) -> int:
        assert self._members is not None
        number: int = self._members[place * MEMBERS]
        return number

    def add(self, journaled: LoggedExchange, started: float, elapsed: float) -> None:
        """Add an exchange that has just ended."""
        self._last += 1
        if self._kept == 0:
            return
        members = self._members
        if members is None:
            members = self._members = deque(maxlen=self._kept * MEMBERS)
        change = SLIM if journaled.holders else SLIM + journaled.cost
        journaled.holders += 1
        if len(members) == members.maxlen:  # a deque that is full lets go of as many members as come
            oldest: LoggedExchange = members[MEMBERS - 1]
            change -= released(oldest)
            if self._memory_budget is not None:
                self._memory_budget.bounds["journal_size"] += 1
        members.extend((self._last, started, elapsed, journaled))
        if change and self._memory_budget is not None:
            self._memory_budget.change(change)

    def logged(self, exchange: Exchange, operation: Operation | None, size: int | None = None) -> LoggedExchange:
        """Return what entries have of an exchange; ``size`` is that of the response's body where it is not at hand."""
        return JournaledExchange(exchange, operation, size)

    @property
    def last(self) -> int:
        """The number of the exchange that was added last, kept or not."""
        return self._last

    @property
    def cursor(self) -> JournalCursor:
        """The cursor of who has seen all entries that are here now."""
        if self._is_gathered:
            return JournalCursor.after((entry.number, entry.ended) for entry in self)
        return JournalCursor.after([(self._last, time())])

    @property
    def next_number(self) -> int | None:
        """The number of the next exchange; None where the entries are those of several journals."""
        return None if self._is_gathered else self._last + 1

    def number_of(self, number: UUID) -> int | None:
        """Return the number of an entry's id, whether it is here or was; None where it is none of this world's."""
        own = number.int & _NUMBER
        return own if self.id_of(own) == number else None

    def take(self, entries: Iterable[Entry]) -> None:
        """Replace the entries by those of other journals of this world; no other journal may share their ``kept``."""
        self.clear()
        self._is_gathered = True
        held = [*entries]
        room = max(self._kept, len(held)) * MEMBERS
        self._members = deque((member for entry in held for member in entry), maxlen=room)
        for entry in held:
            entry.kept.holders += 1

    def id_of(self, number: int) -> UUID:
        """Return the id of the entry with a number."""
        return entry_id(self._name, number)

    def read(self) -> Journal:
        """Return this: all entries are here."""
        return self

    def find(self, number: UUID) -> Entry | None:
        """Return the entry with an id; None where it is gone or was never here."""
        place = self._place_of(number.int & _NUMBER)
        found = next(self._rows(place, place + 1), None)
        return found if found is not None and self.id_of(found.number) == number else None

    def remove(self, is_meant: Callable[[Entry], bool]) -> list[Entry]:
        """Remove entries, and return them, the oldest first."""
        gone = [entry for entry in self if is_meant(entry)]
        self.remove_all({entry.number for entry in gone})
        return gone

    def remove_all(self, numbers: Set[int]) -> None:
        """Let the entries of these numbers go."""
        self._abandon(self._taken_out(numbers))

    def take_out(self, numbers: Set[int]) -> Iterator[Entry]:
        """Let the entries of these numbers go at once, and yield them, the oldest first. They are counted until then.

        Those that are not asked for are released when the iterator is closed.
        """
        return self._drained(self._taken_out(numbers))

    def _drained(self, members: deque[Member]) -> Iterator[Entry]:
        try:
            while members:
                entry = Entry(*islice(members, MEMBERS))
                yield entry
                self._give_back(release(members, 1))
        finally:
            self._abandon(members)

    def _taken_out(self, numbers: Set[int]) -> deque[Member]:
        """Return the members of the entries of these numbers, which are here no more."""
        members = self._members
        if not numbers or members is None:
            return deque()
        meant = [number in numbers for number in islice(members, 0, None, MEMBERS)]
        gone = deque(compress(members, _each_member(meant)))
        self._members = deque(compress(members, map(not_, _each_member(meant))), maxlen=members.maxlen)
        return gone

    def clear(self) -> None:
        """Remove all entries. Their numbers are not used again."""
        members, self._members = self._members, None
        self._abandon(members or deque())

    def _abandon(self, members: deque[Member]) -> None:
        """Release entries: a few at once, and many when the memory budget has time for it."""
        if self._memory_budget is None or len(members) <= AT_ONCE * MEMBERS:
            self._give_back(release(members, len(members)))
        else:
            self._memory_budget.abandon(deque(members))  # without a bound, which would hold more than there is

    def shorten(self, enough: Callable[[], bool]) -> None:
        """Let the older half go, or less where that is enough."""
        for _ in range((len(self) + 1) // 2):
            assert self._members is not None
            self._give_back(release(self._members, 1))
            if enough():
                break

    def _give_back(self, size: int) -> None:
        if self._memory_budget is not None and size:
            self._memory_budget.change(-size)


def _each_member(flags: list[bool]) -> Iterator[bool]:
    """Yield what is said of entries for each of their members."""
    return chain.from_iterable(zip(*[flags] * MEMBERS, strict=True))


def entry_id(world: str, number: int) -> UUID:
    """Return the id of an entry of a world's journal.

    It is a UUID of version 8 (RFC 9562) made of the world's name and the number.
    """
    return UUID(int=_space_of(world) | 8 << 76 | 2 << 62 | number & _NUMBER)


@lru_cache(1024)
def _space_of(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) << 80
