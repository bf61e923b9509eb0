"""Records by number, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from mock_server.storage import Record


class SeedSequence(Sequence[Record]):
    """The seeds of these numbers, in their order."""

    is_oldest_first = True
    """Each seed was created after the one before it."""

    def __init__(
        self, numbers: Sequence[int], record: Callable[[int], Record], number_of: Callable[[str], int | None]
    ) -> None:
        """Take the numbers, what makes the record of one, and what tells the number of a handle."""
        self._numbers = numbers
        self._record = record
        self._number_of = number_of

    def position_of(self, key: str) -> int | None:
        """Return where the record with a handle stands; None where there is none."""
        number = self._number_of(key)
        if number is None or not isinstance(self._numbers, range):
            return self._numbers.index(number) if number in self._numbers else None
        return number if number < len(self._numbers) else None

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Record]:
        return map(self._record, self._numbers)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        """Return a record, or those of a slice, which alone are made."""
        if isinstance(index, slice):
            return [self._record(number) for number in self._numbers[index]]
        return self._record(self._numbers[index])
