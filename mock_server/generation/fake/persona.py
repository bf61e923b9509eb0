"""A person or a company that a record is about: names, address, tax id and times that fit together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

from mock_server.core.value_class import value_class
from mock_server.generation.fake import companies, names
from mock_server.generation.fake.addresses import Address, address_in
from mock_server.generation.fake.companies import Company, company_in
from mock_server.generation.fake.locales import USUAL, has_regions, is_country, region_of
from mock_server.generation.fake.names import Person, person_in
from mock_server.generation.fake.tax_ids import TaxId, tax_id_in
from mock_server.generation.fake.working_times import (
    WorkingTimes,
    created_time,
    has_zones,
    modified_time,
    working_times,
)
from mock_server.generation.seeding import SeedKey

COUNTRY_FIELDS = ("country", "country_code")
"""Names of the fields whose enum decides the country of a record's persona, the first one first."""
KIND_FIELDS = ("type",)
"""Names of the fields whose enum decides whether the persona is a person or a company."""
_COMPANIES = frozenset({"team", "company", "organization", "business"})
"""Kinds of personas that are companies; all others are persons."""
_WITHOUT_ADDRESS = (0.15, 0.05)
_WITHOUT_EMAIL = 0.2
_WITHOUT_NAME = 0.04
_WITH_TAX_ID = (0.08, 0.8)
_IN_BUSINESS = 0.12
_NEVER_MODIFIED = 0.25
"""Shares of all customers; of two numbers the first is for people, the second for companies."""


_T = TypeVar("_T")


class _PersonaCache(Generic[_T]):
    """A property that is computed once. The standard library's takes a lock before Python 3.12, 5 % of a record."""

    def __init__(self, make: Callable[[Any], _T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, persona: Any, owner: type | None = None) -> _T:
        value = persona.__dict__[self._name] = self._make(persona)
        return value


@value_class(slots=False)
class Persona:
    """The person or company of a record. ``country`` is an ISO 3166 code, ``is_company`` tells which of the two.

    A country that is none of the 249 raises :class:`KeyError` when names or an address are read.
    """

    draw: SeedKey
    country: str
    is_company: bool

    @_PersonaCache
    def person(self) -> Person:
        """Return the person, or the one who signs for the company."""
        return person_in(self.country, self.draw, "persona/person", self._region)

    @_PersonaCache
    def company(self) -> Company:
        """Return the company, or the one that a person bills."""
        return company_in(self.country, self.draw, "persona/company", self._region)

    @_PersonaCache
    def name(self) -> str | None:
        """Return the name, at most 256 characters; None for a few people, who never gave one."""
        if self.is_company:
            return self.company.name[:256]
        return None if self._chance("name") < _WITHOUT_NAME else self.person.name[:256]

    @property
    def billing_name(self) -> str | None:
        """The legal name of a company, or of the company that some people bill; else the name."""
        return self.company.legal_name[:256] if self._bills_company else self.name

    @_PersonaCache
    def _bills_company(self) -> bool:
        """Tell whether bills go to a company: to every company, and to the one that some people have."""
        return self.is_company or (self.name is not None and self._chance("billing_name") < _IN_BUSINESS)

    @property
    def email(self) -> str | None:
        """A mail address in a domain reserved for examples, made from the name; None for some companies."""
        if not self.is_company:
            return names.mailbox_of(self.person, self.draw)
        return None if self._chance("email") < _WITHOUT_EMAIL else companies.mailbox_of(self.company, self.draw)

    @_PersonaCache
    def place(self) -> Address:
        """Return the address; all its parts are of one place."""
        return address_in(self.country, self.draw)

    @property
    def _region(self) -> str:
        """Where in the country the persona lives; who lives there depends on it in few countries."""
        return region_of(self.place.state, self.place.postal_code) if has_regions(self.country) else ""

    @_PersonaCache
    def has_address(self) -> bool:
        """Tell whether an address was ever given."""
        return self._chance("address") >= _WITHOUT_ADDRESS[self.is_company]

    @_PersonaCache
    def tax_id(self) -> TaxId | None:
        """Return a tax id for most companies and few people, where production stores one of the country; else None.

        It is the number of whom the bills go to: a person who bills a company has the company's.
        """
        if not self.has_address or self._chance("tax_id") >= _WITH_TAX_ID[self.is_company]:
            return None
        random = self.draw.at("persona/tax_id/number")
        holder = self.company if self._bills_company else self.person
        return tax_id_in(self.country, self.place.state, holder, random)

    @_PersonaCache
    def created(self) -> datetime:
        """Return when the record was created, by day in its place and seldom on a day of rest."""
        return created_time(self._working_times, self.is_company, self.draw.at("persona/created"))

    @_PersonaCache
    def modified(self) -> datetime | None:
        """Return when it was last changed, not before it was created; None for one in four, which never was."""
        random = self.draw.at("persona/modified")
        if random.random() < _NEVER_MODIFIED:
            return None
        return modified_time(self.created, self._working_times, self.is_company, random)

    @property
    def _working_times(self) -> WorkingTimes:
        return working_times(self.country, self.place.state or "" if has_zones(self.country) else "")

    def _chance(self, purpose: str) -> float:
        """Return a number from 0 to below 1, with a random source of its own for each purpose."""
        return self.draw.number(f"persona/{purpose}") / 2**64


def date_time(moment: datetime) -> str:
    """Return a moment in UTC by RFC 3339 with ``Z``; the fraction in six digits, left out when zero."""
    return moment.isoformat().replace("+00:00", "Z")


def persona_from(draw: SeedKey, country: str | None, kind: str | None) -> Persona:
    """Return the persona of a record whose fields have this country and this kind (``team``, ``individual``).

    One of the usual country where the record has none, or one that is none of ISO 3166.
    """
    known = country if country and is_country(country) else USUAL
    return Persona(draw, known, kind in _COMPANIES)
