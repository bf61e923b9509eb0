"""Pairwise coverage: rows that show each option of each factor, and each pair of options.

They are far fewer than all combinations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.value_class import value_class

Option = tuple[int, int]
"""The number of a factor, and the number of the option."""
Assignment = dict[int, int]
"""By number of the factor, the number of its option."""
Pair = tuple[Option, Option]


@value_class
class Factor:
    """A choice with several options. Option 0 is the plain one, unless ``drawn``: then any may be.

    ``needs`` are the options of other factors without which this factor does not exist. ``pairs`` tells whether each
    option is to be combined with each option of the others, or shown only once.
    """

    count: int
    needs: Mapping[int, int]
    pairs: bool = True
    drawn: bool = False


@value_class
class FactorRow:
    """An assignment. ``first`` is the option, or the pair of options, that the row was made for."""

    first: tuple[Option, ...]
    options: Assignment


def pairwise_rows(factors: Sequence[Factor]) -> list[FactorRow]:
    """Return assignments that cover every option, and every possible pair of options; always the same ones.

    Factors that an assignment leaves out have their plain option or do not exist.
    """
    return _Covering(factors).rows()


class _Covering:
    """The options and pairs that no row shows yet."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        self._factors = factors
        self._closures: dict[Option, Assignment | None] = {}
        self._pairs = _pairs(factors)
        option_ranges = [range(0 if factor.drawn else 1, factor.count) for factor in factors]
        self._unseen = {index: dict.fromkeys(options) for index, options in enumerate(option_ranges) if options}

    def rows(self) -> list[FactorRow]:
        rows: list[FactorRow] = []
        # Options first, then pairs: the rows for options show most of the pairs already.
        singles = [(index, option) for index, options in self._unseen.items() for option in options]
        for index, option in singles:
            if option in self._unseen.get(index, ()):
                rows += self._row((index, option))
        for pair in list(self._pairs):
            if pair in self._pairs:
                rows += self._row(*pair)
        return rows

    def _row(self, *first: Option) -> list[FactorRow]:
        """Return the row for an option or a pair, with as many others as fit; none where the pair is not possible."""
        row: Assignment | None = {}
        for option in first:
            row = None if row is None else self._joined(row, option)
        if row is not None:
            # The fuller a row is, the fewer rows are needed.
            row = self._with_pairs(self._with_unseen(row))
            self._seen(row)
            return [FactorRow(first, row)]
        if len(first) == 2:
            self._pairs.pop((first[0], first[1]))
        return []

    def _joined(self, row: Assignment, option: Option) -> Assignment | None:
        """Return the row with an option and all that it needs; None where they exclude each other."""
        if option not in self._closures:
            self._closures[option] = _closed(self._factors, option)
        needed = self._closures[option]
        if needed is None or any(row.get(key, value) != value for key, value in needed.items()):
            return None
        return {**row, **needed}

    def _with_unseen(self, row: Assignment) -> Assignment:
        """Return the row with one more unseen option of each factor that is not for pairs."""
        for index, options in self._unseen.items():
            if index not in row and not self._factors[index].pairs:
                row = self._joined(row, (index, next(iter(options)))) or row
        return row

    def _with_pairs(self, row: Assignment) -> Assignment:
        """Return the row with an option of each other factor for pairs: the one that shows most unseen pairs."""
        if not self._pairs:
            return row
        for index, factor in enumerate(self._factors):
            if index in row or not factor.pairs:
                continue
            best, most = row, 0
            for option in range(factor.count):
                gain = sum(_pair((index, option), other) in self._pairs for other in row.items())
                joined = self._joined(row, (index, option)) if gain > most else None
                if joined is not None:
                    best, most = joined, gain
            row = best
        return row

    def _seen(self, row: Assignment) -> None:
        for index, option in row.items():
            options = self._unseen.get(index, {})
            options.pop(option, None)
            if not options:
                self._unseen.pop(index, None)
        listed = sorted(entry for entry in row.items() if self._factors[entry[0]].pairs)
        for at, first in enumerate(listed):
            for second in listed[at + 1 :]:
                self._pairs.pop((first, second), None)


def _pairs(factors: Sequence[Factor]) -> dict[Pair, None]:
    paired = [(index, factor) for index, factor in enumerate(factors) if factor.pairs]
    return {
        ((first, option), (second, other)): None
        for at, (first, left) in enumerate(paired)
        for second, right in paired[at + 1 :]
        for option in range(left.count)
        for other in range(right.count)
        if option or other or left.drawn or right.drawn
    }


def _closed(factors: Sequence[Factor], option: Option) -> Assignment | None:
    """Return the option with all that it needs; None where that contradicts itself."""
    assignment = dict([option])
    waiting = [option[0]]
    while waiting:
        for index, needed in factors[waiting.pop()].needs.items():
            if assignment.get(index, needed) != needed:
                return None
            if index not in assignment:
                assignment[index] = needed
                waiting.append(index)
    return assignment


def _pair(first: Option, second: Option) -> Pair:
    return (first, second) if first < second else (second, first)
