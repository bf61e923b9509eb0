"""Credentials: what a request has for a security scheme, and which caller a token names.

OpenAPI 3.1, "Security Scheme Object"; RFC 6750 (bearer), RFC 7617 (basic). This module only reads credentials;
validation tells whether an alternative of schemes is met.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qs

from mock_server.core.value_class import value_class
from mock_server.http.form_pairs import cookie_pairs
from mock_server.http.messages import Request
from mock_server.openapi.extensions import MockExtensions, TokenKind
from mock_server.openapi.model import Operation, SecurityScheme


@value_class
class Credentials:
    """The caller of a request.

    ``token`` is the bearer token or key as sent, None where there is none. ``kind`` is the row of the contract's token
    table that it matches, ``suffix`` the rest of it. ``failure`` is the failure that it always gets, ``delay``
    (milliseconds) how long its answers wait.
    """

    token: str | None = None
    kind: TokenKind | None = None
    suffix: str = ""
    failure: str | None = None
    delay: int = 0


def credentials_of(request: Request, extensions: MockExtensions, schemes: Mapping[str, SecurityScheme]) -> Credentials:
    """Return the caller that a request's credentials name. Without a token table any credential is accepted."""
    if not extensions.tokens:
        return Credentials(_token(request) or _any_credential(request, schemes))
    token = bearer_token(request)
    if token is None:
        return Credentials()
    kind = next(
        (entry for entry in extensions.tokens if token.startswith(entry.prefix) and token != entry.prefix), None
    )
    if kind is None:
        return Credentials(token, failure="invalid_token")
    suffix = token[len(kind.prefix) :]
    reserved = extensions.suffixes.get(suffix)
    if reserved is None:
        return Credentials(token, kind, suffix)
    return Credentials(token, kind, suffix, reserved.failure, reserved.delay)


def bearer_token(request: Request) -> str | None:
    """Return what follows the scheme in ``Authorization: Bearer TOKEN``, spaces within it included; else None.

    The scheme is read in any case (RFC 9110, 11.1). RFC 6750 (2.1) has no spaces in a token, but clients are given
    keys such as ``My API Key`` by their tests.
    """
    return _credentials(request, "bearer")


_OTHER_SCHEMES = frozenset({"basic", "digest", "hoba", "mutual", "negotiate", "scram-sha-1", "scram-sha-256", "vapid"})
"""Schemes of HTTP's registry whose credentials are not a token; a client that sends one mistook the scheme."""


def _token(request: Request) -> str | None:
    """Return the token of ``Bearer TOKEN``, or of another scheme that carries one (``token TOKEN``, ``DPoP TOKEN``).

    OAuth leaves the scheme to the type of the token (RFC 6749, 7.1), and clients write ``token`` or ``Token``.
    """
    header = request.header("authorization")
    if header is None or not header.isascii():
        return None
    scheme, _, rest = header.strip().partition(" ")
    return None if scheme.lower() in _OTHER_SCHEMES else rest.strip() or None


def satisfies(scheme: SecurityScheme, request: Request, extensions: MockExtensions) -> bool:
    """Tell whether the request has a credential of this scheme, and of a kind that the scheme accepts."""
    if not extensions.tokens and _takes_tokens(scheme):
        return _token(request) is not None
    credential = credential_of(scheme, request)
    if credential is None:
        return False
    if not _takes_tokens(scheme):
        return True
    kind = next((entry for entry in extensions.tokens if credential.startswith(entry.prefix)), None)
    return kind is not None and scheme.name in kind.schemes


def credentials_phrase(operation: Operation, schemes: Mapping[str, SecurityScheme], extensions: MockExtensions) -> str:
    """Return what an operation asks for, in words: ``a bearer token polar_cst_... or the header X-Key``."""
    alternatives = [
        " and ".join(_phrase_of(schemes[name], extensions) for name in names if name in schemes)
        for names in operation.security
    ]
    named = [*dict.fromkeys(filter(None, alternatives))]
    rest = [f"{len(named) - _MOST_NAMED} others"] * (len(named) > _MOST_NAMED)
    return " or ".join([*named[:_MOST_NAMED], *rest])


_MOST_NAMED = 5
"""Most alternatives of security, and most prefixes of tokens, that a message names."""


def _phrase_of(scheme: SecurityScheme, extensions: MockExtensions) -> str:
    if scheme.type == "apiKey":
        return f"the {scheme.place} {scheme.key}" if scheme.place != "query" else f"the query parameter {scheme.key}"
    if not _takes_tokens(scheme):
        return "a client certificate" if scheme.type == "mutualTLS" else f"Authorization: {scheme.scheme.title()}"
    prefixes = [f"{kind.prefix}..." for kind in extensions.tokens if scheme.name in kind.schemes]
    return " ".join(["a bearer token", *([", ".join(prefixes[:_MOST_NAMED])] if prefixes else [])])


def _takes_tokens(scheme: SecurityScheme) -> bool:
    return scheme.type in ("oauth2", "openIdConnect") or (scheme.type == "http" and scheme.scheme == "bearer")


def credential_of(scheme: SecurityScheme, request: Request) -> str | None:
    """Return the credential of a request for a scheme; None where it has none, or one of another form."""
    if scheme.type == "apiKey":
        return _api_key(scheme, request)
    if _takes_tokens(scheme):
        return bearer_token(request)
    if scheme.type == "mutualTLS":
        return "tls"  # a mock has no certificates to look at
    credentials = _credentials(request, scheme.scheme)
    return _basic(credentials) if scheme.scheme == "basic" else credentials


def _credentials(request: Request, scheme: str) -> str | None:
    header = request.header("authorization")
    if header is None or not header.isascii():
        return None
    name, _, rest = header.strip().partition(" ")
    return rest.strip() or None if name.lower() == scheme else None


def _basic(credentials: str | None) -> str | None:
    if credentials is None:
        return None
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair if ":" in pair else None


def _api_key(scheme: SecurityScheme, request: Request) -> str | None:
    if scheme.place == "header":
        return request.header(scheme.key.lower()) or None
    if scheme.place == "query":
        return next(iter(parse_qs(request.query).get(scheme.key, [])), None)
    return cookies(request).get(scheme.key) or None


def cookies(request: Request) -> dict[str, str]:
    """Return the request's cookies, the first of each name."""
    return dict(reversed([*cookie_pairs(request.header_values("cookie"))]))


def _any_credential(request: Request, schemes: Mapping[str, SecurityScheme]) -> str | None:
    credentials = (credential_of(scheme, request) for scheme in schemes.values() if scheme.type != "mutualTLS")
    return next((credential for credential in credentials if credential is not None), None)
