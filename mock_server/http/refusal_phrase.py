"""What an error says without a body: the phrase of its status, and when to try again."""

from __future__ import annotations

from http import HTTPStatus


def refusal_phrase(status: int, retry_after: str | None) -> str:
    """Return the phrase of a status above 399 (RFC 9110, 15), with ``Retry-After``; empty for another status."""
    try:
        phrase = HTTPStatus(status).phrase if status >= 400 else ""
    except ValueError:  # registered by nobody
        phrase = ""
    return f"{phrase}, Retry-After {retry_after}" if phrase and retry_after else phrase
