"""Memory about callers: how many requests each has sent, and which answer an idempotency key got.

A limit is a fixed window by token. Replays follow draft-ietf-httpapi-idempotency-key-header: the same key with the same
request gets the same answer, with another request it is an error.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypedDict

from mock_server.core.sized_cache import LONGEST
from mock_server.http.json_codec import (
    ResponseJson,
    bytes_from_json,
    bytes_to_json,
    response_from_json,
    response_to_json,
)
from mock_server.http.messages import Headers, Request, Response
from mock_server.openapi.extensions import MockExtensions, RateLimit
from mock_server.openapi.model import Operation
from mock_server.openapi.security import Credentials
from mock_server.worlds.clock import WorldClock

MOST_CALLERS = 10_000
"""Most callers whose windows are remembered, in one world."""
MOST_KEYS = 1_000
REPLAYED = "Idempotency-Replayed"
MOST_BYTES = 8 * 1024 * 1024
"""Most bytes of answers that are remembered for their keys, in one world."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The rest of a window. ``reset`` is the whole seconds until the next one begins, at least 1."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> Headers:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-07, 2; with ``Retry-After`` (RFC 9110, 10.2.3)."""
        fields = (
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.remaining)),
            ("RateLimit-Reset", str(self.reset)),
        )
        return (("Retry-After", str(self.reset)), *fields) if self.exceeded else fields


class WindowJson(TypedDict):
    """A window as JSON: its token and limit, its number, and how many requests it has had."""

    token: str
    limit: int
    seconds: int
    window: int
    used: int


class KeptResponseJson(TypedDict):
    """A remembered answer as JSON: its key and token, and the request's fingerprint in base64."""

    token: str
    operation: str
    key: str
    fingerprint: str
    answer: ResponseJson


class RateLimitsJson(TypedDict):
    """The :class:`RateLimits` of a world as JSON."""

    windows: list[WindowJson]
    answers: list[KeptResponseJson]


