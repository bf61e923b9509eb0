"""Rows of ``cities.yaml`` and ``by_hand.yaml``: how people write a city, its subdivision, which codes are its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class ListedCity:
    """A city with the pattern that its codes begin with, or with codes written by hand."""

    name: str
    subdivision: str
    prefix: str | None
    codes: Mapping[str, tuple[str, ...]]
    """By neighbourhood, ``""`` for none."""
    population: int


def listed_cities(folder: Path) -> Mapping[str, list[ListedCity]]:
    """Return the listed cities of each country. Raises :class:`ValueError` for a range of codes that is none."""
    tables = [yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in ("cities", "by_hand")]
    parts = yaml.safe_load((folder / "neighbourhoods.yaml").read_text("utf-8"))
    cities: dict[str, dict[str, ListedCity]] = {}
    for country, subdivisions in chain.from_iterable(table.items() for table in tables):
        rows = {city.name: city for city in _rows(subdivisions, parts.get(country, {}))}
        cities[country] = cities.get(country, {}) | rows
    return {country: list(rows.values()) for country, rows in cities.items()}


def _rows(subdivisions: Mapping[str, str], parts: Mapping[str, Mapping[str, str]]) -> Iterator[ListedCity]:
    for subdivision, row in subdivisions.items():
        for entry in row.split(", "):
            text, _, people = entry.partition(" *")
            text, _, codes = text.partition(" =")
            name, _, prefix = text.partition(" /")
            hand = tuple(
                code for written in codes.split() for code in _range(written.replace("_", " ").replace("+", "*"))
            )
            by_part = {part: (str(code),) for part, code in parts.get(name, {}).items()} or ({"": hand} if hand else {})
            yield ListedCity(name, subdivision, prefix or None, by_part, int(float(people or 0) * 1000))


def _range(written: str) -> Iterator[str]:
    """Yield the codes of ``10431..10447`` (every one) or the code itself."""
    first, dots, last = written.partition("..")
    if not dots:
        yield written
        return
    if len(first) != len(last) or not (first + last).isdigit():
        raise ValueError(f"cities.yaml: found the range {written}; expected two numbers of the same length")
    for number in range(int(first), int(last) + 1):
        yield f"{number:0{len(first)}}"
