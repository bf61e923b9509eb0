"""Searches of records in memory: the same as if each record were looked at, whatever a world has changed."""

from __future__ import annotations

import pytest

from mock_server.storage.query import RecordQuery
from mock_server.storage.record import Absence, Record
from mock_server.storage.resource_records import MergedOrder, OwnRows, ResourceRecords

SEARCHES = [
    RecordQuery(text, handle, offset, limit)
    for text in ("", "a", "SMITH", "straße", "ab", "\0", "c-2", "7.5", "name", "é", "\ud800")
    for handle in ("", "c-1", "c-2", "x")
    for offset, limit in ((0, None), (0, 2), (1, 3))
]


def record(handle: str, *values: str | float | None) -> Record:
    return Record("customers", handle, {"name": [*values], "more": {"is": True, "text": handle[::-1]}})


@pytest.fixture
def shared() -> ResourceRecords:
    texts = ("Smith", "a", "Strasse", "b", None, 7.5, "É", "sm\0ith", "\ud800", "ab")
    records = [record(f"c-{number}", text, "Smith" if number % 3 else None) for number, text in enumerate(texts)]
    return ResourceRecords({each.handle: each for each in records}, 1)


@pytest.fixture
def world(shared: ResourceRecords) -> MergedOrder:
    """Records that were changed, deleted, deleted and made again, and added."""
    own = OwnRows()
    for handle in ("c-2", "c-1"):
        own.put(handle, record(handle, "Smith, changed"), shared, restoring=False)
    for handle in ("c-4", "c-6"):
        own.put(handle, Absence.DELETED, shared, restoring=False)
    own.put("c-6", record("c-6", "Smith, again"), shared, restoring=False)
    own.put("c-20", record("c-20", "a"), shared, restoring=False)
    return own.order_over(shared)


@pytest.mark.parametrize("search", SEARCHES, ids=repr)
def test_search_finds_what_matches(search: RecordQuery, shared: ResourceRecords, world: MergedOrder) -> None:
    assert [*shared.records(search)] == [*search.of(shared.in_order)]
    assert shared.count(search) == search.count_of(shared.in_order)
    assert [*world.records(search)] == [*search.of(world)]
    assert world.count(search) == search.count_of(world)


def test_texts_end_with_their_record() -> None:
    records = ResourceRecords({handle: Record("customers", handle, {"name": "x"}) for handle in ("a", "b")}, 1)
    assert records.count(RecordQuery("xb")) == 0
    assert records.count(RecordQuery("x\nb")) == 0
