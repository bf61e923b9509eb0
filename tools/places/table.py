"""The tables as they ship: one of tab-separated lines for each country, with codes written short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path


@dataclass(slots=True)
class Place:
    """A city to be written: its codes by the part of it (a ward, a neighbourhood) that they are of, ``""`` for none."""

    name: str
    subdivision: str
    population: int
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def write_table(folder: Path, country: str, source: str, places: Sequence[Place]) -> int:
    """Write the table of a country with a comment of where it is from; returns its bytes."""
    lines = [f"# {source}"]
    for place in places:
        groups = ";".join(_group(part, codes) for part, codes in place.codes.items())
        lines.append(f"{place.subdivision}\t{place.name}\t{place.population}\t{groups}".rstrip("\t"))
    text = "\n".join(lines) + "\n"
    (folder / f"{country}.tsv").write_text(text, "utf-8")
    return len(text.encode())


def _group(part: str, codes: Sequence[str]) -> str:
    same = len({len(code) for code in codes}) == 1
    listed = ",".join(_shortened(codes)) if same else "|".join(codes)
    return f"{part}={listed}" if part else listed


def _shortened(codes: Sequence[str]) -> list[str]:
    """Return codes of one length, each but the first without what it shares with the one before: ``10115,7,9``."""
    shorts = list(codes[:1])
    for before, code in pairwise(codes):
        shorts.append(code[_shared(before, code) :])
    return shorts


def _shared(before: str, code: str) -> int:
    """Return how many characters two different codes of one length begin with alike."""
    return next(index for index, (a, b) in enumerate(zip(before, code, strict=True)) if a != b)
