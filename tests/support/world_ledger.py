"""What a world was sent and what it told, and whether that can be the truth of all its clients.

Each world has the same requests before it: reads with one token, whose answers a scenario numbers until the limit of
the contract is reached, and orders with idempotency keys, which another scenario numbers. So every answer names the
turn that it is, and what a world has to hold can be counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.case_files import case_path

LIMIT = 20
"""Requests of a token in a window."""
NUMBERED = 12
"""Answers that are given once each; then there are :data:`REPEATED` that are the same."""
REPEATED = 5
READS = LIMIT + 4
KEYS = 3
ORDERS = 3
"""Orders with each key."""
NOW, RESET = "2026-01-01T00:00:15Z", "45"
"""When the clocks of all worlds stand, and how long their windows last from then on."""
SCENARIOS: Mapping[str, Mapping[str, Any]] = {
    "reads": {
        "match": {"operation": "list"},
        "answers": [
            *({"body": [str(number)], "times": 1} for number in range(1, NUMBERED + 1)),
            {"body": ["many"], "times": REPEATED},
            {"pass": True},
        ],
    },
    "orders": {
        "match": {"operation": "order"},
        "answers": [
            *({"body": {"number": number}, "times": 1} for number in range(1, NUMBERED + 1)),
            {"pass": True},
        ],
    },
}


_BODIES = [json.dumps([str(number)]).encode() for number in range(1, NUMBERED + 1)] + [b'["many"]']


def written_contract(directory: Path) -> str:
    """Write the contract, that of limits with a limit of its own; return its path."""
    contract = yaml.safe_load(case_path("limits").read_text(encoding="utf-8"))
    contract["x-mock-rate-limit"] = {"limit": LIMIT, "window": 60}
    path = directory / "sprayed.json"
    path.write_text(json.dumps(contract), encoding="utf-8")
    return str(path)


@dataclass(frozen=True)
class Reply:
    """An answer, and when its request was sent and it came; the status 0 means that the connection broke."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: float
    came_at: float

    def json(self) -> Any:
        return json.loads(self.body)


NOT_ACKNOWLEDGED = frozenset({0, 502, 503, 504})


@dataclass(frozen=True)
class Request:
    """A request of a world's, with the mark by which the journal knows it; ``key`` is empty for readers."""

    mark: str
    key: str
    reply: Reply

    @property
    def is_acknowledged(self) -> bool:
        """Whether it has its answer: a connection that broke gave none, nor did who asks to come again."""
        return self.reply.status not in NOT_ACKNOWLEDGED and not self._is_pending

    @property
    def _is_pending(self) -> bool:
        return self.reply.status == 409 and "retry-after" in self.reply.headers

    @property
    def remaining(self) -> int:
        return int(self.reply.headers["ratelimit-remaining"])


@dataclass
class WorldLedger:
    """What was sent to a world, in the order in which it was answered."""

    name: str
    requests: list[Request] = field(default_factory=list)

    def of(self, *statuses: int, orders: bool) -> list[Request]:
        """Return the orders or the reads that had one of these statuses."""
        return [one for one in self.requests if bool(one.key) == orders and one.reply.status in statuses]

    def lost(self, *, orders: bool) -> int:
        """Return how many have no answer, of which nobody knows whether they were heard."""
        return sum(not one.is_acknowledged for one in self.requests if bool(one.key) == orders)


@dataclass(frozen=True)
class WorldState:
    """What a world tells of itself when all is over.

    ``scenarios`` are how far each has come by name, ``entries`` those of the journal, ``covered`` requests by the
    coverage, ``probe`` is the answer to one more read.
    """

    scenarios: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    covered: int
    probe: Reply


def contradictions(ledger: WorldLedger, state: WorldState) -> list[str]:
    """Return in words what cannot be, by what a world's clients were told and what it tells itself."""
    checks = (
        _unexpected(ledger),
        _reads(ledger, state.scenarios["reads"]),
        _orders(ledger, state.scenarios["orders"]),
        _windows(ledger, state.probe),
        _journal(ledger, state.entries),
        _coverage(ledger, state.covered),
    )
    return [f"{ledger.name}: {text}" for check in checks for text in check]


def _unexpected(ledger: WorldLedger) -> Iterator[str]:
    for request in ledger.requests:
        status = request.reply.status
        if request.is_acknowledged and status not in (201 if request.key else 200, 429):
            yield f"{request.mark} had {status}, {request.reply.body!r}"
        elif request.is_acknowledged and request.reply.headers.get("ratelimit-reset") != RESET:
            yield f"{request.mark} saw another clock: {request.reply.headers.get('ratelimit-reset')}"


