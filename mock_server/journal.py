"""What a world was asked and what it answered: the last requests, in a ring that has a bound.

An entry keeps the request and the answer as they are, and nothing of the connection; it costs a request a
microsecond. Entries of one and the same question share what they keep. What all worlds keep together has a bound
too (:class:`Ledger`).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from marshal import dumps, loads
from typing import Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from mock_server.contract.model import Operation
from mock_server.exchange import Answer, Exchange, Finding, Request, Route, Stream

KEPT = 1000
"""Entries of one world that are kept where the settings say nothing else."""
LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept; of a longer one the beginning."""
_OVERHEAD = 240
"""Bytes of what an entry keeps beside its texts and bodies, as measured."""
_BYTES = 33
"""Bytes of an object of bytes beside those that are in it."""
_SLIM = 115
"""Bytes of an entry beside what it shares with others, as measured."""
_NUMBER = (1 << 62) - 1
_PORTION = 1024
"""Entries that a walk through a journal holds at once."""


class LoggedExchange(Protocol):
    """What entries have of an exchange, by whatever means: the same object for all entries of one question.

    ``holders`` is how many entries have it, ``cost`` the bytes that go with the last of them.
    """

    holders: int

    def __hash__(self) -> int:
        """Return a hash: each is itself and no other."""

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
    def answer(self) -> Answer:
        """The answer; of a long body the beginning."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the two."""

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""


class Kept:
    """What entries keep of an exchange: the same object for all entries of one question.

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
        self._request = dumps((request.method, request.path, request.query, request.headers, request.origin, raw_path,
                               *found), 0)  # fmt: skip
        ended = None if stream is None else (stream.operation, stream.response, stream.media, stream.count, stream.seed,
                                             stream.identity, stream.interval, stream.sent, stream.end)  # fmt: skip
        self._answer = dumps((answer.status, answer.headers, answer.reason, answer.delay, ended), 0)
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
    def answer(self) -> Answer:
        """The answer; of a long body the beginning, and of a stream how it ended, without what it was made from."""
        status, headers, reason, delay, ended = _unpacked(self._answer)
        stream = None
        if ended is not None:
            *source, sent, end = ended
            stream = replace(Stream(*source), sent=sent, end=end)
        return Answer(status, headers, self._bodies[1], reason, delay, stream=stream)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the two."""
        return tuple(Finding(*texts) for texts in _unpacked(self._findings)) if self._findings else ()


def _unpacked(data: bytes) -> Any:
    return loads(data)  # noqa: S302 - what this process has packed itself


