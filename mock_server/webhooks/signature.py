"""Signatures of deliveries: made, and verified, as a scheme says that is data."""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache

from mock_server.core.value_class import value_class
from mock_server.openapi.webhook_extensions import KeyForm, SigningScheme

TOLERANCE = 300
"""Seconds that the time of a signature may be off (Standard Webhooks and Stripe's libraries have the same)."""
PREFIX = "whsec_"
"""What secrets of Standard Webhooks begin with; it is no part of the key."""
_PLACE = re.compile(r"\{([a-z]+)\}")


@value_class
class SignedMessage:
    """What is signed and sent: the event's id and name, the delivery's id, the seconds since 1970, the body."""

    id: str
    type: str
    delivery: str
    timestamp: int
    body: bytes

    @property
    def values(self) -> dict[str, str]:
        """Return what stands for the places of a template, apart from the body."""
        return {"id": self.id, "type": self.type, "delivery": self.delivery, "timestamp": str(self.timestamp)}


def key_of(secret: str, form: KeyForm) -> bytes:
    """Return the key that a secret stands for. Raises :class:`ValueError` where it is none of that form."""
    if form == "utf8":
        return secret.encode("utf-8", "replace")
    text = secret.removeprefix(PREFIX)
    try:
        return bytes.fromhex(text) if form == "hex" else b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        expected = "hexadecimal digits" if form == "hex" else f"base64, after {PREFIX} where it begins so"
        raise ValueError(
            f"found a secret of {len(secret)} characters that is no key; expected {expected}. Use another secret, or"
            ' say in x-mock-webhooks that signing has "key": "utf8"'
        ) from None


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with values in its places; a place without a value stays."""
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), template) if "{" in template else template


def signed_headers(scheme: SigningScheme, secret: str, message: SignedMessage) -> list[tuple[str, str]]:
    """Return the headers that carry the signature of a message; none where there is no secret, or no scheme.

    Raises :class:`ValueError` where the secret is no key of the scheme's form.
    """
    if not scheme.headers or not secret:
        return []
    values = message.values
    values["signature"] = _signature(scheme, secret, values, message.body)
    return [(name, filled(template, values)) for name, template in scheme.headers]


def _signature(scheme: SigningScheme, secret: str, values: Mapping[str, str], body: bytes) -> str:
    pieces = [filled(piece, values).encode() for piece in scheme.text.split("{body}")]
    digest = hmac.digest(_key(secret, scheme.key), body.join(pieces), scheme.algorithm)
    return digest.hex() if scheme.encoding == "hex" else b64encode(digest).decode()


_key: Callable[[str, KeyForm], bytes] = lru_cache(1024)(key_of)


def verification_trouble(
    scheme: SigningScheme, secret: str, headers: Mapping[str, str], body: bytes, now: float, tolerance: int = TOLERANCE
) -> str:
    """Return what is wrong with the signature of a message that came; empty for nothing.

    ``headers`` are by name in lower case. A time that is more than ``tolerance`` seconds off is wrong too. Raises
    :class:`ValueError` where the secret is no key of the scheme's form.
    """
    values: dict[str, str] = {}
    for name, template in scheme.headers:
        text = headers.get(name.lower())
        if text is None:
            return f"no header {name}"
        # Several signatures may stand in one header, with spaces between them (Standard Webhooks).
        matches = [_reversed(template).fullmatch(part) for part in ([text] if " " in template else text.split(" "))]
        match = next(filter(None, matches), None)
        if match is None:
            return f"header {name}: found {text[:200]!r}; expected {template}"
        values |= match.groupdict()
    expected = _signature(scheme, secret, values, body)
    if not hmac.compare_digest(expected.encode(), values.get("signature", "").encode()):
        return "the signature is of another key, or of another body"
    timestamp = values.get("timestamp", "")
    if timestamp and not (timestamp.isdigit() and abs(now - int(timestamp)) <= tolerance):
        return f"signed at {timestamp}, more than {tolerance} s from now"
    return ""


@lru_cache(64)
def _reversed(template: str) -> re.Pattern[str]:
    """Return the pattern of texts that a template makes, with a group for each place."""
    pieces = _PLACE.split(template)
    pattern = "".join(f"(?P<{piece}>[^,\\s]*)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return re.compile(pattern)
