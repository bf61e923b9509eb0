"""The rest of postal codes of which the tables have the beginning, by the pattern of a country."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from mock_server.generation.fake.code_patterns import Sequence, draw, matches_sequence, sequences
from mock_server.generation.fake.data_tables import row
from mock_server.generation.seeding import RandomStream


class _Rule(NamedTuple):
    """The pattern of a country's codes, and one of them as people write it."""

    pattern: str
    example: str


def completed_code(country: str, code: str, random: RandomStream) -> str:
    """Return a postal code; one that ends in ``*`` is completed, any other is returned as it is.

    Raises ValueError for a beginning that the country's pattern excludes.
    """
    return draw(_shapes(country, code[:-1]), random) if code.endswith("*") else code


@cache
def _rule(country: str) -> _Rule:
    return _Rule(**row("code_patterns", country))


@cache
def _shapes(country: str, beginning: str) -> tuple[Sequence, ...]:
    """Return the shapes of a country's codes that begin so; raises ValueError where there are none."""
    rule = _rule(country)
    whole = sequences(rule.pattern)
    for candidates in (_usual(whole, rule.example), whole):
        if shapes := matches_sequence(candidates, sequences(beginning)):
            return tuple(dict.fromkeys(shapes))
    raise ValueError(f"{country}: no postal code begins with {beginning} and is {rule.pattern}.")


def _usual(shapes: Iterable[Sequence], example: str) -> list[Sequence]:
    """Return the shapes of an example: `123 45` where the space is optional, five digits where nine may be."""
    return [
        shape
        for shape in shapes
        if len(shape) == len(example) and all(a in b for a, b in zip(example, shape, strict=True))
    ]
