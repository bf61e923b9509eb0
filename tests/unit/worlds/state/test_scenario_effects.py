"""What of a request happens where a scenario answers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mock_server.http.messages import Request, Route
from mock_server.hub import SharedScenario
from mock_server.mocking.mounts import validate_scenario
from mock_server.scenarios.model import Scenario
from mock_server.scenarios.request_pattern import OF_SCENARIOS, RequestPattern
from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

LINES = """
    GET /pets listPets > 200 [Pet]
    POST /pets createPet < {name} > 201 Pet
    GET /pets/{pet_id} getPet > 200 Pet
"""


@pytest.fixture
def api(tmp_path: Path) -> StateAPI:
    return StateAPI(Path(loaded(tmp_path, LINES, {"Pet": "{id: integer, name}"}).name), records="0")


@pytest.mark.parametrize(
    ("effect", "pets"),
    [
        ({"cut": "before_headers"}, 1),
        ({"cut": "before_headers", "write": False}, 0),
        ({"cut": "mid_body"}, 1),
        ({"delay_ms": 1}, 1),
        ({"patch": {"name": "Other"}}, 1),
        ({"write": False}, 0),
        ({"code": 201}, 0),
        ({"body": {"id": 1, "name": "Rex"}}, 0),
        ({"failure": "server_error"}, 0),
    ],
    ids=str,
)
def test_request_has_happened_unless_something_else_is_answered(
    effect: dict[str, Any], pets: int, api: StateAPI
) -> None:
    data: dict[str, Any] = {"match": {"method": "POST"}, "answers": [{**effect, "times": 1}]}
    api.world.hub.start("own", SharedScenario.from_data("s", data))
    api("POST", "/pets", {"name": "Rex"})
    assert len(api("GET", "/pets")[1]) == pets


def test_record_is_looked_up_for_scenarios_that_ask_for_it_alone(api: StateAPI) -> None:
    looked_up: list[str] = []
    pattern = RequestPattern.from_json({"record": {"/name": "Rex"}, "method": "PUT"}, keys=OF_SCENARIOS)
    request, route = Request("GET", "/pets/1"), Route("GET /pets/{pet_id}", {"pet_id": "1"})

    def lookup() -> dict[str, Any]:
        looked_up.append("record")
        return {"name": "Rex"}

    assert not pattern.matches(request, route, None, lookup)
    assert looked_up == []
    assert pattern.matches(replace(request, method="PUT"), route, None, lookup)
    assert pattern.differences(replace(request, method="PUT"), route) == [
        'record /name: found no record; expected "Rex"'
    ]


def test_scenario_cannot_ask_for_records_that_nothing_keeps(tmp_path: Path) -> None:
    api = StateAPI(Path(loaded(tmp_path, LINES, {"Pet": "{id: integer, name}"}).name), state="off")
    scenario = Scenario.from_json({"match": {"record": {"/name": "Rex"}}, "answers": [{"pass": True}]}, "s")
    (finding,) = validate_scenario(scenario, [api.mount])
    assert (finding.pointer, finding.expected) == (
        "/match/record",
        "an operation whose path names a record, or that has the caller's own",
    )
