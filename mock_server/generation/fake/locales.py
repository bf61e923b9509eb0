"""Whose names and which form of addresses a country has, from ``data/peoples.yaml`` and ``data/populations.yaml``."""

from __future__ import annotations

import re
from functools import cache

from mock_server.core.value_class import value_class
from mock_server.generation.fake.data_tables import table
from mock_server.generation.seeding import RandomStream, totals

USUAL = "US"
"""The country of a persona for which none is given."""


@value_class
class LocalePeople:
    """``names`` is a locale of Faker or a row of ``names.yaml``, ``streets`` a row of ``streets.yaml``."""

    names: str
    streets: str


@cache
def _peoples() -> dict[str, LocalePeople]:
    return {
        country: LocalePeople(*key.split("/"))
        for key, countries in table("peoples").items()
        for country in countries.split()
    }


def is_country(code: str) -> bool:
    """Tell whether a code is one of the 249 of ISO 3166."""
    return code in _peoples()


def people_of(country: str) -> LocalePeople:
    """Return the people of an ISO 3166 code. Raises :class:`KeyError` for a code that is none of the 249."""
    return _peoples()[country]


@value_class
class Population:
    """The peoples of a place and the running totals of their shares."""

    peoples: tuple[LocalePeople, ...]
    totals: tuple[float, ...]

    def draw(self, random: RandomStream) -> LocalePeople:
        """Return one of the peoples by its share; a place with one people costs no number."""
        return self.peoples[0] if len(self.peoples) == 1 else random.weighted(self.peoples, self.totals)


@cache
def _populations(country: str) -> tuple[tuple[re.Pattern[str], Population], ...]:
    """Return the populations of a country, each with the regions that it is of; the last is that of all others."""
    rows = [
        (re.compile(row.get("region", "")), _population(row["peoples"]))
        for row in table("populations").get(country, ())
    ]
    return (*rows, (re.compile(""), Population((people_of(country),), (1.0,))))


def _population(shares: dict[str, float]) -> Population:
    peoples = (LocalePeople(*key.split("/")) for key in shares)
    return Population(tuple(peoples), totals(tuple(shares.values())))


def has_regions(country: str) -> bool:
    """Tell whether it depends on the place who lives there."""
    return country in table("populations")


def region_of(state: str | None, postal_code: str | None) -> str:
    """Return where in its country a place is, as patterns of ``populations.yaml`` read it: ``STATE|POSTAL CODE``."""
    return f"{state or ''}|{postal_code or ''}"


def peoples_at(country: str, region: str) -> Population:
    """Return who lives in a region of a country."""
    return next(population for pattern, population in _populations(country) if pattern.match(region))


def main_people(country: str, region: str) -> LocalePeople:
    """Return the people after whom firms of a region are called, and whose language they speak: the first there."""
    return peoples_at(country, region).peoples[0]
