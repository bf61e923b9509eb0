"""Names and raw values, as they stand in a query, a form or a Cookie header."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import unquote_plus

Pairs: TypeAlias = "list[tuple[str, str]]"
"""Decoded names and values as sent: what is encoded in a value is data, never a delimiter."""


def form_pairs(text: str) -> Pairs:
    """The pairs of a query or of ``application/x-www-form-urlencoded``; a name alone has an empty value."""
    parts = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_plus(name), value) for name, _, value in parts]


def cookie_pairs(headers: list[str]) -> Pairs:
    """The pairs of Cookie headers (RFC 6265, 4.2.1); what is no pair is passed over, quotes are dropped."""
    parts = (part.strip().partition("=") for header in headers for part in header.split(";"))
    return [
        (name.strip(), value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value)
        for name, equals, value in ((name, equals, value.strip()) for name, equals, value in parts)
        if equals and name
    ]
