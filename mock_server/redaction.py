"""What nobody needs to read in a journal: credentials are taken out before it is shown."""

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
"""Characters of a secret: what is shorter is hidden in its header and left alone in sentences."""


def redaction_of(headers: Iterable[str], contracts: Iterable[Contract]) -> Redaction:
    """What takes out the credentials of these contracts, and headers beside."""
    return Redaction(headers, [scheme for contract in contracts for scheme in contract.schemes.values()])


class Redaction:
    """Takes credentials out of what is shown: of headers by name, of queries by name, of texts by value."""

    def __init__(self, headers: Iterable[str], schemes: Iterable[SecurityScheme]) -> None:
        keys = [scheme for scheme in schemes if scheme.type == "apiKey"]
        own = {name.strip().lower() for name in headers}
        self._headers = HEADERS | own | {scheme.key.lower() for scheme in keys if scheme.place == "header"}
        self._parameters = {scheme.key for scheme in keys if scheme.place == "query"}

    def headers(self, headers: Headers) -> Headers:
        """Headers as they may be shown."""
        return tuple((name, HIDDEN if name.lower() in self._headers else value) for name, value in headers)

    def query(self, query: str) -> str:
        """A raw query as it may be shown."""
        if not self._parameters:
            return query
        parts = [part.partition("=") for part in query.split("&")]
        return "&".join(
            f"{name}={quote(HIDDEN)}" if unquote(name) in self._parameters else f"{name}{sign}{value}"
            for name, sign, value in parts
        )

    def text(self, text: str, request: Request) -> str:
        """A sentence about a request without the secrets of that request."""
        for secret in sorted(self._secrets(request), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def value(self, value: JSON, request: Request) -> JSON:
        """The same for every text within a value."""
        if isinstance(value, str):
            return self.text(value, request)
        if isinstance(value, list):
            return [self.value(item, request) for item in value]
        if isinstance(value, dict):
            return {key: self.value(member, request) for key, member in value.items()}
        return value

    def _secrets(self, request: Request) -> set[str]:
        secrets = {value for name, value in request.headers if name in self._headers}
        secrets |= {part for value in secrets for part in value.split()[1:]}
        secrets |= {value for _, value in cookie_pairs(request.header_values("cookie"))}
        for part in request.query.split("&") if self._parameters else ():
            name, _, value = part.partition("=")
            if unquote(name) in self._parameters:
                secrets |= {value, unquote(value), re.sub(r"\+", " ", value)}
        return {secret for secret in secrets if len(secret) >= _SHORTEST}
