"""The formats of texts that come with the server: those of JSON Schema and of the OpenAPI Format Registry.

Addresses are those reserved for documentation (RFC 2606, 5737, 3849).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta

from mock_server.generation.fake.field_providers import uuid4
from mock_server.generation.fake.persona import date_time
from mock_server.generation.fake.words import word
from mock_server.generation.fake.working_times import NOW
from mock_server.openapi.validation.formats import CHECKS
from mock_server.plugins import Random, Registry, StringFormat

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def register(registry: Registry) -> None:
    """Register all of them, with their checks."""
    for name in dict.fromkeys([*TEXTS, *CHECKS]):
        registry.formats.add(name, TEXTS.get(name, StringFormat())._replace(check=CHECKS.get(name)))


def _moment(random: Random) -> str:
    return date_time(NOW - timedelta(seconds=random.randrange(3 * 365 * 86_400)))


def _long_host(size: int) -> str:
    labels = []
    while size > 63:
        labels.append("a" * 62)
        size -= 63
    return ".".join([*labels, "a" * size])


def _long_email(size: int) -> str:
    local = min(64, max(1, size - 12))
    return "a" * local + "@" + _long_host(max(1, size - local - 5)) + ".com"


def _long_url(size: int) -> str:
    return "https://example.com/" + "a" * (size - 20)


def _long_path(size: int) -> str:
    return "/" + "a" * (size - 1)


TEXTS: Mapping[str, StringFormat] = {
    "base64url": StringFormat(generate=lambda random: "bW9jaw"),
    "binary": StringFormat(generate=lambda random: "mock", shortest=""),
    "byte": StringFormat(
        generate=lambda random: "bW9jaw==",
        shortest="",
        stretched=lambda size: base64.b64encode(b"m" * -(-size * 3 // 4)).decode(),
        is_exact=True,
    ),
    "char": StringFormat(generate=lambda random: random.choice(LETTERS)),
    "commonmark": StringFormat(generate=lambda random: f"*{word(random)}*"),
    "date": StringFormat(generate=lambda random: _moment(random)[:10], is_exact=True),
    "date-time": StringFormat(
        generate=_moment,
        shortest="2026-01-01T00:00:00Z",
        stretched=lambda size: "2026-01-01T00:00:00." + "0" * (size - 21) + "Z",
        is_exact=True,
    ),
    "decimal": StringFormat(generate=lambda random: f"{random.randrange(1000)}.{random.randrange(100):02}"),
    "decimal128": StringFormat(generate=lambda random: f"{random.randrange(1000)}.{random.randrange(100):02}"),
    "duration": StringFormat(generate=lambda random: f"P{random.randrange(1, 30)}D", shortest="P1D", is_exact=True),
    "email": StringFormat(
        generate=lambda random: f"user{random.randrange(10_000)}@example.com",
        shortest="a@b.co",
        stretched=_long_email,
        is_exact=True,
    ),
    "hostname": StringFormat(
        generate=lambda random: f"host{random.randrange(1000)}.example.com",
        shortest="a",
        stretched=_long_host,
        is_exact=True,
    ),
    "html": StringFormat(generate=lambda random: f"<p>{word(random)}</p>"),
    "http-date": StringFormat(generate=lambda random: "Thu, 01 Jan 2026 00:00:00 GMT"),
    "idn-email": StringFormat(
        generate=lambda random: f"user{random.randrange(10_000)}@example.com",
        shortest="a@b.co",
        stretched=_long_email,
        is_exact=True,
    ),
    "idn-hostname": StringFormat(
        generate=lambda random: f"bücher{random.randrange(1000)}.example.com", shortest="a", stretched=_long_host
    ),
    "int64": StringFormat(generate=lambda random: str(random.randrange(10**9))),
    "ipv4": StringFormat(
        generate=lambda random: f"192.0.2.{random.randrange(1, 255)}", shortest="1.1.1.1", is_exact=True
    ),
    "ipv6": StringFormat(
        generate=lambda random: f"2001:db8::{random.randrange(1, 0xFFFF):x}", shortest="::", is_exact=True
    ),
    "iri": StringFormat(
        generate=lambda random: f"https://example.com/ö{random.randrange(10_000)}", shortest="a:b", stretched=_long_url
    ),
    "iri-reference": StringFormat(
        generate=lambda random: f"/ö{random.randrange(10_000)}", shortest="", stretched=_long_path
    ),
    "json-pointer": StringFormat(
        generate=lambda random: f"/items/{random.randrange(10)}", shortest="", stretched=_long_path, is_exact=True
    ),
    "media-range": StringFormat(generate=lambda random: "application/json"),
    "password": StringFormat(shortest=""),
    "regex": StringFormat(
        generate=lambda random: "^[a-z]+$", shortest="", stretched=lambda size: "a" * size, is_exact=True
    ),
    "relative-json-pointer": StringFormat(generate=lambda random: f"{random.randrange(3)}/items", shortest="0"),
    "sf-binary": StringFormat(generate=lambda random: ":bW9jaw==:"),
    "sf-boolean": StringFormat(generate=lambda random: f"?{random.randrange(2)}"),
    "sf-decimal": StringFormat(generate=lambda random: f"{random.randrange(1000)}.5"),
    "sf-integer": StringFormat(generate=lambda random: str(random.randrange(1000))),
    "sf-string": StringFormat(generate=lambda random: f'"{word(random)}"'),
    "sf-token": StringFormat(generate=lambda random: word(random)),
    "time": StringFormat(
        generate=lambda random: _moment(random)[11:19] + "Z",
        shortest="00:00:00Z",
        stretched=lambda size: "00:00:00." + "0" * (size - 10) + "Z",
        is_exact=True,
    ),
    "uint64": StringFormat(generate=lambda random: str(random.randrange(10**9))),
    "uri": StringFormat(
        generate=lambda random: f"https://example.com/{random.randrange(10_000)}",
        shortest="a:b",
        stretched=_long_url,
        is_exact=True,
    ),
    "uri-reference": StringFormat(
        generate=lambda random: f"/{random.randrange(10_000)}", shortest="", stretched=_long_path, is_exact=True
    ),
    "uri-template": StringFormat(
        generate=lambda random: f"https://example.com/{random.randrange(100)}{{?page}}",
        shortest="",
        stretched=_long_path,
    ),
    "url": StringFormat(
        generate=lambda random: f"https://example.com/{random.randrange(10_000)}",
        shortest="a:b",
        stretched=_long_url,
        is_exact=True,
    ),
    "uuid": StringFormat(generate=uuid4, is_exact=True),
    "uuid4": StringFormat(generate=uuid4, is_exact=True),
}
"""By format, how texts of it are made."""
