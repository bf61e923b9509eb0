"""A stage that is saved and restored goes on where it was."""

from __future__ import annotations

import json

from mock_server.core.types import JSON
from mock_server.http.messages import Request, Response
from mock_server.openapi.extensions import RateLimit
from mock_server.scenarios.model import Scenario
from mock_server.worlds.rate_limits import fingerprint
from mock_server.worlds.scenario_state import ScenarioState, ScenarioStateJson

LIMIT = RateLimit(3, 60)
FIRST: JSON = {"answers": [{"code": 500, "times": 2}, {"pass": True}], "new_state": "Later"}
SECOND: JSON = {"name": "second", "state": "first", "required_state": "Later", "answers": [{"code": 429}]}


def told(stage: ScenarioState) -> list[JSON]:
    return [active.as_json(stage.state(active.scenario)) for active in stage.running]


def restored(stage: ScenarioState, *, limits: bool = True) -> ScenarioState:
    form: ScenarioStateJson = json.loads(json.dumps(stage.saved(limits=limits)))
    return ScenarioState.restored(form)


def a_stage() -> ScenarioState:
    """A stage on which much has happened."""
    stage = ScenarioState()
    for data, name in ((FIRST, "first"), (SECOND, "")):
        stage.start(Scenario.from_json(data, name))
    stage.running[1].next("Started", 0)
    stage.new_name()
    stage.clock.set(1000.0)
    stage.limits.count("token", LIMIT, 1000.0)
    stage.limits.keep("token", "POST /orders", "key", Request("POST", "/orders"), Response(201, body=b"\xff"))
    return stage


def test_scenarios_go_on_where_they_were() -> None:
    stage = a_stage()
    again = restored(stage)
    assert told(again) == told(stage)
    assert [entry["met"] for entry in told(again) if isinstance(entry, dict)] == [0, 1]
    assert again.new_name() == stage.new_name() == "scenario-2"
    for candidate in (stage, again):
        cues = [candidate.running[1].next("Started", 0) for _ in range(2)]
        assert [stub.code if stub else None for stub in cues] == [500, None]


def test_clock_stands_where_it_stood_or_is_as_far_ahead() -> None:
    stage = a_stage()
    assert (restored(stage).clock.now(), restored(stage).clock.stands) == (1000.0, True)
    moved = ScenarioState()
    moved.clock.advance(3600)
    assert abs(restored(moved).clock.now() - moved.clock.now()) < 1


def test_windows_and_kept_responses_are_saved_where_they_are_wanted() -> None:
    again = restored(a_stage())
    assert again.limits.count("token", LIMIT, 1000.0).remaining == 1
    saved = again.limits.kept("token", "POST /orders", "key")
    assert saved == (fingerprint(Request("POST", "/orders")), Response(201, body=b"\xff"))
    anew = restored(a_stage(), limits=False)
    assert anew.limits.count("token", LIMIT, 1000.0).remaining == 2
    assert anew.limits.kept("token", "POST /orders", "key") is None
