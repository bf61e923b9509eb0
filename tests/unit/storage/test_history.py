"""What a world remembers of its changes: they are told with their causes, and the last of them are taken back."""

from __future__ import annotations

from collections.abc import Callable
from time import time

import pytest

from mock_server.core.errors import StoreFullError
from mock_server.storage import (
    Absence,
    Cause,
    MemoryStore,
    Record,
    RecordChange,
    RecordWriter,
    StateBudget,
    Store,
    change_log,
    change_set,
)
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens, loaded, revision_of

each_store = pytest.mark.parametrize("kind", KINDS)

TOM = Record("pets", "tom", {"name": "Tom"}, "pets.yaml")
REX = Record("pets", "rex", {"name": "Rex"}, "pets.yaml")
IDA = Record("pets", "ida", {"name": "Ida", "text": "\ud800 é"}, "", {"scope": {"owners": "1"}})
KEY = Record("pets#keys", "Ida", {"record": "ida"})
THOMAS = Record("pets", "tom", {"name": "Thomas"})
UNTOUCHED, DELETED = Absence.UNTOUCHED, Absence.DELETED
CREATED = [RecordChange("pets", "ida", UNTOUCHED, IDA), RecordChange("pets#keys", "Ida", UNTOUCHED, KEY)]
CAUSE = Cause("pets:create", "17", 1_767_225_600.5)


@pytest.fixture
def store(opens: Opens) -> Store:
    return loaded(opens().store("Pets"), TOM, REX)


@pytest.fixture
def layer(store: Store) -> RecordWriter:
    return store.layer("one")


def handles(layer: RecordWriter) -> list[str]:
    return [record.handle for record in layer.records("pets")]


@each_store
def test_change_sets_are_told_with_their_causes(layer: RecordWriter) -> None:
    assert layer.history() == []
    layer.apply(CREATED, CAUSE)
    layer.put(THOMAS, Cause("admin"))
    layer.delete("pets", "rex")
    layer.change(THOMAS, TOM)
    causes = [each.cause for each in layer.history()]
    assert [each.number for each in layer.history()] == [1, 2, 3, 4]
    assert [(cause.operation, cause.entry) for cause in causes] == [
        ("pets:create", "17"),
        ("admin", ""),
        *[("", "")] * 2,
    ]
    assert causes[0] == CAUSE
    assert 0 <= time() - causes[1].at < 60, "the present, where nobody says when"
    assert [each.changes for each in layer.history()] == [
        tuple(CREATED),
        (RecordChange("pets", "tom", UNTOUCHED, THOMAS),),
        (RecordChange("pets", "rex", UNTOUCHED, DELETED),),
        (RecordChange("pets", "tom", THOMAS, TOM),),
    ]
    assert layer.history()[0].records == CREATED[:1]


@each_store
def test_what_changes_nothing_is_not_told(layer: RecordWriter) -> None:
    assert layer.apply([])
    assert not layer.apply([RecordChange("pets", "ida", DELETED, IDA)])
    assert not layer.add(TOM)
    assert not layer.delete("pets", "ida")
    assert layer.history() == []


STEPS: dict[str, Callable[[RecordWriter], object]] = {
    "create": lambda layer: layer.apply(CREATED),
    "change": lambda layer: layer.put(THOMAS),
    "delete": lambda layer: layer.delete("pets", "tom"),
    "create again": lambda layer: layer.put(TOM),
    "delete its own": lambda layer: layer.delete("pets", "ida"),
    "create its own again": lambda layer: layer.add(IDA),
    "twice": lambda layer: layer.apply(
        [RecordChange("pets", "ann", UNTOUCHED, record(1)), RecordChange("pets", "ann", record(1), record(2))]
    ),
}


def record(number: int) -> Record:
    return Record("pets", "ann", {"number": number})


@each_store
def test_each_step_is_taken_back(layer: RecordWriter) -> None:
    states = []
    for step in STEPS.values():
        states.append((dict(layer.own("pets")), dict(layer.own("pets#keys")), [*layer.records("pets")]))
        step(layer)
    for state in reversed(states):
        undone = layer.undo(1)
        assert [each.number for each in undone] == [len(layer.history()) + 1]
        assert (dict(layer.own("pets")), dict(layer.own("pets#keys"))) == state[:2]
        assert [*layer.records("pets")] == state[2] or len(undone) == 0 or _same_but_for_places(layer, state[2])
    assert handles(layer) == ["tom", "rex"]
    assert layer.history() == []


