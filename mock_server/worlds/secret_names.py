"""Which names are those of secrets: of headers, parameters and members of bodies, told by their words.

A list of names would miss the next vendor's. ``X-Amz-Security-Token``, ``clientSecret`` and ``user[password]`` have a
word that says it; ``Idempotency-Key``, ``X-Request-Id``, ``token_type`` and ``X-RateLimit-Remaining-Tokens`` have not,
or have one beside that says what else it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise

from mock_server.core.sized_cache import LONGEST

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_STRONG = frozenset(
    {
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "cvc",
        "cvv",
        "otp",
        "passcode",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pwd",
        "secret",
        "secrets",
    }
)
"""Words of what is a secret whatever it looks like."""
_WORDS = _STRONG | frozenset(
    {
        "accesstoken",
        "apikey",
        "assertion",
        "authtoken",
        "bearer",
        "dpop",
        "jwt",
        "signature",
        "token",
        "tokens",
    }
)
_KEYS = frozenset(
    {
        "access",
        "account",
        "api",
        "app",
        "application",
        "auth",
        "client",
        "consumer",
        "encryption",
        "functions",
        "license",
        "master",
        "private",
        "rapidapi",
        "secret",
        "service",
        "session",
        "shared",
        "signing",
        "subscription",
    }
)
"""What a key is of that opens something, where ``key`` is the next word."""
_WHOLE = frozenset(
    {
        ("pass",),
        ("auth",),
        ("x", "auth"),
        ("sig",),
        ("pin",),
        ("session",),
        ("sid",),
        ("code", "verifier"),
    }
)
"""All the words of a name."""
_OTHER = frozenset(
    {
        "algorithm",
        "at",
        "count",
        "date",
        "enabled",
        "endpoint",
        "expires",
        "expiry",
        "format",
        "hint",
        "in",
        "kind",
        "length",
        "limit",
        "method",
        "name",
        "policy",
        "required",
        "scheme",
        "status",
        "strength",
        "type",
        "uri",
        "url",
    }
)
"""Last words of a name that is about a secret and is none itself."""
_AMOUNT = frozenset(
    {
        "limit",
        "max",
        "min",
        "ratelimit",
        "remaining",
        "total",
        "usage",
        "used",
    }
)
"""Words beside ``tokens`` that are counted."""
_FLOW = frozenset({"grant_type", "code_verifier", "code_challenge", "state"})
"""Parameters beside which a ``code`` is the one of OAuth (RFC 6749, 4.1)."""


def is_secret(name: str) -> bool:
    """Tell whether a name is that of a secret."""
    return _is_known_secret(name) if len(name) <= LONGEST else False


def is_code(name: str, others: Collection[str]) -> bool:
    """Tell whether a parameter is OAuth's authorization code, by those that stand beside it."""
    return name == "code" and not _FLOW.isdisjoint(others)


def is_strong(name: str) -> bool:
    """Tell whether a number of that name is a secret too; one called ``max_tokens`` or ``token`` counts something."""
    return not _STRONG.isdisjoint(_words(name))


@lru_cache(4096)
def _is_known_secret(name: str) -> bool:
    # In mixed case it may be written as nobody takes it apart: DPoP.
    return _tell(_words(name)) or _tell(_words(name.lower()))


def _tell(words: tuple[str, ...]) -> bool:
    """Tell whether these are the words of a secret's name."""
    if words in _WHOLE:
        return True
    if not words or words[-1] in _OTHER:
        return False
    if not _WORDS.isdisjoint(words):
        return not ({"token", "tokens"} & {*words} and not _AMOUNT.isdisjoint(words))
    pairs = {*pairwise(words)}
    return ("session", "id") in pairs or any(key in ("key", "keys") and of in _KEYS for of, key in pairs)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))
