"""What is staged where, as it is told in whatever order."""

from __future__ import annotations

from itertools import permutations

import pytest

from mock_server.scenarios.model import Scenario
from mock_server.server.cluster import versioned_state as module
from mock_server.server.cluster.versioned_state import PinForm, Pins
from mock_server.worlds.scenario_state import ScenarioState, ScenarioStateJson


def stage(name: str = "x") -> ScenarioStateJson:
    made = ScenarioState()
    made.start(Scenario.from_json({"answers": [{"code": 500}]}, name))
    return made.saved(limits=False)


def pin(version: int, name: str | None = "x", world: str = "w") -> PinForm:
    return {"world": world, "version": version, "stage": None if name is None else stage(name)}


def names(pins: Pins, world: str = "w") -> list[str]:
    found = pins.stage(world)
    return [] if found is None else [one.scenario.name for one in found.running]


@pytest.mark.parametrize("order", [*permutations([pin(1, "a"), pin(2, None), pin(3, "b")])])
def test_highest_version_holds_in_whatever_order_they_come(order: tuple[PinForm, ...]) -> None:
    pins = Pins()
    for one in (*order, *order):
        pins.take(one)
    assert (names(pins), pins.version("w")) == (["b"], 3)
    assert [*pins.scenario_state()] == ["w"]


def test_late_state_does_not_restage_world() -> None:
    pins = Pins()
    first = pins.make("w", stage())
    last = pins.make("w", None)
    assert last["version"] > first["version"]
    assert not pins.take(first)
    assert (pins.stage("w"), [*pins.scenario_state()]) == (None, [])


def test_new_owner_uses_higher_versions() -> None:
    one, other = Pins(), Pins()
    missed = one.make("w", stage("a"))
    latest = other.make("w", stage("b"))
    for pins in (one, other):
        for each in (latest, missed):
            pins.take(each)
    assert names(one) == names(other) == ["b"]


def test_what_is_handed_over_holds_beside_pin_of_same_version() -> None:
    pins = Pins()
    pins.take(pin(5, "a"))
    assert not pins.take(pin(5, "b"))
    assert pins.take(pin(5, "b"), or_same=True)
    assert not pins.take(pin(4, "c"), or_same=True)
    assert names(pins) == ["b"]


def test_endings_are_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENDINGS", 3)
    pins = Pins()
    pins.make("staged", stage())
    for number in range(5):
        pins.make(f"w{number}", None)
    assert [one["world"] for one in pins] == ["staged", "w2", "w3", "w4"]
