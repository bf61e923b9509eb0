"""Patterns of codes, expanded to sequences of the characters that may be at each position.

The part of regular expressions that postal codes and tax ids need: literals, classes, groups, alternatives, ``?`` and
counts.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import cache, lru_cache
from math import prod

from mock_server.generation.seeding import RandomStream, totals

Sequence = tuple[str, ...]
"""The characters that may be at each position."""

_ESCAPES = {"d": string.digits, "b": ""}
_COUNT = re.compile(r"\{(\d+)(?:,(\d+))?\}")


@cache
def sequences(pattern: str) -> tuple[Sequence, ...]:
    """Return all sequences of a pattern. Raises ValueError, with the column, for what codes do not use."""
    alternatives, end = _alternatives(pattern, 0)
    if end != len(pattern):
        raise ValueError(f"{pattern!r}, column {end}: found {pattern[end]!r}; expected the end.")
    return tuple(dict.fromkeys(alternatives))


def draw(shapes: tuple[Sequence, ...], random: RandomStream) -> str:
    """Return a text of one of the shapes; each text is as likely as any other."""
    shape = shapes[0] if len(shapes) == 1 else random.weighted(shapes, _totals(shapes))
    return "".join(
        [letters if len(letters) == 1 else letters[int(random.random() * len(letters))] for letters in shape]
    )


@lru_cache(maxsize=4096)
def _totals(shapes: tuple[Sequence, ...]) -> tuple[float, ...]:
    return totals([prod(map(len, shape)) for shape in shapes])


def matches_sequence(shapes: Iterable[Sequence], prefixes: Iterable[Sequence]) -> list[Sequence]:
    """Return the shapes narrowed to those that begin with one of the prefixes."""
    pairs = ((shape, prefix) for prefix in prefixes for shape in shapes if len(prefix) <= len(shape))
    narrowed = ((*map(_common, shape, prefix), *shape[len(prefix) :]) for shape, prefix in pairs)
    return [shape for shape in narrowed if all(shape)]


def _common(letters: str, other: str) -> str:
    return "".join(letter for letter in letters if letter in other)


def _alternatives(pattern: str, at: int) -> tuple[list[Sequence], int]:
    alternatives, at = _row(pattern, at)
    while at < len(pattern) and pattern[at] == "|":
        more, at = _row(pattern, at + 1)
        alternatives += more
    return alternatives, at


def _row(pattern: str, at: int) -> tuple[list[Sequence], int]:
    rows: list[Sequence] = [()]
    while at < len(pattern) and pattern[at] not in "|)":
        alternatives, at = _atom(pattern, at)
        alternatives, at = _repeated(alternatives, pattern, at)
        rows = [(*left, *right) for left in rows for right in alternatives]
    return rows, at


def _repeated(alternatives: list[Sequence], pattern: str, at: int) -> tuple[list[Sequence], int]:
    least = most = 1
    if pattern.startswith("?", at):
        least, at = 0, at + 1
    elif count := _COUNT.match(pattern, at):
        least, most, at = int(count[1]), int(count[2] or count[1]), count.end()
    power: list[Sequence] = [()]
    result = [] if least else power
    for times in range(1, most + 1):  # no power beyond the last: that of the British areas alone takes 15 MB
        power = [(*left, *right) for left in power for right in alternatives]
        if times >= least:
            result = result + power
    return result, at


def _atom(pattern: str, at: int) -> tuple[list[Sequence], int]:
    letter = pattern[at]
    if letter == "(":
        inner, end = _alternatives(pattern, at + (3 if pattern.startswith("(?:", at) else 1))
        return inner, end + 1
    if letter == "[":
        end = pattern.index("]", at)
        return [(_members(pattern[at + 1 : end]),)], end + 1
    if letter in "^$":
        return [()], at + 1
    if letter == "\\":
        named = _ESCAPES.get(pattern[at + 1], pattern[at + 1])
        return [(named,) if named else ()], at + 2
    if letter in "*+.{}?":
        raise ValueError(f"{pattern!r}, column {at}: found {letter!r}; expected what codes use.")
    return [(letter,)], at + 1


def _members(inside: str) -> str:
    inside = inside.replace("\\d", "0-9").replace("\\-", "-")
    spread = re.sub(r"(\w)-(\w)", lambda span: "".join(map(chr, range(ord(span[1]), ord(span[2]) + 1))), inside)
    return "".join(dict.fromkeys(spread))