def _reads(ledger: WorldLedger, scenario: Mapping[str, Any]) -> Iterator[str]:
    """Turns of reads: none is given twice, none is lost, and they are in the order in which they were asked."""
    served, lost = ledger.of(200, orders=False), ledger.lost(orders=False)
    bodies = Counter(request.reply.body for request in served)
    given = dict(zip([*_BODIES, b"[]"], scenario["given"], strict=True))
    for body, turns in given.items():
        most = {b"[]": LIMIT, _BODIES[-1]: REPEATED}.get(body, 1)
        if not bodies[body] <= turns <= min(most, bodies[body] + lost):
            yield f"{body!r} was acknowledged {bodies[body]} times and given {turns} times, with {lost} lost"
    if unknown := {*bodies} - {*given}:
        yield f"answers of no turn: {unknown}"
    if not len(served) <= scenario["met"] <= len(served) + lost:
        yield f"{scenario['met']} reads were met, {len(served)} acknowledged, {lost} lost"
    turns = [(request, _BODIES.index(request.reply.body)) for request in served if request.reply.body in _BODIES]
    yield from _backwards(turns)


def _orders(ledger: WorldLedger, scenario: Mapping[str, Any]) -> Iterator[str]:
    """Orders: all of one key have one answer, which was made once, and no other key has it."""
    orders, lost = ledger.of(201, orders=True), ledger.lost(orders=True)
    answers: dict[str, set[bytes]] = {}
    for request in orders:
        answers.setdefault(request.key, set()).add(request.reply.body)
    for key, bodies in answers.items():
        if len(bodies) > 1:
            yield f"{key} had several answers: {bodies}"
        made = [one for one in orders if one.key == key and "idempotency-replayed" not in one.reply.headers]
        if not 1 - min(lost, 1) <= len(made) <= 1:
            yield f"{key} was made {len(made)} times, with {lost} lost"
    numbers = [bytes(body) for bodies in answers.values() for body in bodies]
    if len({*numbers}) < len(numbers):
        yield f"several keys have one answer: {numbers}"
    if not len(answers) <= scenario["met"] <= len(answers) + lost:
        yield f"{scenario['met']} orders took a turn, of {len(answers)} keys with {lost} lost"


def _windows(ledger: WorldLedger, probe: Reply) -> Iterator[str]:
    """Limits: no place in a window is given twice, and none is free again."""
    for orders in (False, True):
        served, lost = ledger.of(200, 201, orders=orders), ledger.lost(orders=orders)
        places = [LIMIT - request.remaining for request in served]
        if len({*places}) < len(places):
            yield f"places given twice: {sorted(places)}"
        if places and not max(places) <= len(places) + lost:
            yield f"place {max(places)} was given of {len(places)} acknowledged and {lost} lost"
        yield from _backwards([*zip(served, places, strict=True)])
        refused = [request.reply.came_at for request in ledger.of(429, orders=orders)]
        if refused and len(served) + lost < LIMIT:
            yield "the limit was reached too early"
        for request in served:
            if refused and request.reply.sent_at > min(refused):
                yield f"{request.mark} was served after the limit had been reached"
    if ledger.of(429, orders=False) and probe.status != 429:
        yield f"one more read had {probe.status} after the limit had been reached"


def _backwards(numbers: Sequence[tuple[Request, int]]) -> Iterator[str]:
    """Tell of requests that were sent when another had its answer, and have a smaller number than that."""
    highest, before = -1, sorted(numbers, key=lambda pair: pair[0].reply.came_at)
    place = 0
    for request, number in sorted(numbers, key=lambda pair: pair[0].reply.sent_at):
        while place < len(before) and before[place][0].reply.came_at < request.reply.sent_at:
            highest = max(highest, before[place][1])
            place += 1
        if number < highest:
            yield f"{request.mark} has number {number} after {highest}"


def _journal(ledger: WorldLedger, entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The journal: all that was acknowledged, once, and nothing of another world."""
    marks = Counter(entry["headers"]["X-Mark"] for entry in entries)
    sent = {request.mark for request in ledger.requests}
    acknowledged = {request.mark for request in ledger.requests if request.is_acknowledged}
    if lost := acknowledged - {*marks}:
        yield f"the journal lost {sorted(lost)}"
    if strange := {*marks} - sent:
        yield f"the journal has requests of others: {sorted(strange)}"
    if twice := [mark for mark, number in marks.items() if number > 1]:
        yield f"the journal has entries twice: {twice}"


def _coverage(ledger: WorldLedger, covered: int) -> Iterator[str]:
    """The coverage: all requests, where each was answered."""
    lost = ledger.lost(orders=False) + ledger.lost(orders=True)
    if covered > len(ledger.requests) or (not lost and covered < len(ledger.requests)):
        yield f"{covered} requests were covered of {len(ledger.requests)}, {lost} lost"
