"""Clients that send each request to whichever replica a draw names, and keep a ledger of each world."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from itertools import count
from random import Random
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from tests.support.world_ledger import (
    KEYS,
    NOT_ACKNOWLEDGED,
    NOW,
    ORDERS,
    READS,
    SCENARIOS,
    Reply,
    Request,
    WorldLedger,
    WorldState,
    contradictions,
)

CLIENTS = 8
PATIENCE = 90.0
"""Seconds in which a request is tried again until it has an answer."""


class Connections:
    """The connections of one client, one to each server, made anew where they break."""

    def __init__(self) -> None:
        self._open: dict[str, HTTPConnection] = {}

    def ask(self, url: str, method: str, path: str, body: object = None, headers: Mapping[str, str] = {}) -> Reply:
        connection = self._open.pop(url, None)
        if connection is None:
            address = urlsplit(url)
            connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        sent_at = monotonic()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            connection.close()
            return Reply(0, {}, b"", sent_at, monotonic())
        self._open[url] = connection
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, content, sent_at, monotonic())

    def close(self) -> None:
        for connection in self._open.values():
            with suppress(OSError):
                connection.close()
        self._open.clear()


class SprayedLoad:
    """Eight clients of some servers, each request to one that a draw names.

    With ``reconnects`` a quarter of all requests is on a new connection, which leads to any worker of a server.
    """

    def __init__(self, urls: Sequence[str], *, reconnects: bool = False, seed: int = 1) -> None:
        self._urls = [*urls]
        self._reconnects = reconnects
        self._random = Random(seed)
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._own = threading.local()
        self._all: list[Connections] = []
        self._marks = count()
        self._pause = threading.Event()
        self.worlds: list[WorldLedger] = []
        self.acknowledged = 0
        self.statuses: Counter[int] = Counter()
        self.misses: list[str] = []
        """Requests that another replica did not know of when they had been answered."""
        self.unfit: list[str] = []
        """Refusals for the time being that do not say so as they should."""

    @property
    def _connections(self) -> Connections:
        if not hasattr(self._own, "connections"):
            self._own.connections = Connections()
            self._all.append(self._own.connections)
        connections: Connections = self._own.connections
        return connections

    def ask(self, random: Random, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Ask any of the servers."""
        url = random.choice(self._urls)
        if self._reconnects and random.random() < 0.25:
            self._connections.close()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self._connections.ask(url, method, path, body, names)
        self.statuses[reply.status] += 1
        is_ours = reply.headers.get("content-type") == "application/problem+json"
        if reply.status == 503 and is_ours and not reply.headers.get("retry-after", "").isdigit():
            self.unfit.append(f"{method} {path}: {reply.body!r}")
        return reply

    def ask_until_answered(self, random: Random, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Ask one after the other until one of them answers."""
        end = monotonic() + PATIENCE
        while (reply := self.ask(random, method, path, body, **headers)).status in NOT_ACKNOWLEDGED:
            assert monotonic() < end, (reply.status, reply.body)
            self._pause.wait(0.02)
        return reply

    def run(self, names: Sequence[str]) -> list[WorldLedger]:
        """Stage some worlds and send them all their requests, mixed; their ledgers."""
        ledgers = [WorldLedger(name) for name in names]
        self._each(self._stage, [(ledger, Random(self._random.random())) for ledger in ledgers])
        steps = [
            (ledger, key, Random(self._random.random()))
            for ledger in ledgers
            for key in [""] * READS + [f"key-{number}" for number in range(KEYS)] * ORDERS
        ]
        self._random.shuffle(steps)
        self._each(self._step, steps)
        self.worlds += ledgers
        return ledgers

    def batches(self, worlds: int, goes_on: Callable[[], bool] = bool) -> Iterator[list[str]]:
        """Yield the names of so many worlds or more, a few at a time: some are alone with all clients."""
        first = 0
        while first < worlds or goes_on():
            size = self._random.choice((1, 2, 4, 8, 16))
            yield [f"w{number}" for number in range(first, first + size)]
            first += size

    def contradictions(self, ledgers: Sequence[WorldLedger]) -> list[str]:
        """Return what cannot be of some worlds, each of which another server is asked about."""
        found = self._pool.map(self._contradictions, ledgers, [Random(self._random.random()) for _ in ledgers])
        return [text for texts in found for text in texts]

    def _contradictions(self, ledger: WorldLedger, random: Random) -> list[str]:
        admin = f"/~{ledger.name}/__admin"
        journal = self.ask_until_answered(random, "POST", f"{admin}/requests/find", {}).json()["requests"]
        listed = self.ask_until_answered(random, "GET", f"{admin}/scenarios").json()["scenarios"]
        coverage = self.ask_until_answered(random, "GET", f"{admin}/coverage").json()["operations"]
        probe = self.ask_until_answered(random, "GET", f"/~{ledger.name}/orders", Authorization="Bearer reader")
        covered = sum(operation["count"] for operation in coverage)
        return contradictions(ledger, WorldState({each["name"]: each for each in listed}, journal, covered, probe))

    def _each(self, step: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> None:
        for future in [self._pool.submit(step, *each) for each in arguments]:
            future.result(PATIENCE * 2)

    def _stage(self, ledger: WorldLedger, random: Random) -> None:
        admin = f"/~{ledger.name}/__admin"
        assert self.ask_until_answered(random, "POST", f"{admin}/clock", {"now": NOW}).status == 200
        for name, scenario in SCENARIOS.items():
            reply = self.ask_until_answered(random, "POST", f"{admin}/scenarios", {"name": name, **scenario})
            assert reply.status == 201, reply.body

    def _step(self, ledger: WorldLedger, key: str, random: Random) -> None:
        end = monotonic() + PATIENCE
        while not (request := self._sent(ledger, key, random)).is_acknowledged:
            assert monotonic() < end, (request.reply.status, request.reply.body)
            self._pause.wait(0.02)
        self.acknowledged += 1
        if random.random() < 0.25:
            pattern = {"headers": {"X-Mark": {"equalTo": request.mark}}}
            reply = self.ask(random, "POST", f"/~{ledger.name}/__admin/requests/count", pattern)
            if reply.status == 200 and reply.json()["count"] != 1:
                self.misses.append(f"{request.mark}: {reply.json()['count']} of 1")

    def _sent(self, ledger: WorldLedger, key: str, random: Random) -> Request:
        mark = f"{ledger.name}-{next(self._marks)}"
        path = f"/~{ledger.name}/orders"
        if key:
            # The same request with the same key, but for its mark, which no fingerprint has.
            body = {"key": key}
            headers = {"Authorization": "Bearer writer", "Idempotency_Key": key, "Content_Type": "application/json"}
            reply = self.ask(random, "POST", path, body, **headers, X_Mark=mark)
        else:
            reply = self.ask(random, "GET", path, Authorization="Bearer reader", X_Mark=mark)
        request = Request(mark, key, reply)
        ledger.requests.append(request)
        return request

    def wait_for_answers(self, number: int) -> None:
        """Return when so many more requests were acknowledged."""
        end, before = monotonic() + PATIENCE, self.acknowledged
        while self.acknowledged < before + number:
            assert monotonic() < end, f"{self.acknowledged - before} of {number} answers"
            self._pause.wait(0.02)

    def close(self) -> None:
        self._pool.shutdown()
        for connections in self._all:
            connections.close()
