"""States of a world under a name, and worlds that begin as copies of others."""

from __future__ import annotations

import pytest

from mock_server.core.errors import StoreFullError
from mock_server.storage import (
    Absence,
    MemoryStore,
    Record,
    RecordChange,
    RecordWriter,
    Snapshot,
    StateBudget,
    Store,
    state_budget,
)
from tests.support.store_kinds import KINDS, SHARED
from tests.support.stores import Opens, loaded, revision_of

each_store = pytest.mark.parametrize("kind", KINDS)

TOM = Record("pets", "tom", {"name": "Tom"}, "pets.yaml")
REX = Record("pets", "rex", {"name": "Rex"}, "pets.yaml")
IDA = Record("pets", "ida", {"name": "Ida"}, "", {"scope": {"owners": "1"}})
KEY = Record("pets#keys", "Ida", {"record": "ida"})
ANN = Record("pets", "ann", {})


@pytest.fixture
def store(opens: Opens) -> Store:
    return loaded(opens().store("Pets"), TOM, REX)


@pytest.fixture
def layer(store: Store) -> RecordWriter:
    """A world that has changed something."""
    layer = store.layer("one")
    layer.apply([RecordChange(row.resource, row.handle, Absence.UNTOUCHED, row) for row in (IDA, KEY)])
    layer.delete("pets", "rex")
    return layer


def state(layer: RecordWriter) -> object:
    return (dict(layer.own("pets")), dict(layer.own("pets#keys")), [*layer.records("pets")], layer.get("pets", "ida"))


def change_all(layer: RecordWriter) -> None:
    layer.put(ANN)
    layer.delete("pets", "ida")
    layer.delete("pets", "tom")
    layer.delete("pets#keys", "Ida")


@each_store
def test_snapshot_is_restored(layer: RecordWriter) -> None:
    before = state(layer)
    layer.freeze("full", 5.5)
    change_all(layer)
    revision = revision_of(layer)
    assert layer.restore("full")
    assert state(layer) == before
    assert revision_of(layer) != revision
    change_all(layer)
    assert layer.restore("full")
    assert state(layer) == before


@each_store
def test_snapshots_are_listed_by_name(layer: RecordWriter) -> None:
    assert dict(layer.snapshots()) == {}
    layer.freeze("b", 2.5)
    layer.delete("pets", "ida")
    layer.freeze("a", 3.5)
    assert [*layer.snapshots().values()] == [Snapshot("a", 3.5, 0), Snapshot("b", 2.5, 1)]


@each_store
def test_snapshot_takes_the_place_of_one_of_its_name(layer: RecordWriter) -> None:
    layer.freeze("it", 1)
    layer.put(ANN)
    layer.freeze("it", 2)
    layer.delete("pets", "ann")
    layer.restore("it")
    assert layer.get("pets", "ann") == ANN
    assert [*layer.snapshots().values()] == [Snapshot("it", 2, 2)]


@each_store
def test_unknown_snapshot_changes_nothing(layer: RecordWriter) -> None:
    layer.freeze("it", 1)
    before = (state(layer), revision_of(layer))
    assert (layer.restore("that"), layer.drop_snapshot("that"), layer.snapshot_records("that")) == (False, False, None)
    assert (state(layer), revision_of(layer)) == before


@each_store
def test_dropped_snapshot_is_gone(layer: RecordWriter) -> None:
    layer.freeze("it", 1)
    assert layer.drop_snapshot("it")
    assert not layer.drop_snapshot("it")
    assert (layer.restore("it"), dict(layer.snapshots())) == (False, {})


@each_store
def test_history_begins_with_what_was_restored(layer: RecordWriter) -> None:
    layer.freeze("it", 1)
    assert len(layer.history()) == 2
    change_all(layer)
    layer.restore("it")
    assert (layer.history(), layer.undo(1)) == ([], ())
    layer.put(ANN)
    layer.undo(1)
    assert layer.get("pets", "ann") is None


@each_store
def test_world_without_changes_has_snapshots_too(store: Store) -> None:
    layer = store.layer("new")
    layer.freeze("empty", 1)
    layer.put(IDA)
    layer.restore("empty")
    assert ([*layer.records("pets")], dict(layer.own("pets"))) == ([TOM, REX], {})
    assert [*layer.snapshots()] == ["empty"]
    layer.clear()
    assert dict(layer.snapshots()) == {}


@each_store
def test_records_of_snapshot_are_read(layer: RecordWriter) -> None:
    layer.freeze("it", 1)
    change_all(layer)
    records = layer.snapshot_records("it")
    assert records is not None
    assert ([*records.records("pets")], records.count("pets")) == ([TOM, IDA], 2)
    assert (records.get("pets", "ida"), records.get("pets", "rex"), records.get("pets", "ann")) == (IDA, None, None)
    assert records.resources() == ["pets", "pets#keys"]


