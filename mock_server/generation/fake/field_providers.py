"""Field names to believable values.

A name is looked up only where the schema allows other values too: the generator validates the value by type, lengths
and bounds, and replaces it where it is not valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import cast

from mock_server.core.types import JSON
from mock_server.generation.fake.addresses import Address
from mock_server.generation.fake.oauth import oauth_accounts
from mock_server.generation.fake.persona import Persona, date_time
from mock_server.plugins import FieldProvider, Random, Registry, registry

Field = Callable[[Persona, str], JSON]
"""Makes a value from the persona of a record, and the JSON Pointer that names the field's own randomness."""


def _modified(persona: Persona, pointer: str) -> JSON:
    return date_time(persona.modified) if persona.modified else None


_PARTS = tuple(part.name for part in fields(Address))


def _address(persona: Persona, pointer: str) -> JSON:
    place = persona.place
    return {name: getattr(place, name) for name in _PARTS} if persona.has_address else None


def _payment_method(persona: Persona, pointer: str) -> JSON:
    random = persona.draw.at(pointer)
    return uuid4(random) if random.random() < 0.55 else None


def _tax_id(persona: Persona, pointer: str) -> JSON:
    return None if persona.tax_id is None else list(persona.tax_id)


def _type(persona: Persona, pointer: str) -> JSON:
    return "team" if persona.is_company else "individual"


FIELDS: Mapping[str, Field] = {
    "billing_address": _address,
    "billing_name": lambda persona, pointer: persona.billing_name,
    "city": lambda persona, pointer: persona.place.city,
    "country": lambda persona, pointer: persona.country,
    "created_at": lambda persona, pointer: date_time(persona.created),
    "default_payment_method_id": _payment_method,
    "email": lambda persona, pointer: persona.email,
    "line1": lambda persona, pointer: persona.place.line1,
    "line2": lambda persona, pointer: persona.place.line2,
    "modified_at": _modified,
    "name": lambda persona, pointer: persona.name,
    "oauth_accounts": oauth_accounts,
    "postal_code": lambda persona, pointer: persona.place.postal_code,
    "state": lambda persona, pointer: persona.place.state,
    "tax_id": _tax_id,
    "type": _type,
    "updated_at": _modified,
}
"""By the name of the property. None is tried first, and dropped where the schema does not accept null."""


@cache
def field_providers() -> Mapping[str, Field]:
    """Return all registered providers, by the name of the property."""
    return dict(registry().fields)


def register(registry: Registry) -> None:
    """Register the providers that come with the server."""
    for name, provider in FIELDS.items():
        registry.fields.add(name, cast("FieldProvider", provider))


def uuid4(random: Random) -> str:
    """Return a UUID of version 4 (RFC 9562, 5.4)."""
    digits = f"{random.getrandbits(128) & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
