"""The records of the beginning with a world's changes in their places, and its new records after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Protocol, overload, runtime_checkable

from mock_server.storage import Absence, Record


@runtime_checkable
class PlacedRecords(Protocol):
    """Records that know the places of their handles, so that none has to be made to find one."""

    @property
    def is_oldest_first(self) -> bool:
        """Whether each record was created after the one before it."""

    def position_of(self, key: str) -> int | None:
        """Return where the record with a handle stands; None where there is none."""


class MergedSequence(Sequence[Record]):
    """Records of the beginning, some of them changed or deleted, and new ones after them.

    Nothing is made before it is asked for: a page of many records costs a page.
    """

    def __init__(self, base: Sequence[Record], own: Mapping[str, Record | Absence], new: Sequence[Record]) -> None:
        """Take the records of the beginning, a world's rows of these by handle, and its other records."""
        self._base = base
        # To ask a protocol takes long, and this is asked for each of the rows.
        self._placed = base if isinstance(base, PlacedRecords) else None
        self._own = own
        self._made = new

    @cached_property
    def _new(self) -> Sequence[Record]:
        """This world's records that it did not begin with."""
        others = [row for handle, row in self._own.items() if isinstance(row, Record) and self._place(handle) is None]
        return [*others, *self._made] if others else self._made

    @cached_property
    def _changed(self) -> dict[int, Record]:
        return {place: row for place, row in self._places.items() if isinstance(row, Record)}

    @cached_property
    def _deleted(self) -> list[int]:
        """The places of deleted records, in order."""
        return sorted(place for place, row in self._places.items() if row is Absence.DELETED)

    @cached_property
    def _places(self) -> dict[int, Record | Absence]:
        places = ((self._place(handle), row) for handle, row in self._own.items())
        return {place: row for place, row in places if place is not None}

    def _place(self, handle: str) -> int | None:
        if self._placed is not None:
            return self._placed.position_of(handle)
        return self._handles.get(handle)

    @cached_property
    def _handles(self) -> dict[str, int]:
        return {record.handle: place for place, record in enumerate(self._base)}

    @property
    def is_oldest_first(self) -> bool:
        """Whether each record was created after the one before it, as far as this world's own tell when they were."""
        if self._placed is None or not self._placed.is_oldest_first:
            return False
        times = [moment for record in self._new if isinstance(moment := record.hidden.get("made"), (int, float))]
        return len(times) == len(self._new) and times == sorted(times) and (not times or times[0] >= BEGINNING)

    def position_of(self, key: str) -> int | None:
        """Return where the record with a handle stands; None where there is none."""
        for place, record in enumerate(self._new):
            if record.handle == key:
                return len(self._base) - len(self._deleted) + place
        place_there = self._place(key)
        if place_there is None or place_there in self._deleted:
            return None
        return place_there - sum(1 for deleted in self._deleted if deleted < place_there)

    def __len__(self) -> int:
        return len(self._base) - len(self._deleted) + len(self._new)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self._at(number) for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        return self._at(number)

    def _at(self, number: int) -> Record:
        there = len(self._base) - len(self._deleted)
        if number >= there:
            return self._new[number - there]
        place = number
        for deleted in self._deleted:
            if deleted > place:
                break
            place += 1
        changed = self._changed.get(place)
        return self._base[place] if changed is None else changed

    def __iter__(self) -> Iterator[Record]:
        return chain(self._there() if self._places else self._base, self._new)

    def _there(self) -> Iterator[Record]:
        """Yield the records of the beginning as they are now."""
        deleted = frozenset(self._deleted)
        for place, record in enumerate(self._base):
            if place not in deleted:
                yield self._changed.get(place, record)


BEGINNING = 1_735_689_600
"""2025-01-01 in seconds since 1970: all records of the beginning were created before it."""
