"""Scenarios of a world as one process reads them from the hub."""

from __future__ import annotations

from mock_server.core.types import JSON
from mock_server.hub import MemoryHub, SharedScenario
from mock_server.scenarios.model import Scenario
from mock_server.worlds.staged_scenarios import scenario_json
from mock_server.worlds.world import World

FAILS_TWICE: JSON = {"answers": [{"code": 500, "times": 2}, {"pass": True}], "new_state": "Later"}
LATER: JSON = {"name": "later", "state": "first", "required_state": "Later", "answers": [{"code": 429}]}


def scenario(data: JSON, name: str = "") -> Scenario:
    return Scenario.from_json(data, name)


def test_world_without_scenarios_is_unstaged() -> None:
    world = World("w")
    assert (world.is_unstaged(), world.staged_scenarios().running) == (True, ())


def test_scenarios_are_read_once_a_version() -> None:
    hub = MemoryHub()
    world = World("w", hub)
    hub.start("w", SharedScenario.of(scenario(FAILS_TWICE, "first")))
    assert not world.is_unstaged()
    first = world.staged_scenarios()
    assert world.staged_scenarios() is first
    hub.start("w", SharedScenario.of(scenario(LATER)))
    second = world.staged_scenarios()
    assert [running.scenario.name for running in second.running] == ["later", "first"]
    assert second.running[1] is first.running[0]


def test_world_whose_scenarios_ended_is_unstaged() -> None:
    hub = MemoryHub()
    world = World("w", hub)
    hub.start("w", SharedScenario.of(scenario(FAILS_TWICE, "first")))
    hub.end("w", "first")
    assert world.staged_scenarios().running == ()
    assert world.is_unstaged()


def test_standing_scenarios_run_in_every_world() -> None:
    hub, standing = MemoryHub(), (scenario(FAILS_TWICE, "first"), scenario(LATER))
    hub.serve("", [SharedScenario.of(one) for one in reversed(standing)])
    world = World("w", hub)
    names = [running.scenario.name for running in world.staged_scenarios(standing).running]
    assert names == ["later", "first"]
    hub.end("w", "later")
    assert [running.scenario.name for running in world.staged_scenarios(standing).running] == ["first"]


def test_scenario_is_shown_with_its_progress() -> None:
    hub = MemoryHub()
    shared = SharedScenario.of(scenario(FAILS_TWICE, "first"))
    hub.start("w", shared)
    assert scenario_json(shared, hub.staging("w")) == {
        "name": "first",
        **dict(FAILS_TWICE if isinstance(FAILS_TWICE, dict) else {}),
        "met": 0,
        "given": [0, 0],
        "current_state": "Started",
    }
