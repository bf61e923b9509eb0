"""What a server remembers of its callers: how often each has asked, and what a key was answered with.

A limit is a fixed window by token. Replays follow draft-ietf-httpapi-idempotency-key-header: the same key with the
same request is answered the same, with another request it is an error.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass

from mock_server.exchange import Answer, Headers, Request

MOST_CALLERS = 10_000
"""Callers whose windows are kept, in one world."""
MOST_KEYS = 1_000
MOST_BYTES = 8 * 1024 * 1024
"""Answers that are kept for their keys, in one world."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests of one token (``limit``) in each window of so many seconds."""

    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Which header has the key, and the methods of the operations that look at it."""

    header: str = "Idempotency-Key"
    methods: tuple[str, ...] = ("POST", "PATCH")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a window. ``reset`` is the whole seconds until the next one begins, at least 1."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> Headers:
        """The fields of draft-ietf-httpapi-ratelimit-headers-07, 2; with ``Retry-After`` (RFC 9110, 10.2.3)."""
        told = (
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.remaining)),
            ("RateLimit-Reset", str(self.reset)),
        )
        return (("Retry-After", str(self.reset)), *told) if self.exceeded else told


class Limits:
    """The counters and the kept answers of one world."""

    __slots__ = ("_answers", "_bytes", "_windows")

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, RateLimit], tuple[int, int]] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str, str], tuple[bytes, Answer]] = OrderedDict()
        self._bytes = 0

    def count(self, token: str, limit: RateLimit, now: float) -> Allowance:
        """Count a request; windows begin at whole multiples of their length since 1970."""
        window = int(now // limit.window)
        began, used = self._windows.pop((token, limit), (window, 0))
        used = used + 1 if began == window else 1
        self._windows[token, limit] = (window, used)
        if len(self._windows) > MOST_CALLERS:
            self._windows.popitem(last=False)
        reset = max(1, math.ceil((window + 1) * limit.window - now))
        return Allowance(limit.limit, max(0, limit.limit - used), reset, used > limit.limit)

    def kept(self, token: str, operation: str, key: str) -> tuple[bytes, Answer] | None:
        """The fingerprint and the answer that are kept for a key."""
        return self._answers.get((token, operation, key))

    def keep(self, token: str, operation: str, key: str, request: Request, answer: Answer) -> None:
        """Keep an answer, the oldest forgotten first."""
        self._answers[token, operation, key] = (fingerprint(request), answer)
        self._bytes += len(answer.body)
        while len(self._answers) > MOST_KEYS or self._bytes > MOST_BYTES:
            _, (_, oldest) = self._answers.popitem(last=False)
            self._bytes -= len(oldest.body)


def fingerprint(request: Request) -> bytes:
    """What makes two requests the same: method, path, query and body."""
    said = f"{request.method} {request.path}?{request.query}\n".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said + request.body, digest_size=16).digest()
