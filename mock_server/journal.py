"""The journal of a world: its last requests and answers, in a ring buffer with a bound.

An entry has the request and the answer as they are, and nothing of the connection; it costs a request a microsecond.
Entries of equal requests share their contents. All journals together have a bound too (:class:`Ledger`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from mock_server.contract.model import Operation
from mock_server.exchange import Answer, Exchange, Finding, Request, Route

KEPT = 1000
"""Entries of one world that are kept where the settings give no other number."""
LONGEST_BODY = 64 * 1024
"""Most bytes of a body that are kept; of a longer one the beginning."""
_OVERHEAD = 1400
"""Bytes of an entry's contents in addition to its texts, about."""
_SLIM = 150
"""Bytes of an entry in addition to the contents that it shares with others."""
_NUMBER = (1 << 62) - 1


class Kept:
    """The contents of entries: the same object for all entries of equal requests.

    ``sizes`` are those of the two bodies as they were sent, in bytes; the bodies kept may be shorter, and so may the
    part of an answer that reached this process (``size`` is then its full length). ``cost`` is the memory that this
    takes in bytes, about; ``holders`` is the number of entries that share it.
    """

    __slots__ = ("answer", "cost", "findings", "holders", "operation", "request", "route", "sizes")

    def __init__(self, exchange: Exchange, operation: Operation | None, size: int | None = None) -> None:
        request, answer = exchange.request, exchange.answer
        self.sizes = len(request.body), len(answer.body) if size is None else size
        if self.sizes[0] > LONGEST_BODY:
            request = replace(request, body=request.body[:LONGEST_BODY])
        if self.sizes[1] > LONGEST_BODY:
            answer = replace(answer, body=answer.body[:LONGEST_BODY])
        self.request, self.answer = request, answer
        self.route, self.operation, self.findings = exchange.route, operation, exchange.findings
        self.holders = 0
        self.cost = _OVERHEAD + len(request.path) + len(request.query) + len(request.body) + len(answer.body)
        for name, value in request.headers:
            self.cost += len(name) + len(value)


class Entry(NamedTuple):
    """A request and its answer. ``started`` in seconds since 1970, ``elapsed`` in seconds."""

    number: int
    started: float
    elapsed: float
    kept: Kept

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
    def answer(self) -> Answer:
        """The answer; of a long body the beginning."""
        return self.kept.answer

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about request and answer."""
        return self.kept.findings

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""
        return self.kept.sizes

    @property
    def was_matched(self) -> bool:
        """Whether the request matched an operation."""
        return self.kept.operation is not None

    @property
    def is_shortened(self) -> bool:
        """Whether one of the bodies is longer than the part of it that is kept."""
        return self.sizes != (len(self.request.body), len(self.answer.body))


_Member: TypeAlias = Any
"""A number (int), a start (float), a duration (float), or a :class:`Kept`, by turns."""
_MEMBERS = len(Entry._fields)


class Ledger:
    """Bytes that all journals take together, with a function that frees memory when they are too many."""

    __slots__ = ("_relieve", "held", "limit")

    def __init__(self, limit: int, relieve: Callable[[], None]) -> None:
        self.limit = limit
        self.held = 0
        self._relieve = relieve

    def change(self, size: int) -> None:
        """Add ``size`` bytes, or subtract them where it is negative; free memory above the limit."""
        self.held += size
        if self.held > self.limit:
            self._relieve()


class Journal:
    """The entries of one world, the oldest first."""

    __slots__ = ("_kept", "_last", "_ledger", "_members", "_name")

    def __init__(self, name: str = "", kept: int = KEPT, ledger: Ledger | None = None, after: int = 0) -> None:
        self._name = name
        self._kept = kept
        self._ledger = ledger
        self._members: deque[_Member] | None = None
        """The members of the entries one after the other, as a flat sequence.

        Half a million tuples would be as many objects that Python's garbage collection visits again and again; it does
        not visit numbers.
        """
        self._last = after
        """The last number that was given; the first one is the next after ``after``."""

    def __len__(self) -> int:
        return len(self._members or ()) // _MEMBERS

    def __iter__(self) -> Iterator[Entry]:
        members = iter([*(self._members or ())])
        return (Entry(*row) for row in zip(members, members, members, members, strict=True))

    def add(self, kept: Kept, started: float, elapsed: float) -> None:
        """Add an exchange that has just ended."""
        self._last += 1
        if self._kept == 0:
            return
        members = self._members
        if members is None:
            members = self._members = deque(maxlen=self._kept * _MEMBERS)
        change = _SLIM if kept.holders else _SLIM + kept.cost
        kept.holders += 1
        if len(members) == members.maxlen:  # a full deque drops as many members as are added
            oldest: Kept = members[_MEMBERS - 1]
            change -= _released(oldest)
        members.extend((self._last, started, elapsed, kept))
        if change and self._ledger is not None:
            self._ledger.change(change)

    @property
    def last(self) -> int:
        """The number of the exchange that was added last, kept or not."""
        return self._last

    def take(self, entries: Iterable[Entry]) -> None:
        """Replace the entries by those of other journals of this world; no other journal may share their ``kept``."""
        self.clear()
        held = [*entries]
        room = max(self._kept, len(held)) * _MEMBERS
        self._members = deque((member for entry in held for member in entry), maxlen=room)
        for entry in held:
            entry.kept.holders += 1

    def id_of(self, number: int) -> UUID:
        """Return the id of the entry with a number.

        It is a UUID of version 8 (RFC 9562) made of the world's name and the number.
        """
        return UUID(int=self._space() | 8 << 76 | 2 << 62 | number & _NUMBER)

    def find(self, number: UUID) -> Entry | None:
        """Return the entry with an id; None where it is gone or was never here."""
        found = next((entry for entry in self if entry.number == number.int & _NUMBER), None)
        return found if found is not None and self.id_of(found.number) == number else None

    def remove(self, is_meant: Callable[[Entry], bool]) -> list[Entry]:
        """Remove entries, and return them, the oldest first."""
        gone = [entry for entry in self if is_meant(entry)]
        if gone:
            lost = {entry.number for entry in gone}
            left = (member for entry in self if entry.number not in lost for member in entry)
            self._members = deque(left, maxlen=self._kept * _MEMBERS)
            self._give_back(sum(_released(entry.kept) for entry in gone))
        return gone

    def clear(self) -> None:
        """Remove all entries. Their numbers are not used again."""
        self._give_back(sum(_released(entry.kept) for entry in self))
        self._members = None

    def shorten(self) -> None:
        """Remove the older half of the entries."""
        for _ in range((len(self) + 1) // 2):
            assert self._members is not None
            *_, kept = (self._members.popleft() for _ in range(_MEMBERS))
            self._give_back(_released(kept))

    def _give_back(self, size: int) -> None:
        if self._ledger is not None and size:
            self._ledger.change(-size)

    def _space(self) -> int:
        digest = hashlib.blake2b(self._name.encode(), digest_size=6).digest()
        return int.from_bytes(digest) << 80


def _released(kept: Kept) -> int:
    """Return the bytes that an entry frees: what others share stays."""
    kept.holders -= 1
    return _SLIM if kept.holders else _SLIM + kept.cost
