"""A client of the soak: a connection that is kept, a world of its own now and then, and what came back against hope."""

from __future__ import annotations

import json
import random
import socket
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 10.0
"""Seconds that an answer may take."""
IDLE = 2.0
"""Seconds after which a connection is not used again: the server closes those that nobody uses for 5."""
MOST_SURPRISES = 100
JSON_TYPE = {"Content-Type": "application/json"}


class SurpriseError(Exception):
    """An answer was not what it has to be; says to what, what came and what was expected."""


@dataclass
class Findings:
    """What all clients of a process met: how many of each kind, and what they did not expect."""

    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)

    def surprise(self, kind: str, error: Exception) -> None:
        """Note what was not expected, as long as there is room."""
        if len(self.surprises) < MOST_SURPRISES:
            self.surprises.append(f"{kind}: {error if isinstance(error, SurpriseError) else repr(error)}")


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Client:
    """Asks a server, one request after the other. ``number`` tells it from the others and is its seed."""

    def __init__(self, url: str, number: int, findings: Findings) -> None:
        self.address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self.number = number
        self.random = random.Random(number)
        self.findings = findings
        self.turn = 0
        self._connection: HTTPConnection | None = None
        self._used = 0.0

    @property
    def fresh(self) -> str:
        """A name that no other client and no other turn has."""
        return f"{self.number}-{self.turn}"

    def ask(
        self,
        target: str,
        *expected: int,
        method: str = "GET",
        token: str = "cst_ada",
        headers: dict[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Reply:
        """Send a request, read the answer whole. Raises :class:`SurpriseError` for a status that is not expected."""
        content = body.encode() if isinstance(body, str) else body
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        if time.monotonic() - self._used > IDLE:
            self.hang_up()
        connection = self._connection
        if connection is None:
            connection = self._connection = HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            connection.request(method, target, content, sent)
            answer = connection.getresponse()
            reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except (OSError, HTTPException):
            self.hang_up()
            raise
        self._used = time.monotonic()
        self.findings.statuses[reply.status] += 1
        if reply.status not in (expected or (200,)):
            raise SurpriseError(
                f"{method} {target}: found {reply.status} {reply.body[:300]!r}; expected {expected or (200,)}"
            )
        return reply

    def send(self, target: str, value: object, *expected: int, method: str = "POST") -> Reply:
        """Send JSON to control."""
        return self.ask(target, *expected, method=method, headers=JSON_TYPE, body=json.dumps(value))

    def lost(self, target: str) -> None:
        """Send a request whose connection is to break; raises :class:`SurpriseError` where it does not."""
        try:
            reply = self.ask(target)
        except (ConnectionError, HTTPException):
            return
        raise SurpriseError(f"GET {target}: found {reply.status}; expected a broken connection")

    def raw(self, parts: Iterable[bytes], *expected: int) -> None:
        """Send bytes on a connection of their own. ``expected`` has 0 where it may be closed without an answer."""
        answer = bytearray()
        with socket.create_connection(self.address, timeout=PATIENCE) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionError:
                pass  # refused while more was coming: what was read counts
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
        self.findings.statuses[status] += 1
        check(status, expected, "raw bytes")

    def hang_up(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def check(value: object, expected: Collection[object], what: str) -> None:
    """Raise :class:`SurpriseError` where a value is none of those expected."""
    if value not in expected:
        raise SurpriseError(f"{what}: found {value!r}; expected {' or '.join(map(repr, expected))}")
