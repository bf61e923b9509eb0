"""Moments as texts by RFC 3339."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """Return a moment (seconds since 1970) in UTC with ``Z``; the fraction in six digits, left out when zero."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
