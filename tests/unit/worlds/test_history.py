"""The history of a world over the stores of several contracts."""

from __future__ import annotations

import pytest

from mock_server.storage import Cause, MemoryStore, Record
from mock_server.worlds.history import TooManyStepsError, WorldHistory
from mock_server.worlds.world import World

TOM = Record("pets", "tom", {"name": "Tom"})
CAR = Record("cars", "one", {"name": "Car"})


@pytest.fixture
def stores() -> list[MemoryStore]:
    return [MemoryStore([TOM]), MemoryStore([CAR])]


@pytest.fixture
def world(stores: list[MemoryStore]) -> World:
    """A world whose changes are of both contracts by turns."""
    world = World("one")
    for moment in range(1, 5):
        record = Record("things", f"thing-{moment}", {"at": moment})
        world.layer(stores[moment % 2]).put(record, Cause("put", f"{moment}", float(moment)))
    return world


def handles(world: World, stores: list[MemoryStore]) -> list[str]:
    return sorted(record.handle for store in stores for record in world.store(store).records("things"))


def test_change_sets_of_all_contracts_are_in_order(world: World, stores: list[MemoryStore]) -> None:
    sets = WorldHistory(world, stores).change_sets()
    assert [each.change_set.cause.entry for each in sets] == ["4", "3", "2", "1"]
    assert [each.store is stores[0] for each in sets] == [True, False, True, False]


@pytest.mark.parametrize(("steps", "left"), [(1, 3), (2, 2), (3, 1), (4, 0)])
def test_last_of_all_contracts_are_taken_back(steps: int, left: int, world: World, stores: list[MemoryStore]) -> None:
    history = WorldHistory(world, stores)
    assert [each.change_set.cause.entry for each in history.undo(steps)] == ["4", "3", "2", "1"][:steps]
    assert handles(world, stores) == [f"thing-{moment}" for moment in range(1, left + 1)]
    assert len(history.change_sets()) == left


def test_too_many_steps_change_nothing(world: World, stores: list[MemoryStore]) -> None:
    with pytest.raises(TooManyStepsError) as refused:
        WorldHistory(world, stores).undo(5)
    assert (refused.value.number, len(handles(world, stores))) == (4, 4)


def test_history_of_one_contract_is_its_own(world: World, stores: list[MemoryStore]) -> None:
    assert len(WorldHistory(world, stores[:1]).undo(2)) == 2
    assert handles(world, stores) == ["thing-1", "thing-3"]


def test_snapshot_is_of_all_contracts(world: World, stores: list[MemoryStore]) -> None:
    history = WorldHistory(world, stores)
    assert history.freeze("it")
    assert not history.freeze("it")
    assert {name: snapshot.records for name, snapshot in history.snapshots().items()} == {"it": 4}
    for store in stores:
        world.layer(store).delete("things", "thing-1")
        world.layer(store).delete("things", "thing-2")
    assert history.restore("it")
    assert len(handles(world, stores)) == 4
    shown = dict(history.snapshot_records("it"))
    assert [records.count("things") for records in shown.values()] == [2, 2]
    assert history.drop_snapshot("it")
    assert not history.restore("it")


def test_asking_makes_no_changes(stores: list[MemoryStore]) -> None:
    world = World("new")
    history = WorldHistory(world, stores)
    assert (history.change_sets(), dict(history.snapshots()), history.drop_snapshot("it")) == ([], {}, False)
    assert (history.restore("it"), [*history.snapshot_records("it")]) == (False, [])
    assert not world.has_changes


def test_copy_is_of_all_contracts(world: World, stores: list[MemoryStore]) -> None:
    child = World("child")
    child.layer(stores[0]).delete("pets", "tom")
    WorldHistory(child, stores).copy_from(world)
    assert handles(child, stores) == handles(world, stores)
    assert child.store(stores[0]).get("pets", "tom") == TOM
    WorldHistory(child, stores).copy_from(World("new"))
    assert handles(child, stores) == []
