"""Real cities of a country with postal codes of their own, from ``data/places`` (``tools.places`` writes it)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from mock_server.core.deadline import takes_long
from mock_server.core.value_class import value_class
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.locales import is_country
from mock_server.generation.seeding import RandomStream, totals

_HAMLET = 500
"""People added to every city: territories without numbers are drawn evenly, and small towns now and then."""


class CodeInPart(NamedTuple):
    """A postal code, and the part of the city (a ward, a neighbourhood, a street) that it belongs to; None for none.

    A code that ends in ``*`` is the beginning of one.
    """

    part: str | None
    code: str | None


@value_class
class City:
    """A city with the parts that an address needs.

    ``subdivision`` is None where addresses of the country have none; ``codes`` is the last column of the table, empty
    where the city has no postal codes; ``streets`` are its own, empty for most.
    """

    name: str
    subdivision: str | None = None
    population: int = 0
    codes: str = ""
    streets: tuple[str, ...] = ()

    def draw_code(self, random: RandomStream) -> CodeInPart:
        """Return one of its postal codes."""
        if not self.codes:
            return CodeInPart(None, None)
        part, _, listed = random.choice(self.codes.split(";")).rpartition("=")
        return CodeInPart(part or None, random.choice(listed.split("|")) if "|" in listed else _nth(listed, random))

    def all_codes(self) -> Iterator[CodeInPart]:
        """Yield all its postal codes."""
        for group in filter(None, self.codes.split(";")):
            part, _, listed = group.rpartition("=")
            codes = listed.split("|") if "|" in listed else _whole(listed.split(","))
            yield from (CodeInPart(part or None, code) for code in codes)


def _nth(listed: str, random: RandomStream) -> str:
    shorts = listed.split(",")
    return _whole(shorts[: 1 + int(random.random() * len(shorts))])[-1]


def _whole(shorts: list[str]) -> list[str]:
    """Return codes written out: each but the first is listed without what it shares with the one before."""
    codes = shorts[:1]
    for short in shorts[1:]:
        codes.append(codes[-1][: -len(short)] + short)
    return codes


@value_class
class Cities:
    """The cities of a country. A larger one is drawn more often, by its population."""

    all: tuple[City, ...]
    totals: tuple[float, ...]
    """Running totals of the weights of the cities."""

    def draw(self, random: RandomStream) -> City:
        """Return one of the cities, drawn by weight."""
        return random.weighted(self.all, self.totals)


@cache
def cities_of(country: str) -> Cities:
    """Return the cities of an ISO 3166 code. Raises :class:`KeyError` for a code that is none of the 249."""
    takes_long()
    cities = _territory(country) if country in table("territories") else list(_rows(country))
    return Cities(tuple(cities), totals([float(city.population + _HAMLET) for city in cities]))


def _territory(country: str) -> list[City]:
    row = table("territories")[country]
    code, streets = row.get("postal", ""), tuple(row["streets"])
    return [City(name, row.get("subdivision"), 0, code, streets) for name in row["places"]]


def _rows(country: str) -> Iterator[City]:
    if not is_country(country):
        raise KeyError(country)
    text = files("mock_server.generation.fake").joinpath("data", "places", f"{country}.tsv").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            subdivision, name, population, codes = f"{line}\t".split("\t")[:4]
            yield City(name, subdivision or None, int(population), codes)
