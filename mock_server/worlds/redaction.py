"""What nobody needs to read in a journal: credentials are taken out before it is shown.

What is kept, and what request patterns are held against, is the request as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, unquote_plus

from mock_server.core.sized_cache import LONGEST
from mock_server.core.types import JSON
from mock_server.http.form_pairs import cookie_pairs
from mock_server.http.messages import Headers, Request
from mock_server.openapi.model import Contract, SecurityScheme
from mock_server.settings import Settings
from mock_server.worlds.redacted_body import HIDDEN, BodyRedaction
from mock_server.worlds.secret_names import is_code, is_secret

HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"})
"""Headers whose values are never shown, beside those whose names say it."""
_LINKS = frozenset({"referer", "location", "content-location", "link"})
"""Headers that hold URLs, whose queries may have secrets."""
_QUERY = re.compile(r"([?#])([^?#\s<>\"]+)")
_USER = re.compile(r"(//[^/@:\s]*:)[^/@\s]+@")
_SHORTEST = 4
"""Characters of a secret: what is shorter is hidden in its place and left alone in sentences."""
_MOST_NAMES = 1024
"""Names of headers that are known to need no hiding: most requests have the same."""
_BEGINNING = 24
"""Characters of a long secret by which it is known where a sentence has no more than its beginning."""


def redaction_of(settings: Settings, contracts: Iterable[Contract]) -> Redaction:
    """Return what takes out the credentials of these contracts, and what the settings name beside."""
    schemes = [scheme for contract in contracts for scheme in contract.schemes.values()]
    if settings.no_redaction:
        return Redaction(settings.redact_header, (), settings.redact_body, by_name=False)
    return Redaction(settings.redact_header, schemes, settings.redact_body)


class Redaction:
    """Takes credentials out of what is shown: of headers, queries and bodies by name, of texts by value.

    ``pointers`` lead to members of bodies that are hidden too. Without ``by_name`` nothing is hidden but what is given.
    """

    def __init__(
        self,
        headers: Iterable[str],
        schemes: Iterable[SecurityScheme],
        pointers: Iterable[str] = (),
        *,
        by_name: bool = True,
    ) -> None:
        keys = [scheme for scheme in schemes if scheme.type == "apiKey"]
        own = {name.strip().lower() for name in headers}
        self._by_name = by_name
        self._headers = (
            (HEADERS if by_name else set()) | own | {secret.key.lower() for secret in keys if secret.place == "header"}
        )
        self._parameters = {secret.key for secret in keys if secret.place == "query"}
        self._harmless: set[str] = set()
        """Names of headers, as they were sent, that are shown as they are."""
        self._body = BodyRedaction(pointers, self.query, by_name=by_name)

    def headers(self, headers: Headers) -> Headers:
        """Return headers as they may be shown."""
        harmless = self._harmless
        return tuple([line if line[0] in harmless else self._line(*line) for line in headers])

    def _line(self, name: str, value: str) -> tuple[str, str]:
        header = name.lower()
        if self._is_hidden(header):
            return name, HIDDEN
        if header in _LINKS:
            return name, self.url(value)
        if len(name) <= LONGEST and len(self._harmless) < _MOST_NAMES:
            self._harmless.add(name)
        return name, value

    def _is_hidden(self, header: str) -> bool:
        return header in self._headers or (self._by_name and is_secret(header))

    def url(self, text: str) -> str:
        """Return a text with URLs as it may be shown: without secrets of queries and fragments, without passwords."""
        if self._by_name:
            text = _USER.sub(rf"\g<1>{quote(HIDDEN)}@", text)
        return _QUERY.sub(lambda match: match[1] + self.query(match[2]), text)

    def query(self, query: str) -> str:
        """Return a raw query, or a form, as it may be shown."""
        if not query:
            return query
        parts = [part.partition("=") for part in query.split("&")]
        names = {unquote_plus(name) for name, _, _ in parts}
        return "&".join(
            f"{name}={quote(HIDDEN)}" if sign and self._is_parameter(unquote_plus(name), names) else name + sign + value
            for name, sign, value in parts
        )

    def _is_parameter(self, name: str, others: set[str]) -> bool:
        return name in self._parameters or (self._by_name and (is_secret(name) or is_code(name, others)))

    def body(self, body: bytes, content_type: str) -> bytes:
        """Return a body as it may be shown."""
        return self._body.shown(body, content_type)

    def text(self, text: str, request: Request) -> str:
        """Return a sentence about a request without the secrets of that request."""
        return _without(text, self._secrets(request))

    def value(self, value: JSON, request: Request) -> JSON:
        """Return a value with the same done to every text within it."""
        secrets = self._secrets(request)

        def shown(value: JSON) -> JSON:
            if isinstance(value, str):
                return _without(value, secrets)
            if isinstance(value, list):
                return [shown(item) for item in value]
            if isinstance(value, dict):
                return {key: shown(member) for key, member in value.items()}
            return value

        return shown(value) if secrets else value

    def _secrets(self, request: Request) -> list[str]:
        """Return the secrets of a request in all forms that a sentence may have, the longest first."""
        secrets = {value for name, value in request.headers if self._is_hidden(name)}
        secrets |= {part for value in secrets for part in value.split()[1:]}
        if self._by_name:
            secrets |= {value for _, value in cookie_pairs(request.header_values("cookie"))}
        queries = [
            request.query,
            *(match[2] for name, value in request.headers if name in _LINKS for match in _QUERY.finditer(value)),
        ]
        for query in queries:
            pairs = [part.partition("=") for part in query.split("&")]
            names = {unquote_plus(name) for name, _, _ in pairs}
            for name, _, value in pairs:
                if self._is_parameter(unquote_plus(name), names):
                    secrets |= {value, unquote(value), unquote_plus(value)}
        for value in self._body.secrets(request.body, request.header("content-type") or ""):
            secrets |= {
                value,
                unquote_plus(value),
                json.dumps(value)[1:-1],
                json.dumps(value, ensure_ascii=False)[1:-1],
            }
        return sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
        if len(secret) > _BEGINNING and secret[:_BEGINNING] in text:  # no more than the beginning is told
            text = re.sub(re.escape(secret[:_BEGINNING]) + r"[^\s,;\"']*", HIDDEN, text)
    return text
