"""What has happened in a world stays as it is, whatever becomes of the records that it tells of."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from mock_server.storage import (
    DELIVERIES,
    EVENTS,
    MOST_EVENTS,
    Absence,
    MemoryStore,
    PendingRecords,
    Record,
    RecordChange,
    RecordWriter,
    StateBudget,
    Store,
)
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens, loaded

each_store = pytest.mark.parametrize("kind", KINDS)

TOM = Record("pets", "tom", {"name": "Tom"}, "pets.yaml")
IDA = Record("pets", "ida", {"name": "Ida"})
ANN = Record("pets", "ann", {"name": "Ann"})
BORN = Record(EVENTS, "1", {"type": "pet.created"}, "", {"operation": "POST /pets"})
SENT = Record(DELIVERIES, "2", {"event": "1"})


@pytest.fixture
def store(opens: Opens) -> Store:
    return loaded(opens().store("Pets"), TOM)


@pytest.fixture
def layer(store: Store) -> RecordWriter:
    """A world with a record, the event that tells of it and the delivery of that."""
    layer = store.layer("one")
    assert layer.apply(additions(IDA, BORN, SENT))
    return layer


def additions(*rows: Record) -> list[RecordChange]:
    return [RecordChange(row.resource, row.handle, Absence.UNTOUCHED, row) for row in rows]


def told(layer: RecordWriter) -> list[object]:
    return [*layer.own(EVENTS).values(), *layer.own(DELIVERIES).values()]


@each_store
def test_undo_leaves_what_happened(layer: RecordWriter) -> None:
    (undone,) = layer.undo(1)
    assert [change.resource for change in undone.changes] == ["pets"]
    assert layer.get("pets", "ida") is None
    assert told(layer) == [BORN, SENT]


@each_store
def test_what_happens_alone_is_no_change_set(layer: RecordWriter) -> None:
    assert layer.apply(additions(Record(EVENTS, "3", {})))
    assert layer.apply([RecordChange(DELIVERIES, "2", SENT, Record(DELIVERIES, "2", {"event": "1", "tries": []}))])
    assert len(layer.history()) == 1
    layer.undo(1)
    assert layer.get("pets", "ida") is None


@each_store
def test_snapshot_is_restored_without_what_happened_then_or_since(layer: RecordWriter) -> None:
    layer.freeze("before", 1.0)
    assert layer.apply(additions(ANN, Record(EVENTS, "3", {"type": "pet.created"})))
    assert layer.restore("before")
    assert (layer.get("pets", "ann"), layer.get("pets", "ida")) == (None, IDA)
    assert [*layer.own(EVENTS)] == ["1", "3"]
    frozen = layer.snapshot_records("before")
    assert frozen is not None
    assert dict(frozen.own(EVENTS)) == {}


@each_store
def test_copy_of_a_world_has_what_happened_to_itself_alone(store: Store, layer: RecordWriter) -> None:
    other = store.layer("other")
    assert other.apply(additions(ANN, Record(EVENTS, "9", {"type": "pet.created"})))
    other.copy_from(layer)
    assert (other.get("pets", "ann"), other.get("pets", "ida")) == (None, IDA)
    assert [*other.own(EVENTS)] == ["9"]
    assert told(layer) == [BORN, SENT]


@each_store
def test_reset_drops_what_happened(layer: RecordWriter) -> None:
    layer.clear()
    assert told(layer) == []


@each_store
def test_oldest_event_leaves_for_a_new_one(layer: RecordWriter) -> None:
    rows = [Record(EVENTS, f"n{number}", {"number": number}) for number in range(MOST_EVENTS + 10)]
    for start in range(0, len(rows), 101):
        assert layer.apply(additions(*rows[start : start + 101]))
    assert [*layer.own(EVENTS)] == [row.handle for row in rows[10:]]
    assert [*layer.own(DELIVERIES)] == ["2"]
    assert layer.own_row(EVENTS, "1") is Absence.UNTOUCHED
    assert layer.own_row(EVENTS, rows[-1].handle) == rows[-1]


def test_memory_of_what_happened_is_given_back() -> None:
    budget = StateBudget()
    store = MemoryStore(budget=budget)
    layer = store.layer("one")
    assert layer.apply(additions(IDA, BORN, SENT))
    layer.freeze("one", 1.0)
    layer.restore("one")
    layer.undo(1)
    layer.clear()
    assert budget.held == 0


def test_events_go_before_a_change_is_refused() -> None:
    budget = StateBudget(limit=20_000)
    layer = MemoryStore(budget=budget).layer("one")
    for number in range(30):
        assert layer.apply(
            additions(Record("pets", f"p{number}", {}), Record(EVENTS, f"e{number}", {"body": "x" * 500}))
        )
    assert len(layer.own("pets")) == 30
    assert 0 < len(layer.own(EVENTS)) < 30
    assert [*layer.own(EVENTS)][-1] == "e29"
    assert budget.held <= budget.limit


@each_store
def test_pending_changes_are_read_as_if_made(layer: RecordWriter) -> None:
    eve = Record("pets", "ida", {"name": "Eve"})
    changes = [
        RecordChange("pets", "ida", IDA, eve),
        *additions(ANN),
        RecordChange("pets", "tom", Absence.UNTOUCHED, Absence.DELETED),
    ]
    pending = PendingRecords(layer, changes)

    def names(records: Iterable[Record]) -> list[object]:
        return [record.value["name"] for record in records]

    assert names(pending.records("pets")) == ["Eve", "Ann"]
    assert (pending.count("pets"), pending.get("pets", "ida"), pending.get("pets", "tom")) == (2, eve, None)
    assert pending.own_row("pets", "tom") is Absence.DELETED
    assert pending.own_row(EVENTS, "1") == BORN
    assert [*pending.own("pets")] == ["ida", "ann", "tom"]
    assert "pets" in pending.resources()
    assert layer.get("pets", "ida") == IDA
