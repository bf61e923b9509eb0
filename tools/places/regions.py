"""Subdivisions as addresses write them, for cities that only have GeoNames' own codes of regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tools.places.city_records import CityRecord, plain
from tools.places.postal_rows import PostalRow

_ISO = ("US", "CA", "AU")
"""Countries where GeoNames' postal rows have the abbreviation that addresses have."""

_OTHER_REGIONS = frozenset({"IE", "PH"})
"""Countries whose regions of GeoNames are larger than the subdivisions of addresses."""


class Regions:
    """The subdivisions of a country by GeoNames' code, learnt from cities that are listed with theirs, and by name."""

    def __init__(self, country: str, rules: Mapping[str, Mapping[str, str]], listed: Collection[str]) -> None:
        """Take the subdivisions as the ``listed`` cities write them: by their keys or by their names."""
        own = rules[country]
        self._learns = country not in _OTHER_REGIONS and country not in _ISO
        self._iso = country in _ISO
        self._by_code: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        keys = own.get("sub_keys", "").split("~")
        written = own["sub_names"].split("~") if "sub_names" in own and not set(listed) <= set(keys) else keys
        for names in ("sub_keys", "sub_names", "sub_lnames"):
            for form, name in zip(written, own.get(names, "").split("~"), strict=False):
                if plain(name):
                    self._by_name.setdefault(plain(name), form)
        self._keys = frozenset(keys)

    def learn(self, record: CityRecord, subdivision: str) -> None:
        """Remember that a listed city, and so its region, is in a subdivision."""
        if self._learns:
            self._by_code.setdefault(record.admin1, subdivision)

    def subdivision(self, record: CityRecord, rows: Sequence[PostalRow]) -> str | None:
        """Return the subdivision of a city; None where nothing tells."""
        for row in rows[:1]:
            if self._iso and row.state_code in self._keys:
                return row.state_code
            for name in (row.state, row.province):
                if (form := self._by_name.get(plain(name.removeprefix("Province of ")))) is not None:
                    return form
        return self._by_code.get(record.admin1)
