"""Make the world map of the console: the shape of each country of ISO 3166, projected and rounded, as one JSON file.

    python -m supply.world_map

The shapes are Natural Earth's (public domain) at 1:110,000,000, as the npm package ``world-atlas`` has them; a country
too small for that scale is a point, the middle of its largest part at 1:50,000,000. Codes and English names are those
of ``i18n-iso-countries``. ``supply/browser`` has the lock, whose hashes npm checks. The projection is Equal Earth
(Šavrič, Patterson, Jenny, 2018): areas are true, and it is a polynomial. The same packages make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

HERE = Path(__file__).resolve().parent / "browser"
PLACE = HERE.parents[1] / "mock_server" / "admin" / "console" / "world"
MAP, MANIFEST = PLACE / "map.json", PLACE / "manifest.json"
ATLAS, CODES = "world-atlas", "i18n-iso-countries"
LICENCES = {ATLAS: f"{ATLAS}-LICENSE.txt", CODES: f"{CODES}-LICENSE.txt"}
"""The packages, and under what names their licences are kept."""
WIDTH = 2000
"""Units of the map from west to east; coordinates are whole."""
_NORTH, _SOUTH = 84.0, -60.0
"""Degrees of latitude between which the map is: beyond are ice and sea. Antarctica is a point at its rim."""
_ANTARCTICA = "AQ"
_A = (1.340264, -0.081106, 0.000893, 0.003796)
"""The coefficients of Equal Earth."""

Position: TypeAlias = tuple[float, float]
Ring: TypeAlias = Sequence[Position]


def main() -> None:
    """Write the map, its manifest and the licences."""
    packages = HERE / "node_modules"
    names = _names(packages / CODES)
    shapes = _shapes(_read(packages / ATLAS / "countries-110m.json"), names)
    points = _points(_read(packages / ATLAS / "countries-50m.json"), names)
    countries: dict[str, dict[str, object]] = {}
    for code, name in sorted(dict(names.values()).items()):
        countries[code] = {"name": name}
        if code in shapes and code != _ANTARCTICA:
            countries[code]["path"] = shapes[code]
        elif code in points:
            countries[code]["at"] = points[code]
    height = _placed((0, _SOUTH))[1]
    document = {"width": WIDTH, "height": height, "land": shapes.get("", ""), "countries": countries}
    PLACE.mkdir(exist_ok=True)
    MAP.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    descriptions = [_read(packages / name / "package.json") for name in LICENCES]
    for name, file in LICENCES.items():
        (PLACE / file).write_bytes((packages / name / "LICENSE").read_bytes())
    manifest = {
        "packages": [
            {"package": each["name"], "version": each["version"], "licence": each["license"]} for each in descriptions
        ],
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _written()},
    }
    MANIFEST.write_text(f"{json.dumps(manifest, indent=2)}\n", encoding="utf-8")


def _written() -> list[Path]:
    return [MAP, *(PLACE / file for file in LICENCES.values())]


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _names(package: Path) -> Mapping[str, tuple[str, str]]:
    """Return the code of two letters and the English name of each number of three digits."""
    names = _read(package / "langs" / "en.json")["countries"]
    first = {code: name if isinstance(name, str) else name[0] for code, name in names.items()}
    # XK (Kosovo) is one that its users have agreed on: ISO 3166 leaves it to them, and Natural Earth has no number.
    return {number: (code, first[code]) for code, _, number, _ in _read(package / "codes.json") if code != "XK"}


def _shapes(atlas: Any, names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the path (SVG 2, 9.3) of each country by its code; under the empty one, of land that has none."""
    paths: dict[str, str] = {}
    for country, polygons in _polygons(atlas):
        code = names[country][0] if country in names else ""
        paths[code] = paths.get(code, "") + "".join(_path(ring) for polygon in polygons for ring in polygon)
    return paths