def _texts_of(finding: Finding) -> tuple[str, ...]:
    return (finding.rule, finding.location, finding.found, finding.expected, finding.pointer, finding.remedy,
            finding.severity)  # fmt: skip


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
        """What routing made of it."""
        return self.kept.route

    @property
    def operation(self) -> Operation | None:
        """The operation that was meant."""
        return self.kept.operation

    @property
    def answer(self) -> Answer:
        """The answer; of a long body the beginning."""
        return self.kept.answer

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the two."""
        return self.kept.findings

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""
        return self.kept.sizes

    @property
    def was_matched(self) -> bool:
        """Whether the request was one of an operation."""
        return self.kept.operation is not None

    @property
    def is_shortened(self) -> bool:
        """Whether one of the bodies is longer than what is kept of it."""
        return self.sizes != (len(self.request.body), len(self.answer.body))


_Member: TypeAlias = Any
"""A number (int), when (float), how long (float), or a :class:`LoggedExchange`, by turns."""
_MEMBERS = len(Entry._fields)


class Ledger:
    """Bytes that all journals hold together, and what to do when that is too much."""

    __slots__ = ("_relieve", "bounds", "held", "limit")

    def __init__(self, limit: int, relieve: Callable[[], None], bounds: Counter[str] | None = None) -> None:
        self.limit = limit
        self.held = 0
        self.bounds: Counter[str] = Counter() if bounds is None else bounds
        """How often journals came up against each bound, by the name of its setting."""
        self._relieve = relieve

    def change(self, size: int) -> None:
        """Take ``size`` more bytes, or give some back."""
        self.held += size
        if self.held > self.limit:
            self.bounds["journal_memory"] += 1
            self._relieve()


class Journal:
    """The entries of one world, the oldest first."""

    __slots__ = ("_is_gathered", "_kept", "_last", "_ledger", "_members", "_name")

    def __init__(self, name: str = "", kept: int = KEPT, ledger: Ledger | None = None, after: int = 0) -> None:
        self._name = name
        self._kept = kept
        self._ledger = ledger
        self._members: deque[_Member] | None = None
        """The members of the entries one after the other: half a million rows would be as many objects that Python's
        garbage collection looks through again and again, and numbers are none."""
        self._is_gathered = False
        self._last = after
        """The number given last; the first one is the next after ``after``."""

    def __len__(self) -> int:
        return len(self._members or ()) // _MEMBERS

    def __iter__(self) -> Iterator[Entry]:
        members = iter([*(self._members or ())])
        return (Entry(*row) for row in zip(members, members, members, members, strict=True))

    def oldest_first(self) -> Iterator[Entry]:
        """Yield the entries that are here now, the oldest first, and not one that comes meanwhile.

        Nothing is held in between: an entry that goes before its turn has come is passed over.
        """
        number, last, rows = -1, self._last, [*self._rows(0, _PORTION)]
        while rows:
            for entry in rows:
                if not self._is_gathered and entry.number > last:
                    return
                number = entry.number
                yield entry
            begin = self._place_after(number)
            rows = [*self._rows(begin, begin + _PORTION)]

    def newest_first(self, before: int | None = None) -> Iterator[Entry]:
        """Yield the entries that are here now, the newest first, those before the one of a number if one is given."""
        end = len(self) if before is None else self._place_of(before)
        while rows := [*self._rows(max(0, end - _PORTION), end)]:
            yield from reversed(rows)
            end = self._place_of(rows[0].number)

    def _rows(self, begin: int, end: int) -> Iterator[Entry]:
        members = self._members or deque()
        count = len(self)
        end = min(end, count)
        if begin > count // 2:  # a deque is walked through from either end
            some = [*islice(reversed(members), (count - end) * _MEMBERS, (count - begin) * _MEMBERS)][::-1]
        else:
            some = [*islice(members, begin * _MEMBERS, end * _MEMBERS)]
        walk = iter(some)
        return (Entry(*row) for row in zip(walk, walk, walk, walk, strict=True))

    def _place_of(self, number: int) -> int:
        """Return how many entries are before that of a number, whether it is here or not."""
        if self._is_gathered:  # by time, not by number
            numbers = islice(self._members or (), 0, None, _MEMBERS)
            return next((place for place, one in enumerate(numbers) if one == number), 0)
        return bisect_left(range(len(self)), number, key=self._number_at)

    def _place_after(self, number: int) -> int:
        place = self._place_of(number)
        return place + (place < len(self) and self._number_at(place) == number)

    def _number_at(self, place: int) -> int:
        assert self._members is not None
        number: int = self._members[place * _MEMBERS]
        return number

    def add(self, kept: LoggedExchange, started: float, elapsed: float) -> None:
        """Keep an exchange that ended now."""
        self._last += 1
        if self._kept == 0:
            return
        members = self._members
        if members is None:
            members = self._members = deque(maxlen=self._kept * _MEMBERS)
        change = _SLIM if kept.holders else _SLIM + kept.cost
        kept.holders += 1
        if len(members) == members.maxlen:  # a deque that is full lets go of as many members as come
            oldest: LoggedExchange = members[_MEMBERS - 1]
            change -= _released(oldest)
            if self._ledger is not None:
                self._ledger.bounds["journal_size"] += 1
        members.extend((self._last, started, elapsed, kept))
        if change and self._ledger is not None:
            self._ledger.change(change)

    @property
    def last(self) -> int:
        """The number of the exchange that was added last, kept or not."""
        return self._last

    @property
    def next_number(self) -> int | None:
        """The number of the next exchange; None where the entries are those of several journals."""
        return None if self._is_gathered else self._last + 1

    def number_of(self, number: UUID) -> int | None:
        """Return the number of an entry's id, whether it is here or was; None where it is none of this world's."""
        own = number.int & _NUMBER
        return own if self.id_of(own) == number else None

    def take(self, entries: Iterable[Entry]) -> None:
        """Hold entries of other journals of this world in place of its own; nobody else may have their ``kept``."""
        self.clear()
        self._is_gathered = True
        held = [*entries]
        room = max(self._kept, len(held)) * _MEMBERS
        self._members = deque((member for entry in held for member in entry), maxlen=room)
        for entry in held:
            entry.kept.holders += 1

    def id_of(self, number: int) -> UUID:
        """The id of the entry of a number: a UUID of version 8 (RFC 9562) made of the world's name and that."""
        return UUID(int=_space_of(self._name) | 8 << 76 | 2 << 62 | number & _NUMBER)

    def find(self, number: UUID) -> Entry | None:
        """The entry of an id; None where it is gone or was never here."""
        place = self._place_of(number.int & _NUMBER)
        found = next(self._rows(place, place + 1), None)
        return found if found is not None and self.id_of(found.number) == number else None

    def remove(self, is_meant: Callable[[Entry], bool]) -> list[Entry]:
        """Let entries go; they are returned, the oldest first."""
        gone = [entry for entry in self if is_meant(entry)]
        self.remove_all({entry.number for entry in gone})
        return gone

    def remove_all(self, numbers: Set[int]) -> None:
        """Let the entries of these numbers go."""
        if not numbers or self._members is None:
            return
        members = iter([*self._members])
        left: deque[_Member] = deque(maxlen=self._members.maxlen)
        size = 0
        for number, started, elapsed, kept in zip(members, members, members, members, strict=True):
            if number in numbers:
                size += _released(kept)
            else:
                left.extend((number, started, elapsed, kept))
        self._members = left
        self._give_back(size)

    def clear(self) -> None:
        """Let all entries go. Their numbers are not given again."""
        self._give_back(sum([_released(kept) for kept in islice(self._members or (), _MEMBERS - 1, None, _MEMBERS)]))
        self._members = None

    def shorten(self, enough: Callable[[], bool]) -> None:
        """Let the older half go, or less where that is enough."""
        for _ in range((len(self) + 1) // 2):
            assert self._members is not None
            *_, kept = (self._members.popleft() for _ in range(_MEMBERS))
            self._give_back(_released(kept))
            if enough():
                break

    def _give_back(self, size: int) -> None:
        if self._ledger is not None and size:
            self._ledger.change(-size)


@lru_cache(1024)
def _space_of(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) << 80


def _released(kept: LoggedExchange) -> int:
    """The bytes that go with an entry: what others have too stays."""
    kept.holders -= 1
    return _SLIM if kept.holders else _SLIM + kept.cost
