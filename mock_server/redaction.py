"""Redaction of a journal: credentials are removed before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from mock_server.contract.model import Contract, SecurityScheme
from mock_server.contract.pairs import cookie_pairs
from mock_server.exchange import JSON, Headers, Request

HIDDEN = "[redacted]"
HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"})
"""Headers whose values are never shown."""
_SHORTEST = 4
"""Least characters of a secret: a shorter one is hidden in its header, but not in sentences."""


def redaction_of(headers: Iterable[str], contracts: Iterable[Contract]) -> Redaction:
    """Return the redaction of the credentials of these contracts, and of further headers."""
    return Redaction(headers, [scheme for contract in contracts for scheme in contract.schemes.values()])


class Redaction:
    """Hides credentials where requests are shown: in headers by name, in queries by name, in texts by value."""

    def __init__(self, headers: Iterable[str], schemes: Iterable[SecurityScheme]) -> None:
        keys = [scheme for scheme in schemes if scheme.type == "apiKey"]
        own = {name.strip().lower() for name in headers}
        self._headers = HEADERS | own | {one.key.lower() for one in keys if one.place == "header"}
        self._parameters = {one.key for one in keys if one.place == "query"}

    def headers(self, headers: Headers) -> Headers:
        """Return headers as they may be shown."""
        return tuple((name, HIDDEN if name.lower() in self._headers else value) for name, value in headers)

    def query(self, query: str) -> str:
        """Return a raw query as it may be shown."""
        if not self._parameters:
            return query
        parts = [part.partition("=") for part in query.split("&")]
        return "&".join(
            f"{name}={quote(HIDDEN)}" if unquote(name) in self._parameters else f"{name}{sign}{value}"
            for name, sign, value in parts
        )

    def text(self, text: str, request: Request) -> str:
        """Return a sentence about a request without the secrets of that request."""
        for secret in sorted(self._secrets(request), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def value(self, value: JSON, request: Request) -> JSON:
        """Return a value with every text in it redacted in the same way."""
        if isinstance(value, str):
            return self.text(value, request)
        if isinstance(value, list):
            return [self.value(one, request) for one in value]
        if isinstance(value, dict):
            return {key: self.value(one, request) for key, one in value.items()}
        return value

    def _secrets(self, request: Request) -> set[str]:
        found = {value for name, value in request.headers if name in self._headers}
        found |= {part for value in found for part in value.split()[1:]}
        found |= {value for _, value in cookie_pairs(request.header_values("cookie"))}
        for part in request.query.split("&") if self._parameters else ():
            name, _, value = part.partition("=")
            if unquote(name) in self._parameters:
                found |= {value, unquote(value), re.sub(r"\+", " ", value)}
        return {secret for secret in found if len(secret) >= _SHORTEST}
