"""A person or a company that a record is about: names, address and times that fit together.

Facts of a country come from Faker's locale for it; a country without one gets international names
and an address without the parts that nobody could check.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from mock_server.generate.seeds import Draw

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""No generated time is later: what a clock says must not change an answer."""
EMAIL_DOMAINS = ("example.com", "example.net", "example.org")
"""RFC 2606, 3."""
_WORLD = "en_US"
_PROVIDERS = tuple(f"faker.providers.{name}" for name in ("address", "company", "misc", "person"))
"""What is asked of Faker. All 24 providers of all locales would be 40 MB; these are a third of it."""


_OF_SEVERAL = {"CA": "en_CA", "CH": "de_CH", "IN": "en_IN", "PH": "en_PH"}
"""Where Faker has several locales of a country and the first is not the one most people there use."""


@cache
def faker_for(locale: str) -> Any:
    """Faker's ``Generator`` for a locale: its methods depend on the locale. Seed it before each use."""
    from faker import Factory  # 0.2 s; many servers never generate

    words = ["faker.providers.lorem"] if locale == _WORLD else []
    return Factory.create(locale, providers=[*_PROVIDERS, *words])


@cache
def locales() -> dict[str, str]:
    """Faker's locale by country code; of several the first in the order of names, English last."""
    from faker.config import AVAILABLE_LOCALES

    found: dict[str, str] = {}
    for locale in sorted(AVAILABLE_LOCALES, key=lambda name: (name.startswith("en_"), name), reverse=True):
        language, _, country = locale.partition("_")
        if language and len(country) == 2:
            found[country] = locale
    return found | _OF_SEVERAL


@dataclass(frozen=True)
class Persona:
    """Whom a record is about. ``country`` is an ISO 3166 code, ``is_company`` whether it is a firm."""

    draw: Draw
    country: str
    is_company: bool

    @property
    def locale(self) -> str:
        """The Faker locale of names and addresses."""
        return locales().get(self.country, _WORLD)

    @property
    def has_own_locale(self) -> bool:
        """Whether Faker knows how people of that country are called."""
        return self.country in locales()

    def say(self, what: str, purpose: str) -> str:
        """What a method of Faker says in the persona's locale; the same for the same purpose."""
        maker = faker_for(self.locale)
        if not hasattr(maker, what):
            maker = faker_for(_WORLD)
        maker.seed_instance(self.draw.number(f"persona/{purpose}"))
        return str(getattr(maker, what)())

    @cached_property
    def name(self) -> str:
        """The name of the person or the company, at most 256 characters."""
        return self.say("company" if self.is_company else "name", "name")[:256]

    @cached_property
    def email(self) -> str:
        """An address at a name reserved for examples, made from the name."""
        random = self.draw.at("persona/email")
        local = _ascii(self.name) or _ascii(_international(self.draw))
        return f"{local[:48]}{random.randrange(10, 100)}@{random.choice(EMAIL_DOMAINS)}"

    @property
    def street(self) -> str:
        """A street line."""
        return self.say("street_address", "street").replace("\n", ", ")

    @property
    def city(self) -> str:
        """A city as Faker has it for the locale."""
        return self.say("city", "city")

    @property
    def postal_code(self) -> str | None:
        """A postal code of the country, None where Faker has no locale for it."""
        return self.say("postcode", "postal_code") if self.has_own_locale else None

    @property
    def state(self) -> str | None:
        """``US-CA`` in the United States and Canada, None elsewhere."""
        if self.country not in ("US", "CA"):
            return None
        maker = faker_for(f"en_{self.country}")
        maker.seed_instance(self.draw.number("persona/state"))
        code = maker.state_abbr(False, False) if self.country == "US" else maker.province_abbr()
        return f"{self.country}-{code}"

    @cached_property
    def created(self) -> datetime:
        """When the record was made."""
        return NOW - timedelta(seconds=self.draw.at("persona/created").randrange(3 * 365 * 86_400))

    @cached_property
    def modified(self) -> datetime | None:
        """When it was last changed; None for one in four, which never was."""
        random = self.draw.at("persona/modified")
        if random.random() < 0.25:
            return None
        return self.created + timedelta(seconds=random.randrange(int((NOW - self.created).total_seconds()) + 1))


def _international(draw: Draw) -> str:
    maker = faker_for(_WORLD)
    maker.seed_instance(draw.number("persona/international"))
    return str(maker.name())


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return ".".join(words) if sum(map(len, words)) >= max(3, len(name) // 2) else ""


def date_time(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z``; the fraction in six digits, left out when zero."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