def _same_but_for_places(layer: RecordWriter, records: list[Record]) -> bool:
    """Tell whether the records are the same where one of them was deleted twice: the first place is not known."""
    return sorted(map(repr, layer.records("pets"))) == sorted(map(repr, records))


@each_store
def test_several_steps_are_taken_back_at_once(layer: RecordWriter) -> None:
    for step in STEPS.values():
        step(layer)
    undone = layer.undo(len(STEPS))
    assert [each.number for each in undone] == [*range(len(STEPS), 0, -1)]
    assert (dict(layer.own("pets")), handles(layer), layer.history()) == ({}, ["tom", "rex"], [])
    layer.put(THOMAS)
    assert [each.number for each in layer.history()] == [1]


@each_store
def test_deleted_record_has_its_place_again(layer: RecordWriter) -> None:
    layer.put(IDA)
    layer.put(record(1))
    for handle in ("tom", "ida"):
        layer.delete("pets", handle)
        layer.undo(1)
        assert handles(layer) == ["tom", "rex", "ida", "ann"]


@each_store
@pytest.mark.parametrize("steps", [-1, 0, 3, 10**6])
def test_more_steps_than_there_are_change_nothing(steps: int, layer: RecordWriter) -> None:
    layer.put(THOMAS)
    layer.put(IDA)
    before = revision_of(layer)
    assert layer.undo(steps) == ()
    assert (len(layer.history()), revision_of(layer)) == (2, before)


@each_store
def test_history_is_of_one_world(store: Store, layer: RecordWriter) -> None:
    other = store.layer("two")
    layer.put(IDA)
    assert other.history() == []
    assert other.undo(1) == ()
    other.put(THOMAS)
    layer.clear()
    assert (layer.history(), layer.undo(1)) == ([], ())
    assert len(other.history()) == 1


@each_store
def test_history_is_that_of_all_processes(opens: Opens, store: Store, layer: RecordWriter) -> None:
    elsewhere = opens().store("Pets").layer("one") if store.is_shared else layer
    layer.put(IDA)
    elsewhere.put(THOMAS)
    assert [len(each.changes) for each in layer.history()] == [1, 1]
    assert [each.number for each in elsewhere.undo(2)] == [2, 1]
    assert handles(layer) == ["tom", "rex"]


@each_store
def test_history_has_an_end(layer: RecordWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_set, "MOST_CHANGE_SETS", 50)
    for number in range(120):
        layer.put(record(number))
    history = layer.history()
    assert [each.number for each in history] == [*range(71, 121)]
    assert layer.undo(51) == ()
    assert len(layer.undo(50)) == 50
    assert layer.get("pets", "ann") == record(69)


def test_history_takes_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log, "LIMIT", 1_000_000)
    budget = StateBudget()
    layer = MemoryStore(budget=budget).layer("one")
    for number in range(30):
        layer.put(Record("pets", "large", {"number": number, "text": "x" * 100_000}))
    assert 8 <= len(layer.history()) <= 10
    assert budget.held < 1_200_000
    assert layer.undo(3)[-1].number == 28
    layer.clear()
    assert budget.held == 0


def test_history_goes_before_a_change_is_refused() -> None:
    budget = StateBudget(1_000_000)
    layer = MemoryStore(budget=budget).layer("one")
    for number in range(30):
        layer.put(Record("pets", "large", {"number": number, "text": "x" * 100_000}))
    assert 7 <= len(layer.history()) <= 10
    with pytest.raises(StoreFullError):
        layer.put(Record("pets", "larger", {"text": "x" * 1_000_000}))
    assert dict(layer.own("pets")).keys() == {"large"}
    layer.clear()
    assert budget.held == 0


def test_what_is_taken_back_gives_memory_back() -> None:
    budget = StateBudget()
    layer = MemoryStore([TOM], budget).layer("one")
    for step in STEPS.values():
        step(layer)
    layer.undo(len(STEPS))
    assert budget.held == 0
