"""The records of one resource in memory: those that all worlds share, and the rows that a world has over them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Protocol, TypeAlias

from mock_server.storage.query import RecordQuery
from mock_server.storage.record import Absence, OwnRow, Record
from mock_server.storage.revision import next_revision
from mock_server.storage.searched_texts import SearchedTexts


class ResourceRecords:
    """The records of one resource: by handle, and in the order in which they came."""

    __slots__ = ("_texts", "by_handle", "in_order", "version")

    def __init__(self, by_handle: dict[str, Record], version: int) -> None:
        self.by_handle = by_handle
        self.in_order = tuple(by_handle.values())
        self.version = version
        self._texts: SearchedTexts | None = None
        """What searches examine, once somebody searches."""

    def records(self, search: RecordQuery) -> Sequence[Record]:
        """Return the records that a search matches."""
        if search.is_plain:
            return self.in_order[search.offset : search.end]
        return [record for _, record in islice(self.matches(search), search.offset, search.end)]

    def count(self, search: RecordQuery) -> int:
        """Return how many records a search matches."""
        if search.is_plain:
            return len(self.in_order)
        return sum(1 for _ in (self.matches(search) if search.handle else self._places(search.text)))

    def matches(self, search: RecordQuery) -> Iterator[tuple[int, Record]]:
        """Yield all matching records, each with its place."""
        records, handle = self.in_order, search.handle
        for place in self._places(search.text) if search.text else range(len(records)):
            record = records[place]
            if record.handle.startswith(handle):
                yield place, record

    def _places(self, text: str) -> Iterator[int]:
        if self._texts is None:
            self._texts = SearchedTexts(self.in_order)
        return self._texts.places(text)


NO_RECORDS = ResourceRecords({}, 0)
"""Those of a resource that has none."""


class SharedRecords(Protocol):
    """The records that all worlds share."""

    @property
    def revision(self) -> int:
        """A number that grows with every change."""

    def of(self, resource: str) -> ResourceRecords:
        """Return the records of a resource."""

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that have records."""


FrozenRows: TypeAlias = tuple[dict[str, OwnRow], frozenset[str]]
"""Rows that are not changed any more, and the handles of those that have moved."""


class OwnRows:
    """The rows of one resource that a world has itself. ``rows`` is copied before a change once somebody has it."""

    __slots__ = ("is_lent", "moved", "order", "rows", "shared_version", "version")

    def __init__(self, lent: FrozenRows | None = None) -> None:
        rows, moved = lent or ({}, frozenset())
        self.rows = rows
        self.moved = moved
        """Handles of shared records whose own record comes after all shared ones: they were deleted and came again."""
        self.is_lent = lent is not None
        self.version = next_revision()
        self.shared_version = 0
        """The version of the shared records for which ``version`` stands."""
        self.order: MergedOrder | None = None
        """The order of what is shown, once somebody asks for it."""

    def lend(self) -> dict[str, OwnRow]:
        """Return the rows, which stay as they are from now on."""
        self.is_lent = True
        return self.rows

    def freeze(self) -> FrozenRows:
        """Return what others need to begin with these rows."""
        return self.lend(), self.moved

    def put(self, handle: str, row: OwnRow, shared: ResourceRecords, *, restoring: bool) -> None:
        """Put a row in place of what there is. A record that was deleted comes last, unless it is to be restored."""
        if self.is_lent:
            self.rows, self.is_lent = dict(self.rows), False
        if row is Absence.UNTOUCHED:
            self.rows.pop(handle, None)
            if handle in self.moved:
                self.moved -= {handle}
        else:
            if isinstance(row, Record) and not restoring and self.rows.get(handle) is Absence.DELETED:
                del self.rows[handle]
                if handle in shared.by_handle:
                    self.moved |= {handle}
            self.rows[handle] = row
        self.order, self.version = None, next_revision()

    def version_over(self, shared: ResourceRecords) -> int:
        """Return a number that no other state of the two together has."""
        if self.shared_version != shared.version:
            self.shared_version, self.version = shared.version, next_revision()
        return self.version

    def order_over(self, shared: ResourceRecords) -> MergedOrder:
        """Return the order of what is shown."""
        order = self.order
        if order is None or order.shared is not shared:
            order = self.order = MergedOrder(self, shared)
        return order


class MergedOrder:
    """What a world shows of a resource: shared records at their places, own ones there too or after them.

    ``gone`` are the places of the shared records, in order, where nothing is shown.
    """

    __slots__ = ("_added", "_gone", "_moved", "_number", "_rows", "shared")

    def __init__(self, own: OwnRows, shared: ResourceRecords) -> None:
        self.shared = shared
        self._rows = own.lend()
        self._moved = own.moved
        in_place = (self._rows.keys() & shared.by_handle.keys()) - own.moved
        hides = {handle for handle in in_place if isinstance(self._rows[handle], Absence)}
        hides |= own.moved & shared.by_handle.keys()
        self._gone = [place for place, record in enumerate(shared.in_order) if record.handle in hides] if hides else []
        self._number = len(shared.in_order) - len(self._gone)
        self._added = [row for handle, row in self._rows.items() if isinstance(row, Record) and handle not in in_place]

    def __len__(self) -> int:
        return self._number + len(self._added)

    def __iter__(self) -> Iterator[Record]:
        return self.part(0, None)

    def records(self, search: RecordQuery) -> Sequence[Record]:
        """Return the records that a search matches."""
        if search.is_plain:
            return [*self.part(search.offset, search.end)]
        return [*islice(self._matches(search), search.offset, search.end)]

    def count(self, search: RecordQuery) -> int:
        """Return how many records a search matches."""
        return len(self) if search.is_plain else sum(1 for _ in self._matches(search))

    def _matches(self, search: RecordQuery) -> Iterator[Record]:
        rows, shared, matches = self._rows, self.shared, search.condition()
        changed = (rows.keys() & shared.by_handle.keys()) - self._moved
        places = enumerate(shared.in_order) if changed else ()
        own = ((place, rows[record.handle]) for place, record in places if record.handle in changed)
        in_place = [(place, row) for place, row in own if isinstance(row, Record) and matches(row)]
        unchanged = (match for match in shared.matches(search) if match[1].handle not in rows)
        yield from (record for _, record in merge(unchanged, in_place, key=itemgetter(0)))
        yield from filter(matches, self._added)

    def part(self, start: int, end: int | None) -> Iterator[Record]:
        """Yield the records from one place on up to another."""
        end = len(self) if end is None else end
        if start < self._number:
            yield from islice(self._shared_from(start), max(0, min(end, self._number) - start))
        yield from self._added[max(0, start - self._number) : max(0, end - self._number)]

    def _shared_from(self, number: int) -> Iterator[Record]:
        """Yield what is shown at the places of shared records, without the first ``number``."""
        place = bisect_right(range(len(self._gone)), number, key=lambda index: self._gone[index] - index) + number
        records = self.shared.in_order
        for record in (records[index] for index in range(place, len(records))):
            row = self._rows.get(record.handle, record)
            if isinstance(row, Record) and record.handle not in self._moved:
                yield row
