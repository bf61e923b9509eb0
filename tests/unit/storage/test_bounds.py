"""How much worlds may have of their own: records of each in any store, and memory of all together."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from mock_server.core.errors import StoreFullError
from mock_server.core.types import JSON
from mock_server.storage import Absence, MemoryStore, Record, RecordChange, RecordWriter, StateBudget, state_budget
from mock_server.storage.memory import MemoryStores
from mock_server.worlds.world import World
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens, loaded, revision_of

MOST = 3
TOM = Record("pets", "tom", {"name": "Tom"})
LARGE: dict[str, JSON] = {"text": "x" * 100_000}
each_store = pytest.mark.parametrize("kind", KINDS)


def pet(number: int, resource: str = "pets") -> Record:
    return Record(resource, f"pet-{number}", {"number": number})


@pytest.fixture
def layer(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> RecordWriter:
    monkeypatch.setattr(state_budget, "MOST_RECORDS", MOST)
    return loaded(opens().store("Pets"), TOM).layer("one")


@each_store
def test_world_has_so_many_records_of_its_own(layer: RecordWriter) -> None:
    for number in range(MOST):
        layer.put(pet(number))
    before = revision_of(layer)
    refusals: tuple[Callable[[], object], ...] = (
        lambda: layer.put(pet(MOST)),
        lambda: layer.add(pet(MOST)),
        lambda: layer.apply([RecordChange("pets", "pet-3", Absence.UNTOUCHED, pet(MOST))]),
        lambda: layer.change(TOM, Record("pets", "tom", {"name": "Thomas"})),
    )
    for refused in refusals:
        with pytest.raises(StoreFullError, match=r"found the world 'one' with 3 records of its own; expected no more"):
            refused()
    assert [*layer.own("pets")] == ["pet-0", "pet-1", "pet-2"]
    assert revision_of(layer) == before


@each_store
def test_records_that_go_make_room(layer: RecordWriter) -> None:
    for number in range(MOST):
        layer.put(pet(number))
    layer.put(pet(0))
    layer.delete("pets", "pet-0")
    layer.delete("pets", "tom")
    layer.put(pet(MOST))
    moved = [
        RecordChange("pets", "pet-1", pet(1), Absence.UNTOUCHED),
        RecordChange("pets", "x", Absence.UNTOUCHED, TOM),
    ]
    assert layer.apply(moved)
    with pytest.raises(StoreFullError):
        layer.put(pet(9))
    layer.clear()
    for number in range(MOST):
        layer.put(pet(number))


@each_store
def test_rows_that_are_no_records_do_not_count(layer: RecordWriter) -> None:
    for number in range(MOST):
        layer.put(pet(number))
    for number in range(3 * MOST):
        layer.put(pet(number, "pets#keys"))
    assert len(layer.own("pets#keys")) == 3 * MOST


@each_store
def test_each_world_has_its_own_records(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_budget, "MOST_RECORDS", MOST)
    store = opens().store("Pets")
    for layer in (store.layer(name) for name in ("", "one", "two")):
        for number in range(MOST):
            assert layer.put(pet(number))


def test_memory_of_all_worlds_is_bounded() -> None:
    budget = StateBudget(1_000_000)
    stores = [MemoryStores(budget).store(name) for name in ("Pets", "Cars")]
    worlds = [store.layer(name) for store in stores for name in ("one", "two")]
    count = 0
    while budget.has_room(101_000):
        worlds[count % 4].put(Record("pets", f"{count}", LARGE))
        count += 1
    with pytest.raises(StoreFullError, match=r"no room for 100,\d+ bytes more; expected at most .* \(--state-memory\)"):
        worlds[0].put(Record("pets", "more", LARGE))
    assert (count, budget.held > 900_000) == (9, True)
    assert sum(len(world.own("pets")) for world in worlds) == count, "none of them is lost"
    assert budget.bounds["state_memory"] == 1


def test_refused_changes_change_nothing() -> None:
    layer = MemoryStore(budget=StateBudget(1000)).layer("one")
    layer.put(TOM)
    with pytest.raises(StoreFullError):
        layer.apply([RecordChange("pets", name, Absence.UNTOUCHED, Record("pets", name, LARGE)) for name in "ab"])
    assert dict(layer.own("pets")) == {"tom": TOM}


def test_memory_is_given_back() -> None:
    budget = StateBudget()
    store = MemoryStore([TOM], budget)
    layer = store.layer("one")
    layer.put(Record("pets", "a", LARGE))
    layer.put(Record("pets", "a", {}))
    layer.delete("pets", "a")
    assert 100_000 < budget.held < 103_000, "what was there is remembered once"
    layer.undo(3)
    assert budget.held == 0
    layer.put(Record("pets", "a", LARGE))
    layer.clear()
    assert budget.held == 0


def test_world_that_is_reset_or_forgotten_gives_memory_back() -> None:
    budget = StateBudget()
    store = MemoryStore([TOM], budget)
    world = World("one")
    world.layer(store).put(Record("pets", "a", LARGE))
    assert budget.held > 100_000
    world.reset()
    assert budget.held == 0
    world.layer(store).put(Record("pets", "a", LARGE))
    del world
    gc.collect()
    assert budget.held == 0
