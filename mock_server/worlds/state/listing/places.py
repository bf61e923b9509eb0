"""Where in a list a cursor leads: between which records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.text import describe_value
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.cursors import Cursor
from mock_server.worlds.state.listing.list_request import SentCursor
from mock_server.worlds.state.listing.ordering import SeedOrder

MOST_MADE = 10_000
"""Most records of a virtual sequence that are made to filter, sort or search them."""
_LONGEST_NUMBER = 40


class ReversedRecords(Sequence[Record]):
    """Records from the last to the first, without a copy of them."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        count = len(self._records)
        if isinstance(index, int):
            return self._records[count - 1 - index if index >= 0 else -index - 1]
        start, stop, step = index.indices(count)
        if step != 1:
            return [self[number] for number in range(start, stop, step)]
        return [*self._records[count - stop : count - start]][::-1] if stop > start else []

    def __iter__(self) -> Iterator[Record]:
        return reversed(self._records)

    def position_of(self, key: str) -> int | None:
        """Return where the record with a handle or primary key stands, where the records know it."""
        place = self._records.position_of(key) if isinstance(self._records, SeedOrder) else None
        return None if place is None else len(self._records) - 1 - place

    @property
    def is_oldest_first(self) -> bool:
        """Whether each record was created after the one before it: not known."""
        return False


def key_of(record: Record, member: str) -> str | int | float:
    """Return the primary key of a record: a member, that of an object in it (``user_id``: ``user.id``), or hidden.

    Where there is none, its handle stands for it.
    """
    key = record.value.get(member)
    if key is None and "_" in member:
        outer = record.value.get(member.rpartition("_")[0])
        key = outer.get(member.rpartition("_")[2]) if isinstance(outer, dict) else None
    if key is None and record.hidden:
        scope = record.hidden.get("scope")
        key = scope.get(member) if isinstance(scope, dict) else None
    return key if isinstance(key, (str, int, float)) and not isinstance(key, bool) else record.handle


def is_long(records: Sequence[Record]) -> bool:
    """Tell whether there are too many virtual records to make them all."""
    return not isinstance(records, list) and len(records) > MOST_MADE


def is_number(text: str) -> bool:
    """Tell whether a text is a whole number of reasonable length."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def place_of(listed: Sequence[Record], sent: SentCursor, key: str) -> int | Diagnostic:
    """Return the number of records before the place that a cursor leads to; a finding where it leads nowhere.

    The cursor is one of ours, a handle, or the primary key of a record. Where all keys are numbers in order, any number
    leads to its place among them, as snowflakes do.
    """
    text = sent.text
    if sent.cursor is not None:
        return _place_between(listed, sent.cursor, key)
    index = _index_of(listed, text, key)
    if index is not None:
        return index if sent.parameter.is_backward else index + 1
    place = _place_among_numbers(listed, text, key, is_after=not sent.parameter.is_backward)
    if place is not None:
        return place
    if sent.parameter.form == "number" and is_number(text):
        return min(int(text), len(listed))
    expected = "the cursor of a page before, or the key of a record in the list"
    return Diagnostic("unknown-cursor", f"query {sent.parameter.name}", describe_value(text), expected)


def _place_between(listed: Sequence[Record], cursor: Cursor, key: str) -> int:
    """Return the place of one of our own cursors: at its records, or where they were."""
    position, count = cursor.position, len(listed)
    if cursor.last and 0 < position <= count and listed[position - 1].handle == cursor.last:
        return position
    last = _index_of(listed, cursor.last, key) if cursor.last else None
    if last is not None:
        return last + 1
    if cursor.following and position < count and listed[position].handle == cursor.following:
        return position
    following = _index_of(listed, cursor.following, key) if cursor.following else None
    return following if following is not None else min(position, count)


def _index_of(listed: Sequence[Record], text: str, key: str) -> int | None:
    """Return where the record with a handle or primary key stands, of many virtual ones only if they know it."""
    if isinstance(listed, (SeedOrder, ReversedRecords)):
        place = listed.position_of(text)
        if place is not None:
            return place
    if is_long(listed):
        return None
    for index, record in enumerate(listed):
        if record.handle == text or text_of(key_of(record, key)) == text:
            return index
    return None


def _place_among_numbers(listed: Sequence[Record], text: str, key: str, *, is_after: bool) -> int | None:
    """Return the place of a number among keys that are numbers in order; None where they are not."""
    if not is_number(text) or is_long(listed):
        return None
    keys = [text_of(key_of(record, key)) for record in listed]
    if not all(map(is_number, keys)):
        return None
    number, numbers = int(text), [*map(int, keys)]
    if not number and is_after:  # before all of them, in whatever order they are
        return 0
    if numbers == sorted(numbers):
        return sum(own <= number if is_after else own < number for own in numbers)
    if numbers == sorted(numbers, reverse=True):
        return sum(own >= number if is_after else own > number for own in numbers)
    return None
