"""Which codes are a city's own: rows of postal codes whose place, municipality or district has a name of the city."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tools.places.city_records import CityRecord, plain
from tools.places.postal_rows import PostalRow

_NEAR = {"place": 40, "municipality": 25, "beginning": 15, "province": 12}
"""Kilometres from a city within which a row of its name is the city's: names recur in a country."""

_FAR = 70
_CROWD = 4
"""From so many codes in the very same spot on, they are taken for boxes and single companies."""


@dataclass(slots=True)
class CityCodes:
    """The codes of a city with the rows that have them; ``step`` tells by what they were joined."""

    step: str = ""
    rows: list[PostalRow] = field(default_factory=list)

    def spelling(self, record: CityRecord) -> str:
        """Return how the post spells the city, where it spells it as one of its names and not in capitals only.

        Of spellings that are equally frequent its own name is taken, or else the first by the alphabet.
        """
        texts = Counter(name for row in self.rows for name in (row.place, row.community) if name in record.names)
        ranked = sorted(texts, key=lambda name: (-texts[name], name != record.name, name))
        common = [name for name in ranked[:1] if not name.isupper()]
        if not common or (plain(common[0]) == plain(record.name) and common[0].isascii()):
            return record.name
        return common[0]


class PostalIndex:
    """The rows of a country by the names of what they are in."""

    def __init__(self, rows: Sequence[PostalRow]) -> None:
        self._rows = rows
        self._named: dict[str, dict[str, list[PostalRow]]] = {step: defaultdict(list) for step in _NEAR}
        for row in rows:
            self._add("place", _variants(row.place), row)
            self._add("municipality", _variants(row.community), row)
            self._add("beginning", {plain(re.split(r"[\s-]", row.place)[0])}, row)
            self._add("province", {*_variants(row.province), *_variants(row.state)}, row)

    def _add(self, step: str, names: Iterable[str], row: PostalRow) -> None:
        for name in set(names) - {""}:
            self._named[step][name].append(row)

    def codes(self, record: CityRecord, prefix: str | None, by_prefix: bool = False) -> CityCodes:
        """Return the codes of a city, those with a prefix (a pattern) where that leaves any; empty where none is.

        ``by_prefix`` takes all rows nearby that begin so, whatever their place: in a neighbourhood, it has its name.
        """
        if prefix and (by_prefix or prefix.endswith("$")) and (rows := list(_nearby(record, self._begun(prefix), 30))):
            return CityCodes("prefix", rows)
        names = sorted({plain(name) for name in record.names} - {""})
        steps = {}
        for step, near in _NEAR.items():
            steps[step] = list(
                _nearby(record, (row for name in names for row in self._named[step].get(name, ())), near)
            )
        if not any(steps.values()):  # the source puts some cities of large countries far from where they are
            steps["place"] = list(
                _nearby(record, (row for name in names for row in self._named["place"].get(name, ())), _FAR)
            )
        if prefix:
            for step, rows in steps.items():
                if fitting := [row for row in rows if re.match(prefix, row.code)]:
                    return CityCodes(step, _at_own_spots(fitting))
            if begun := list(self._begun(prefix)):
                return CityCodes("prefix", list(_nearby(record, begun, 30)) or begun)
        return next((CityCodes(step, _at_own_spots(rows)) for step, rows in steps.items() if rows), CityCodes())

    def _begun(self, prefix: str) -> Iterator[PostalRow]:
        return (row for row in self._rows if re.match(prefix, row.code))


def _nearby(record: CityRecord, rows: Iterable[PostalRow], kilometres: float) -> Iterator[PostalRow]:
    seen = set()
    for row in rows:
        if id(row) not in seen and record.distance(row.latitude, row.longitude) < kilometres:
            seen.add(id(row))
            yield row


def _at_own_spots(rows: list[PostalRow]) -> list[PostalRow]:
    """Leave out codes that share their spot with many: GeoNames puts boxes and companies into the middle of a city.

    Where most codes are in the middle, the source does not tell, and all stay.
    """
    codes = defaultdict(set)
    for row in rows:
        codes[row.latitude, row.longitude].add(row.code)
    own = [row for row in rows if len(codes[row.latitude, row.longitude]) < _CROWD]
    return own if len({row.code for row in own}) >= min(_CROWD, len(rows)) else rows


def _variants(name: str) -> set[str]:
    """Return a name with and without what registers add: `Wien, Favoriten`, `София / Sofija`, `Подольск 16`."""
    return {
        plain(part) for part in (name, *name.split("/"), name.split("(")[0], name.split(",")[0], name.split(" - ")[0])
    }
