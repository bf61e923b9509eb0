"""Street lines as the post of a country asks for them, from ``data/streets.yaml``, by language and region."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, overload

from mock_server.core.value_class import value_class
from mock_server.generation.fake.cities import City
from mock_server.generation.fake.data_tables import row, table
from mock_server.generation.fake.locales import people_of
from mock_server.generation.seeding import RandomStream

_SECOND_LINES = 0.12
"""The share of addresses with a second line, where the post does not ask for one."""


class Streets(Sequence[str]):
    """Streets of a language: some by their name, and one of each kind (`Rue {x}`) for each name.

    They are put together when read: written out they hold megabytes once customers of every country were asked for.
    """

    def __init__(self, whole: Sequence[str], kinds: Sequence[str], names: Sequence[str]) -> None:
        self._whole, self._kinds, self._names = whole, kinds, names

    def __len__(self) -> int:
        return len(self._whole) + len(self._kinds) * len(self._names)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index < len(self._whole):
            return self._whole[index]
        name, kind = divmod(index - len(self._whole), len(self._kinds) or 1)
        return self._kinds[kind].replace("{x}", self._names[name])  # IndexError beyond the last ends a loop


@value_class
class StreetStyle:
    """How addresses are written: lines with blanks, streets to fill in, neighbourhoods, and second lines.

    ``part`` is a second line for the neighbourhood, where the post wants one; None where a line names it or none is
    named.
    """

    lines: tuple[str, ...]
    streets: Streets
    seconds: tuple[str, ...]
    areas: tuple[str, ...]
    part: str | None


def street_lines(
    country: str, city: City, part: str | None, code: str | None, random: RandomStream
) -> tuple[str, str | None]:
    """Return the street line, and a second one for some addresses or all of a country, else None.

    ``part`` is the neighbourhood that the code belongs to, where that is known.
    """
    if city.streets:
        return random.choice(city.streets), None
    style = style_of(country, code)
    area = part or (random.choice(style.areas) if style.areas else "")
    blanks = _Blanks(random.choice(style.streets), area, code or "", random)
    line = blanks.fill(random.choice(style.lines))
    if style.part and area:
        return line, blanks.fill(style.part)
    second = blanks.fill(random.choice(style.seconds)) if random.random() < _SECOND_LINES else None
    return line, None if second and _repeats(line, second) else second


def _repeats(line: str, second: str) -> bool:
    """Tell whether a second line says nothing that the first does not: another flat, beside `кв. 5`."""
    words = _WORD.findall(second)
    return bool(words) and all(word in line for word in words)


@dataclass(slots=True)
class _Blanks:
    """What fills the blanks of a line; ``data/streets.yaml`` tells their names."""

    street: str
    area: str
    code: str
    random: RandomStream

    def fill(self, line: str) -> str:
        """Return a line with its blanks filled in. Low house numbers are common and high ones rare."""
        street = self.street  # which may have blanks of its own
        line = line.replace("{S}", street[:1].upper() + street[1:]).replace("{s}", street)
        return _BLANK.sub(self._value, line).strip()

    def _value(self, blank: re.Match[str]) -> str:
        kind = blank[1]
        if kind == "a":
            return self.area
        if kind == "m":
            return str(1 + int(self.random.random() * 9))
        if kind == "o":
            return _ordinal(1 + int(self.random.random() * 19))
        if kind == "l":
            return self.random.choice("ABCD")
        if kind == "c":
            return self.code[3:].lstrip("0")
        if kind == "p":
            return self.code
        if kind == "r":
            return self.code[-2:].lstrip("0")
        return str(1 + int(self.random.random() ** 2 * 148))


_WORD = re.compile(r"[^\W\d_]{2,}")
_BLANK = re.compile(r"\{([aclmnopr])\}")


def _ordinal(number: int) -> str:
    """Return an English ordinal: 1st, 2nd, 3rd, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def style_of(country: str, code: str | None) -> StreetStyle:
    """Return how addresses of a country are written, where several languages are written by the region of a code."""
    for key, pattern in table("street_regions").get(country, {}).items():
        if re.match(pattern, code or ""):
            return _style(key)
    return _style(people_of(country).streets)


@cache
def _style(key: str) -> StreetStyle:
    style: Mapping[str, Any] = row("streets", key)
    streets = Streets(style.get("streets", ()), style.get("kinds", ()), style.get("names", ()))
    areas, part = tuple(style.get("areas", ())), style.get("part")
    return StreetStyle(tuple(style["lines"]), streets, tuple(style["seconds"]), areas, part)
