"""The names and the form of addresses of each country, from ``data/peoples.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mock_server.generation.fake.data_tables import table

USUAL = "US"
"""The country of a persona for which none is given."""


@dataclass(frozen=True, slots=True)
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
