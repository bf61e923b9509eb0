"""The page of records that answers a request: filtered, sorted and cut, with what is known of the pages around it."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.value_class import value_class
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.conditions import RelatedRecords
from mock_server.worlds.state.listing.cursors import Cursor
from mock_server.worlds.state.listing.list_request import CursorParameter, ListRequest
from mock_server.worlds.state.listing.ordering import SeedOrder, in_order, is_by_age
from mock_server.worlds.state.listing.places import MOST_MADE, ReversedRecords, is_long, is_number, key_of, place_of


@value_class
class Page:
    """Some records of a list: those from ``offset``, of ``total`` that the request selects.

    ``size`` is how many it might have had. ``before`` and ``after`` are the handles of the records around it, empty
    where there is none. ``findings`` are those of the request, and cursors that lead nowhere.
    """

    records: Sequence[Record]
    total: int
    offset: int
    size: int
    request: ListRequest
    before: str = ""
    after: str = ""
    is_backward: bool = False
    """Whether it was asked for as the page before a place."""
    findings: tuple[Diagnostic, ...] = ()

    @property
    def end(self) -> int:
        """The number of records up to its last one."""
        return self.offset + len(self.records)

    @property
    def has_next(self) -> bool:
        """Whether records follow."""
        return self.end < self.total and bool(self.size)

    @property
    def has_previous(self) -> bool:
        """Whether there are records before it."""
        return self.offset > 0 and bool(self.total)

    @property
    def has_more(self) -> bool:
        """Whether there are more records in the direction in which it was asked for."""
        return self.has_previous if self.is_backward else self.has_next

    @property
    def pages(self) -> int:
        """The number of all pages; 0 where there are no records."""
        return -(-self.total // self.size) if self.size else 0

    @property
    def number(self) -> int:
        """Its number, counted from that of the first page."""
        first = self.request.paging.first
        if self.request.number is not None:
            return self.request.number
        return first + (self.offset // self.size if self.size else 0)

    @property
    def first_key(self) -> str | int | float | None:
        """The primary key of its first record; None where it is empty."""
        return key_of(self.records[0], self.request.key) if self.records else None

    @property
    def last_key(self) -> str | int | float | None:
        """The primary key of its last record; None where it is empty."""
        return key_of(self.records[-1], self.request.key) if self.records else None

    def next_cursor(self, parameter: CursorParameter | None) -> str:
        """Return the cursor of the place after its last record, in the form that a parameter takes."""
        if parameter is None or not self.records:
            return ""
        if parameter.form != "opaque":
            key = text_of(self.last_key)
            return key if parameter.form == "key" or is_number(key) else str(self.end)
        return Cursor(self.end, self.records[-1].handle, self.after).text()

    def previous_cursor(self, parameter: CursorParameter | None) -> str:
        """Return the cursor of the place before its first record, in the form that a parameter takes."""
        if parameter is None or not self.records:
            return ""
        if parameter.form != "opaque":
            key = text_of(self.first_key) if parameter.is_backward else ""
            if parameter.form == "key" or is_number(key):
                return key
            return str(self.offset if parameter.is_backward else max(0, self.offset - self.size))
        return Cursor(self.offset, self.before, self.records[0].handle, is_backward=True).text()


def page_of(records: Sequence[Record], request: ListRequest, related: RelatedRecords) -> Page:
    """Return the page of a list. ``records`` are all that may be listed, in the order in which they came.

    They may be virtual and many: without conditions, and in an order that they have by themselves (``SeedOrder``), only
    the page is taken from them.
    """
    return page_within(selection_of(records, request, related), request)


def page_within(listed: Sequence[Record], request: ListRequest) -> Page:
    """Return the page of records that were selected and sorted before (:func:`selection_of`)."""
    size = request.paging.largest if request.size is None else request.size
    if request.cursors:
        return _between_cursors(listed, request, size)
    start = 0
    if request.offset is not None:
        start = request.offset
    elif request.number is not None:
        start = (request.number - request.paging.first) * size
    return _cut(listed, request, start, size, size)


def _between_cursors(listed: Sequence[Record], request: ListRequest, size: int) -> Page:
    """Return the page that begins after a place, ends before one, or both. What leads nowhere does not count."""
    start: int | None = None
    stop: int | None = None
    findings: list[Diagnostic] = []
    for sent in request.cursors:
        place = place_of(listed, sent, request.key)
        if isinstance(place, Diagnostic):
            findings.append(place)
        elif sent.is_backward:
            stop = place
        else:
            start = place
    count = size
    if stop is not None:
        start = max(start or 0, stop - size) if start is None else start
        count = max(0, min(size, stop - start))
    is_backward = any(sent.is_backward for sent in request.cursors) and (stop is not None or not start)
    return _cut(listed, request, start or 0, count, size, is_backward=is_backward, findings=tuple(findings))


def _cut(
    listed: Sequence[Record],
    request: ListRequest,
    start: int,
    count: int,
    size: int,
    *,
    is_backward: bool = False,
    findings: tuple[Diagnostic, ...] = (),
) -> Page:
    """Return ``count`` records from ``start``, and who stands around them where cursors name those."""
    total = len(listed)
    findings = request.findings + findings
    if not request.paging.has_cursors:
        return Page(listed[start : start + count], total, start, size, request, findings=findings)
    first = max(0, start - 1)
    around = listed[first : start + count + 1]
    skipped = start - first
    before = around[0].handle if skipped and around else ""
    after = around[skipped + count].handle if len(around) > skipped + count else ""
    own = around[skipped : skipped + count]
    return Page(own, total, start, size, request, before, after, is_backward, findings)


def selection_of(records: Sequence[Record], request: ListRequest, related: RelatedRecords) -> Sequence[Record]:
    """Return the records that satisfy all conditions, in order.

    Of more than :data:`MOST_MADE` virtual ones, the first and the last are looked at: what a world has added is last.
    """
    if not request.conditions:
        if not request.order:
            return records
        if is_by_age(request.order):
            key = request.order[0]
            is_known = isinstance(records, SeedOrder) and records.is_oldest_first
            if not key.path or is_known or is_long(records):
                return ReversedRecords(records) if key.descends else records
        return in_order(_made(records), request.order)
    selected: Sequence[Record] = _made(records)
    for condition in request.conditions:
        selected = condition.select(selected, related)
    return in_order(selected, request.order) if request.order else selected


def _made(records: Sequence[Record]) -> Sequence[Record]:
    half = MOST_MADE // 2
    return [*records[:half], *records[-half:]] if is_long(records) else records