@each_store
def test_clear_drops_snapshots(store: Store, layer: RecordWriter) -> None:
    other = store.layer("two")
    other.freeze("it", 1)
    layer.freeze("it", 1)
    layer.clear()
    assert dict(layer.snapshots()) == {}
    assert [*other.snapshots()] == ["it"]


@each_store
def test_snapshots_have_an_end(layer: RecordWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_budget, "MOST_SNAPSHOTS", 2)
    for name in ("a", "b", "a"):
        layer.freeze(name, 1)
    with pytest.raises(StoreFullError, match="found the world 'one' with 2 snapshots"):
        layer.freeze("c", 1)
    assert [*layer.snapshots()] == ["a", "b"]


@each_store
def test_world_begins_as_a_copy_of_another(store: Store, layer: RecordWriter) -> None:
    child = store.layer("child")
    child.put(ANN)
    child.freeze("before", 1)
    before = state(layer)
    child.copy_from(layer)
    assert state(child) == state(layer) == before
    assert (child.history(), len(layer.history())) == ([], 2)
    child.delete("pets", "ida")
    assert state(layer) == before
    layer.clear()
    assert child.own_row("pets", "rex") is Absence.DELETED
    child.restore("before")
    assert child.get("pets", "ann") == ANN


@each_store
def test_copy_of_world_without_changes_shows_what_all_begin_with(store: Store, layer: RecordWriter) -> None:
    layer.copy_from(store.layer("new"))
    assert [*layer.records("pets")] == [TOM, REX]
    layer.put(IDA)
    layer.copy_from(layer)
    assert layer.get("pets", "ida") == IDA


@pytest.mark.parametrize("kind", SHARED)
def test_other_processes_see_what_was_restored(opens: Opens, store: Store, layer: RecordWriter) -> None:
    there = opens().store("Pets")
    elsewhere = there.layer("one")
    assert elsewhere.get("pets", "ida") == IDA
    elsewhere.freeze("it", 1)
    change_all(layer)
    assert (elsewhere.get("pets", "ida"), elsewhere.get("pets", "ann")) == (None, ANN)
    layer.restore("it")
    assert (elsewhere.get("pets", "ida"), elsewhere.get("pets", "ann")) == (IDA, None)
    assert [*elsewhere.records("pets")] == [TOM, IDA]
    layer.freeze("it", 2)
    snapshot = elsewhere.snapshot_records("it")
    assert snapshot is not None
    assert snapshot.get("pets", "ida") == IDA
    child = there.layer("child")
    assert child.get("pets", "ida") is None
    store.layer("child").copy_from(layer)
    assert child.get("pets", "ida") == IDA


@pytest.mark.parametrize("kind", SHARED)
def test_world_that_goes_takes_its_snapshots_along(opens: Opens) -> None:
    store = loaded(opens(2).store("Pets"), TOM)
    first = store.layer("a")
    first.freeze("it", 1)
    assert [*first.snapshots()] == ["it"]
    for name in ("b", "c"):
        store.layer(name).put(IDA)
    assert dict(first.snapshots()) == {}
    assert store.layer("b").get("pets", "ida") == IDA


@pytest.mark.parametrize("kind", SHARED)
def test_world_that_is_copied_is_not_the_one_that_goes(opens: Opens) -> None:
    store = loaded(opens(2).store("Pets"), TOM)
    parent = store.layer("a")
    parent.put(IDA)
    store.layer("b").put(ANN)
    store.layer("c").copy_from(parent)
    assert store.layer("c").get("pets", "ida") == IDA
    assert store.layer("b").get("pets", "ann") is None


def test_snapshots_and_copies_take_memory_and_give_it_back() -> None:
    budget = StateBudget(250_000)
    store = MemoryStore([TOM], budget)
    layer, child = store.layer("one"), store.layer("two")
    layer.put(Record("pets", "large", {"text": "x" * 100_000}))
    layer.freeze("a", 1)
    with pytest.raises(StoreFullError):
        layer.freeze("b", 1)
    with pytest.raises(StoreFullError):
        child.copy_from(layer)
    layer.freeze("a", 2)
    layer.clear()
    assert budget.held == 0
    layer.put(Record("pets", "large", {"text": "x" * 100_000}))
    layer.freeze("a", 1)
    layer.delete("pets", "large")
    layer.restore("a")
    layer.drop_snapshot("a")
    child.copy_from(layer)
    assert 200_000 < budget.held < 250_000
    for each in (layer, child):
        each.clear()
    assert budget.held == 0
