"""Rows that show each option of each factor, and each pair of options: far fewer than all combinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Assignment = dict[int, int]
"""By number of the factor, the number of the option."""


@dataclass(frozen=True, slots=True)
class Factor:
    """What can be one way or another. Option 0 is the plain one.

    ``needs`` are the options of other factors without which this one is not there at all. ``pairs``: whether it
    is to be seen with each option of the others, or each of its own options only once.
    """

    count: int
    needs: Mapping[int, int]
    pairs: bool = True


def covering_rows(factors: Sequence[Factor]) -> list[Assignment]:
    """Assignments that cover every option, and every pair of options that can go together; always the same ones.

    Factors that an assignment leaves out have their plain option or are not there.
    """
    uncovered = _pairs(factors)
    singles = {(index, option): None for index, one in enumerate(factors) for option in range(1, one.count)}
    rows: list[Assignment] = []
    for single in list(singles):
        wanted = _closed(factors, dict([single])) if single in singles else None
        if wanted is not None:
            rows.append(_grown(factors, wanted, uncovered, singles))
    for pair in list(uncovered):
        if pair in uncovered:
            wanted = _closed(factors, dict(pair))
            if wanted is None:
                uncovered.pop(pair)
            else:
                rows.append(_grown(factors, wanted, uncovered, singles))
    return rows


Pair = tuple[tuple[int, int], tuple[int, int]]


def _pairs(factors: Sequence[Factor]) -> dict[Pair, None]:
    paired = [(index, factor) for index, factor in enumerate(factors) if factor.pairs]
    return {
        ((one, option), (two, other)): None
        for at, (one, left) in enumerate(paired)
        for two, right in paired[at + 1 :]
        for option in range(left.count)
        for other in range(right.count)
        if option or other
    }


def _closed(factors: Sequence[Factor], wanted: Assignment) -> Assignment | None:
    """The assignment with all that it needs; None where that contradicts itself."""
    found = dict(wanted)
    waiting = list(wanted)
    while waiting:
        for index, option in factors[waiting.pop()].needs.items():
            if found.get(index, option) != option:
                return None
            if index not in found:
                found[index] = option
                waiting.append(index)
    return found


def _grown(
    factors: Sequence[Factor], wanted: Assignment, uncovered: dict[Pair, None], singles: dict[tuple[int, int], None]
) -> Assignment:
    """The assignment with as much beside as goes with it: uncovered pairs, and unseen options of factors without pairs.

    What it shows is covered from now on.
    """
    row = dict(wanted)
    for index, factor in enumerate(factors):
        if index in row:
            continue
        if not factor.pairs:
            row = _with_unseen(factors, row, index, singles)
            continue
        best, most = None, 0
        for option in range(factor.count):
            grown = _closed(factors, {index: option})
            if grown is None or any(row.get(key, value) != value for key, value in grown.items()):
                continue
            gain = sum(_pair(index, option, two, other) in uncovered for two, other in row.items())
            if gain > most:
                best, most = {**row, **grown}, gain
        row = best if best is not None else row
    for one in row.items():
        singles.pop(one, None)
    listed = sorted(row.items())
    for at, one in enumerate(listed):
        for two in listed[at + 1 :]:
            uncovered.pop((one, two), None)
    return row


def _with_unseen(
    factors: Sequence[Factor], row: Assignment, index: int, singles: Mapping[tuple[int, int], None]
) -> Assignment:
    option = next((option for option in range(1, factors[index].count) if (index, option) in singles), None)
    if option is None:
        return row
    grown = _closed(factors, {index: option}) or {}
    fits = bool(grown) and all(row.get(key, value) == value for key, value in grown.items())
    return {**row, **grown} if fits else row


def _pair(one: int, option: int, two: int, other: int) -> Pair:
    return ((one, option), (two, other)) if one < two else ((two, other), (one, option))
