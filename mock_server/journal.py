"""What a world was asked and what it answered: the last requests, in a ring that has a bound.

An entry keeps the request and the answer as they are, and nothing of the connection; it costs a request a
microsecond. Entries of one and the same question share what they keep. What all worlds keep together has a bound
too (:class:`Ledger`).
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
"""Entries of one world that are kept where the settings say nothing else."""
LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept; of a longer one the beginning."""
_OVERHEAD = 1400
"""Bytes of what an entry keeps beside its texts, about."""
_SLIM = 150
"""Bytes of an entry beside what it shares with others."""
_NUMBER = (1 << 62) - 1


class Kept:
    """What entries keep of an exchange: the same object for all entries of one question.

    ``sizes`` are those of the two bodies as they were sent, in bytes; what is kept of them may be shorter, and so may
    what came of an answer (``size`` is then how long it was). ``cost``
    is what this holds of the memory, about; ``holders`` is how many entries have it.
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
"""A number (int), when (float), how long (float), or a :class:`Kept`, by turns."""
_MEMBERS = len(Entry._fields)


class Ledger:
    """Bytes that all journals hold together, and what to do when that is too much."""

    __slots__ = ("_relieve", "held", "limit")

    def __init__(self, limit: int, relieve: Callable[[], None]) -> None:
        self.limit = limit
        self.held = 0
        self._relieve = relieve

    def change(self, size: int) -> None:
        """Take ``size`` more bytes, or give some back."""
        self.held += size
        if self.held > self.limit:
            self._relieve()


class Journal:
    """The entries of one world, the oldest first."""

    __slots__ = ("_kept", "_last", "_ledger", "_members", "_name")

    def __init__(self, name: str = "", capacity: int = KEPT, ledger: Ledger | None = None, after: int = 0) -> None:
        self._name = name
        self._kept = capacity
        self._ledger = ledger
        self._members: deque[_Member] | None = None
        """The members of the entries one after the other: half a million rows would be as many objects that Python's
        garbage collection looks through again and again, and numbers are none."""
        self._last = after
        """The number given last; the first one is the next after ``after``."""

    def __len__(self) -> int:
        return len(self._members or ()) // _MEMBERS

    def __iter__(self) -> Iterator[Entry]:
        members = iter([*(self._members or ())])
        return (Entry(*row) for row in zip(members, members, members, members, strict=True))

    def add(self, journaled: Kept, started: float, elapsed: float) -> None:
        """Keep an exchange that ended now."""
        self._last += 1
        if self._kept == 0:
            return
        members = self._members
        if members is None:
            members = self._members = deque(maxlen=self._kept * _MEMBERS)
        change = _SLIM if journaled.holders else _SLIM + journaled.cost
        journaled.holders += 1
        if len(members) == members.maxlen:  # a deque that is full lets go of as many members as come
            oldest: Kept = members[_MEMBERS - 1]
            change -= _released(oldest)
        members.extend((self._last, started, elapsed, journaled))
        if change and self._ledger is not None:
            self._ledger.change(change)

    @property
    def last(self) -> int:
        """The number of the exchange that was added last, kept or not."""
        return self._last

    def take(self, entries: Iterable[Entry]) -> None:
        """Hold entries of other journals of this world in place of its own; nobody else may have their ``kept``."""
        self.clear()
        held = [*entries]
        room = max(self._kept, len(held)) * _MEMBERS
        self._members = deque((member for entry in held for member in entry), maxlen=room)
        for entry in held:
            entry.kept.holders += 1

    def id_of(self, number: int) -> UUID:
        """The id of the entry of a number: a UUID of version 8 (RFC 9562) made of the world's name and that."""
        return UUID(int=self._space() | 8 << 76 | 2 << 62 | number & _NUMBER)

    def find(self, number: UUID) -> Entry | None:
        """The entry of an id; None where it is gone or was never here."""
        entry = next((entry for entry in self if entry.number == number.int & _NUMBER), None)
        return entry if entry is not None and self.id_of(entry.number) == number else None

    def remove(self, is_meant: Callable[[Entry], bool]) -> list[Entry]:
        """Let entries go; they are returned, the oldest first."""
        removed = [entry for entry in self if is_meant(entry)]
        if removed:
            lost = {entry.number for entry in removed}
            rest = (member for entry in self if entry.number not in lost for member in entry)
            self._members = deque(rest, maxlen=self._kept * _MEMBERS)
            self._give_back(sum(_released(entry.kept) for entry in removed))
        return removed

    def clear(self) -> None:
        """Let all entries go. Their numbers are not given again."""
        self._give_back(sum(_released(entry.kept) for entry in self))
        self._members = None

    def shorten(self) -> None:
        """Let the older half go."""
        for _ in range((len(self) + 1) // 2):
            assert self._members is not None
            *_, journaled = (self._members.popleft() for _ in range(_MEMBERS))
            self._give_back(_released(journaled))

    def _give_back(self, size: int) -> None:
        if self._ledger is not None and size:
            self._ledger.change(-size)

    def _space(self) -> int:
        digest = hashlib.blake2b(self._name.encode(), digest_size=6).digest()
        return int.from_bytes(digest) << 80


def _released(journaled: Kept) -> int:
    """The bytes that go with an entry: what others have too stays."""
    journaled.holders -= 1
    return _SLIM if journaled.holders else _SLIM + journaled.cost