def _points(atlas: Any, names: Mapping[str, tuple[str, str]]) -> dict[str, list[int]]:
    """Return where the middle of the largest part of each country is, by its code."""
    largest: dict[str, tuple[float, Position]] = {}
    for country, polygons in _polygons(atlas):
        for polygon in polygons:
            area, middle = _middle(polygon[0])
            if country in names and area > largest.get(names[country][0], (0.0, middle))[0]:
                largest[names[country][0]] = area, middle
    return {code: [*_placed(middle)] for code, (_, middle) in largest.items()}


def _polygons(atlas: Any) -> Iterator[tuple[str, list[list[Ring]]]]:
    """Yield the number and the polygons of each feature of a TopoJSON; a polygon is its rim and its holes."""
    (scale_x, scale_y), (start_x, start_y) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs: list[list[Position]] = []
    for steps in atlas["arcs"]:
        x = y = 0
        arc: list[Position] = []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arc.append((x * scale_x + start_x, y * scale_y + start_y))
        arcs.append(arc)
    for feature in atlas["objects"]["countries"]["geometries"]:
        listed = feature["arcs"] if feature["type"] == "MultiPolygon" else [feature["arcs"]]
        yield feature.get("id", ""), [[_ring(arcs, ring) for ring in polygon] for polygon in listed]


def _ring(arcs: Sequence[Ring], indices: Iterable[int]) -> Ring:
    """Return the ring of several arcs, of which negative ones run backwards; each ends where the next begins."""
    ring: list[Position] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += arc[1:] if ring else arc
    return ring


def _middle(ring: Ring) -> tuple[float, Position]:
    """Return the area of a ring, in square degrees as they look, and its middle."""
    twice = x = y = 0.0
    for (west, south), (east, north) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = west * north - east * south
        twice, x, y = twice + cross, x + (west + east) * cross, y + (south + north) * cross
    if not twice:
        return 0.0, ring[0]
    middle = x / (3 * twice), y / (3 * twice)
    return abs(twice) / 2 * math.cos(math.radians(middle[1])), middle


def _path(ring: Ring) -> str:
    """Return a ring as a path. One that crosses the 180th meridian has a part at either end of the map."""
    whole: list[Position] = []
    for longitude, latitude in ring:
        before = whole[-1][0] if whole else longitude
        whole.append((longitude - 360 * round((longitude - before) / 360), latitude))
    return "".join(
        _closed([(min(180.0, max(-180.0, longitude + turn)), latitude) for longitude, latitude in whole])
        for turn in (0, -360, 360)
        if any(-180 < longitude + turn < 180 for longitude, _ in whole)
    )


def _closed(ring: Ring) -> str:
    """Return a ring in steps from each point to the next; empty for one that is smaller than a unit or two."""
    points = [_placed(position) for position in ring]
    points = [point for place, point in enumerate(points) if not place or point != points[place - 1]]
    if points[0] == points[-1]:
        points.pop()
    if len(points) < 3:
        return ""
    steps = [(x - before_x, y - before_y) for (x, y), (before_x, before_y) in zip(points[1:], points[:-1], strict=True)]
    text = "".join(f" {step}" if step >= 0 else str(step) for pair in steps for step in pair).strip()
    return f"M{points[0][0]} {points[0][1]}l{text}z"


def _placed(position: Position) -> tuple[int, int]:
    """Return where a position (degrees of longitude and latitude) is on the map."""
    scale = WIDTH / (2 * _equal_earth((180.0, 0.0))[0])
    longitude, latitude = position
    x, y = _equal_earth((longitude, min(_NORTH, max(_SOUTH, latitude))))
    return round(WIDTH / 2 + x * scale), round((_equal_earth((0.0, _NORTH))[1] - y) * scale)


def _equal_earth(position: Position) -> Position:
    longitude, latitude = map(math.radians, position)
    angle = math.asin(math.sqrt(3) / 2 * math.sin(latitude))
    squared = angle * angle
    sixth = squared**3
    a1, a2, a3, a4 = _A
    slope = a1 + 3 * a2 * squared + sixth * (7 * a3 + 9 * a4 * squared)
    x = 2 * math.sqrt(3) * longitude * math.cos(angle) / (3 * slope)
    return x, angle * (a1 + a2 * squared + sixth * (a3 + a4 * squared))


if __name__ == "__main__":
    main()
