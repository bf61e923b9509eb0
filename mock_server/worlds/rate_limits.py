"""Rate limits of callers: fixed windows by token, which the hub counts."""

from __future__ import annotations

import hashlib

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.sized_cache import LONGEST
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers
from mock_server.hub.model import Window, WindowQuestion
from mock_server.openapi.extensions import RateLimit


@value_class
class Allowance:
    """The rest of a window. ``reset`` is the whole seconds until the next one begins, at least 1."""

    rule: RateLimit
    used: int
    reset: int

    @property
    def exceeded(self) -> bool:
        """Whether there were more requests than may be."""
        return self.used > self.rule.limit

    @classmethod
    def of(cls, window: Window, limit: RateLimit) -> Allowance:
        """Return what a caller's window leaves of a limit."""
        return cls(limit, window.used, window.reset)

    def headers(self) -> Headers:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-07, 2; with ``Retry-After`` (RFC 9110, 10.2.3)."""
        fields = (
            ("RateLimit-Limit", str(self.rule.limit)),
            ("RateLimit-Remaining", str(max(0, self.rule.limit - self.used))),
            ("RateLimit-Reset", str(self.reset)),
        )
        return (("Retry-After", str(self.reset)), *fields) if self.exceeded else fields

    def finding(self) -> Diagnostic:
        """Return why a request is one too many."""
        return Diagnostic(
            "rate-limit",
            "requests",
            f"number {self.used} of this token in a window of {self.rule.window} s",
            f"at most {self.rule.limit}",
            "",
            f"The next window begins in {self.reset} s.",
        )


def window_question(token: str, limit: RateLimit) -> WindowQuestion:
    """Return the question that counts a request of a caller. Contracts with different limits count apart."""
    return WindowQuestion(f"{limit.limit} {limit.window} {short(token)}", limit.limit, limit.window)


def short(text: str) -> str:
    """Return a token or a key by which something is kept: of a long one its digest."""
    if len(text) <= LONGEST:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()
