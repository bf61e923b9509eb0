"""What a world was asked and what it answered: the last requests, in a ring that has a bound.

An entry keeps the request and the answer as they are, and nothing of the connection; it costs a request a few
microseconds. What all worlds keep together has a bound too (:class:`Ledger`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import time
from typing import NamedTuple
from uuid import UUID

from mock_server.contract.model import Operation
from mock_server.exchange import Answer, Exchange, Finding, Request, Route

KEPT = 1000
"""Entries of one world that are kept where the settings say nothing else."""
LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept; of a longer one the beginning."""
_OVERHEAD = 1600
"""Bytes of an entry beside its texts, about."""
_NUMBER = (1 << 62) - 1


class Entry(NamedTuple):
    """A request and its answer. ``started`` in seconds since 1970, ``elapsed`` in seconds, ``sizes`` in bytes.

    ``sizes`` are those of the two bodies as they were sent; what is kept of them may be shorter. ``cost`` is what the
    entry holds of the memory, about.
    """

    number: int
    started: float
    elapsed: float
    request: Request
    route: Route
    operation: Operation | None
    answer: Answer
    findings: tuple[Finding, ...]
    sizes: tuple[int, int]
    cost: int

    @property
    def was_matched(self) -> bool:
        """Whether the request was one of an operation."""
        return self.operation is not None

    @property
    def is_shortened(self) -> bool:
        """Whether one of the bodies is longer than what is kept of it."""
        return self.sizes != (len(self.request.body), len(self.answer.body))


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

    __slots__ = ("_entries", "_kept", "_last", "_ledger", "_name")

    def __init__(self, name: str = "", kept: int = KEPT, ledger: Ledger | None = None) -> None:
        self._name = name
        self._kept = kept
        self._ledger = ledger
        self._entries: deque[Entry] | None = None
        self._last = 0

    def __len__(self) -> int:
        return len(self._entries or ())

    def __iter__(self) -> Iterator[Entry]:
        return iter([*(self._entries or ())])

    def add(self, exchange: Exchange, operation: Operation | None, elapsed: float) -> None:
        """Keep an exchange that ended now."""
        if self._kept == 0:
            return
        if self._entries is None:
            self._entries = deque()
        request, answer = exchange.request, exchange.answer
        sizes = len(request.body), len(answer.body)
        if sizes[0] > LONGEST_BODY:
            request = replace(request, body=request.body[:LONGEST_BODY])
        if sizes[1] > LONGEST_BODY:
            answer = replace(answer, body=answer.body[:LONGEST_BODY])
        self._last += 1
        cost = _OVERHEAD + len(request.path) + len(request.query) + len(request.body) + len(answer.body)
        for name, value in request.headers:
            cost += len(name) + len(value)
        entry = Entry(
            self._last, time() - elapsed, elapsed, request, exchange.route, operation, answer, exchange.findings,
            sizes, cost,
        )  # fmt: skip
        self._entries.append(entry)
        if len(self._entries) > self._kept:
            cost -= self._entries.popleft().cost
        if self._ledger is not None:
            self._ledger.change(cost)

    def id_of(self, entry: Entry) -> UUID:
        """The id of an entry (a UUID of version 8, RFC 9562): the world's name and the entry's number, digested."""
        return UUID(int=self._space() | 8 << 76 | 2 << 62 | entry.number & _NUMBER)

    def find(self, number: UUID) -> Entry | None:
        """The entry of an id; None where it is gone or was never here."""
        found = next((entry for entry in self if entry.number == number.int & _NUMBER), None)
        return found if found is not None and self.id_of(found) == number else None

    def remove(self, is_meant: Callable[[Entry], bool]) -> list[Entry]:
        """Let entries go; they are returned, the oldest first."""
        gone = [entry for entry in self if is_meant(entry)]
        if gone:
            lost = {entry.number for entry in gone}
            self._entries = deque(entry for entry in self if entry.number not in lost)
            self._give_back(sum(entry.cost for entry in gone))
        return gone

    def clear(self) -> None:
        """Let all entries go. Their numbers are not given again."""
        self._give_back(sum(entry.cost for entry in self))
        self._entries = None

    def shorten(self) -> None:
        """Let the older half go."""
        for _ in range((len(self) + 1) // 2):
            assert self._entries is not None
            self._give_back(self._entries.popleft().cost)

    def _give_back(self, size: int) -> None:
        if self._ledger is not None and size:
            self._ledger.change(-size)

    def _space(self) -> int:
        digest = hashlib.blake2b(self._name.encode(), digest_size=6).digest()
        return int.from_bytes(digest) << 80
