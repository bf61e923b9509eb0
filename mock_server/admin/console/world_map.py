"""The world map: the countries of ISO 3166 with their names and shapes, as ``supply.world_map`` has made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from mock_server.core.value_class import value_class


@value_class
class Country:
    """A country by its code of two letters. ``path`` is its shape (SVG 2, 9.3); of a small one it is empty.

    ``point`` is where such a one is, None for one that has no place on the map.
    """

    code: str
    name: str
    path: str = ""
    point: tuple[int, int] | None = None


@value_class
class WorldMap:
    """A map of ``width`` and ``height`` units. ``land`` is the shape of what has no code of its own."""

    width: int
    height: int
    land: str
    countries: Mapping[str, Country]


@cache
def world_map() -> WorldMap:
    """Return the map of the package. It is read when it is first shown."""
    text = files("mock_server.admin.console").joinpath("world", "map.json").read_text(encoding="utf-8")
    document = json.loads(text)
    countries = {
        code: Country(code, entry["name"], entry.get("path", ""), _point(entry.get("at")))
        for code, entry in document["countries"].items()
    }
    return WorldMap(document["width"], document["height"], document["land"], countries)


def _point(place: list[int] | None) -> tuple[int, int] | None:
    return None if place is None else (place[0], place[1])
