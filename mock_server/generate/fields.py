"""Field names and formats to values that a person would believe.

A name is looked up only where the schema leaves room for it: what comes out is checked against type,
lengths and bounds by the walker, and replaced where it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from uuid import UUID

from mock_server.exchange import JSON
from mock_server.generate.persona import NOW, Persona, date_time, faker_for

ABSENT = object()
"""Nothing is known of that name; None is data."""

Field = Callable[[Persona, Random], JSON]


def _modified(persona: Persona, random: Random) -> JSON:
    return date_time(persona.modified) if persona.modified else None


def _email(persona: Persona, random: Random) -> JSON:
    return None if persona.is_company and random.random() < 0.3 else persona.email


def _street_line_2(persona: Persona, random: Random) -> JSON:
    return None


FIELDS: Mapping[str, Field] = {
    "billing_name": lambda persona, random: persona.name,
    "city": lambda persona, random: persona.city,
    "country": lambda persona, random: persona.country,
    "created_at": lambda persona, random: date_time(persona.created),
    "email": _email,
    "line1": lambda persona, random: persona.street,
    "line2": _street_line_2,
    "modified_at": _modified,
    "name": lambda persona, random: persona.name,
    "postal_code": lambda persona, random: persona.postal_code,
    "state": lambda persona, random: persona.state,
    "tax_id": lambda persona, random: None,
    "updated_at": _modified,
}
"""By the name of the property. None is offered first and dropped where the schema has no null."""

Format = Callable[[Random], JSON]


def uuid4(random: Random) -> str:
    """A UUID of version 4 (RFC 9562, 5.4)."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _moment(random: Random) -> str:
    return date_time(NOW - timedelta(seconds=random.randrange(3 * 365 * 86_400)))


def _faked(method: str) -> Format:
    def make(random: Random) -> JSON:
        maker = faker_for("en_US")
        maker.seed_instance(random.getrandbits(64))
        return str(getattr(maker, method)())

    return make


FORMATS: Mapping[str, Format] = {
    "byte": lambda random: "bW9jaw==",
    "date": lambda random: _moment(random)[:10],
    "date-time": _moment,
    "duration": lambda random: f"P{random.randrange(1, 30)}D",
    "email": lambda random: f"user{random.randrange(10_000)}@example.com",
    "hostname": lambda random: f"host{random.randrange(1000)}.example.com",
    "idn-email": lambda random: f"user{random.randrange(10_000)}@example.com",
    "ipv4": lambda random: f"192.0.2.{random.randrange(1, 255)}",
    "ipv6": lambda random: f"2001:db8::{random.randrange(1, 0xFFFF):x}",
    "json-pointer": lambda random: f"/items/{random.randrange(10)}",
    "regex": lambda random: "^[a-z]+$",
    "time": lambda random: _moment(random)[11:19] + "Z",
    "uri": lambda random: f"https://example.com/{random.randrange(10_000)}",
    "uri-reference": lambda random: f"/{random.randrange(10_000)}",
    "url": lambda random: f"https://example.com/{random.randrange(10_000)}",
    "uuid": uuid4,
    "uuid4": uuid4,
}
"""By ``format``. Addresses are those reserved for documentation (RFC 2606, 5737, 3849)."""


def word(random: Random) -> str:
    """A word, for a text of which nothing is known."""
    return str(_faked("word")(random))