class RateLimits:
    """The counters and the remembered answers of one world."""

    __slots__ = ("_answers", "_bytes", "_windows")

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, RateLimit], tuple[int, int]] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str, str], tuple[bytes, Response]] = OrderedDict()
        self._bytes = 0

    @property
    def is_empty(self) -> bool:
        """Whether nobody was counted and nothing is kept."""
        return not (self._windows or self._answers)

    def count(self, token: str, limit: RateLimit, now: float) -> Allowance:
        """Count a request and return its allowance; windows begin at whole multiples of their length since 1970."""
        window = int(now // limit.window)
        # Removed and added again, so that the caller seen longest ago is the first to be forgotten.
        began, used = self._windows.pop((token, limit), (window, 0))
        used = used + 1 if began == window else 1
        self._windows[token, limit] = (window, used)
        if len(self._windows) > MOST_CALLERS:
            self._windows.popitem(last=False)
        reset = max(1, math.ceil((window + 1) * limit.window - now))
        return Allowance(limit.limit, max(0, limit.limit - used), reset, used > limit.limit)

    def kept(self, token: str, operation: str, key: str) -> tuple[bytes, Response] | None:
        """Return the fingerprint and the answer that are remembered for a key, or None."""
        return self._answers.get((token, operation, key))

    def keep(self, token: str, operation: str, key: str, request: Request, answer: Response) -> None:
        """Remember an answer; the oldest ones are forgotten above the bounds."""
        self._keep(token, operation, key, fingerprint(request), answer)

    def _keep(self, token: str, operation: str, key: str, of: bytes, answer: Response) -> None:
        self._answers[token, operation, key] = (of, answer)
        self._bytes += _size(answer)
        while len(self._answers) > MOST_KEYS or self._bytes > MOST_BYTES:
            _, (_, oldest) = self._answers.popitem(last=False)
            self._bytes -= _size(oldest)

    def saved(self) -> RateLimitsJson:
        """Return all of it as JSON, for another process to continue with."""
        windows: list[WindowJson] = [
            {"token": token, "limit": limit.limit, "seconds": limit.window, "window": window, "used": used}
            for (token, limit), (window, used) in self._windows.items()
        ]
        answers: list[KeptResponseJson] = [
            {
                "token": token,
                "operation": operation,
                "key": key,
                "fingerprint": bytes_to_json(of),
                "answer": response_to_json(answer),
            }
            for (token, operation, key), (of, answer) in self._answers.items()
        ]
        return {"windows": windows, "answers": answers}

    @classmethod
    def restored(cls, form: RateLimitsJson) -> RateLimits:
        """Return the limits that were saved as ``form``."""
        limits = cls()
        for window in form["windows"]:
            limits._windows[window["token"], RateLimit(window["limit"], window["seconds"])] = (
                window["window"],
                window["used"],
            )
        for entry in form["answers"]:
            of = bytes_from_json(entry["fingerprint"])
            limits._keep(entry["token"], entry["operation"], entry["key"], of, response_from_json(entry["answer"]))
        return limits


@dataclass(frozen=True, slots=True)
class StatefulDecision:
    """What is remembered of a caller, for one request: a failure, an answer to replay, headers to add."""

    failure: str | None = None
    headers: Headers = ()
    replay: Response | None = None
    keep: Callable[[Response], None] | None = None

    def kept(self, answer: Response) -> Response:
        """Return the answer with the headers, and remember it for its key where it has one."""
        if self.keep is not None and answer.status < 400:  # a retry after a failure has to be a new request
            self.keep(replace(answer, wire=None, delay=0))
        # The answer to a failure was made with these headers.
        return (
            replace(answer, headers=(*answer.headers, *self.headers)) if self.headers and not self.failure else answer
        )


class _IdempotencyStore(Protocol):
    """The clock and the limits of a world."""

    clock: WorldClock
    limits: RateLimits


def remember_decision(
    scenario_state: _IdempotencyStore,
    extensions: MockExtensions,
    operation: Operation,
    request: Request,
    credentials: Credentials,
) -> StatefulDecision:
    """Count a request, and look up the answer that its key got before."""
    token = short(credentials.token or "")
    headers: Headers = ()
    if extensions.rate_limit is not None:
        allowance = scenario_state.limits.count(token, extensions.rate_limit, scenario_state.clock.now())
        headers = allowance.headers()
        if allowance.exceeded:
            return StatefulDecision("rate_limited", headers)
    rule = extensions.idempotency
    key = request.header(rule.header) if rule is not None and operation.method in rule.methods else None
    if key is None:
        return StatefulDecision(headers=headers)
    key = short(key)
    before = scenario_state.limits.kept(token, operation.key, key)
    if before is None:
        return StatefulDecision(
            headers=headers, keep=lambda answer: scenario_state.limits.keep(token, operation.key, key, request, answer)
        )
    # One key for two different requests is an error of the client (draft-ietf-httpapi-idempotency-key-header).
    if before[0] != fingerprint(request):
        return StatefulDecision("idempotency_conflict", headers)
    again = replace(before[1], headers=(*before[1].headers, (REPLAYED, "true")))
    return StatefulDecision(headers=headers, replay=again)


def _size(answer: Response) -> int:
    """Return the bytes of an answer's texts: the body, what it was written from, the headers."""
    texts = [value for _, value in answer.headers] + [*(answer.sought or ())]
    return len(answer.body) + len(answer.validated or b"") + sum(map(len, texts))


def short(text: str) -> str:
    """Return a token or a key by which something is kept: of a long one its digest."""
    if len(text) <= LONGEST:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(request: Request) -> bytes:
    """Return a digest by which two requests are equal: of method, path, query and body."""
    said = f"{request.method} {request.path}?{request.query}\n".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said + request.body, digest_size=16).digest()
