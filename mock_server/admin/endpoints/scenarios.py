"""Scenarios of a world: ``/__admin/scenarios``."""

from __future__ import annotations

from dataclasses import replace

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import InstructionError, UsageError
from mock_server.core.json_reader import JsonReader
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.hub import HubBounds, SharedScenario
from mock_server.hub.model import WorldStaging
from mock_server.mocking.mounts import scenario_files, validate_scenario
from mock_server.scenarios.model import Scenario
from mock_server.worlds.staged_scenarios import scenario_json


def _staging(request: AdminRequest) -> WorldStaging:
    return request.world.hub.staging(request.world.name)


def _listed(request: AdminRequest) -> Response:
    """Return the running scenarios in the order in which they are tried, and the names of those that can be started."""
    staging = _staging(request)
    running: list[JSON] = [scenario_json(scenario, staging) for scenario in staging.scenarios]
    return json_response({"scenarios": running, "available": [*scenario_files(request.settings).names]})


def _one(request: AdminRequest) -> Response:
    staging = _staging(request)
    return json_response(scenario_json(_running(request, staging), staging))


def _running(request: AdminRequest, staging: WorldStaging) -> SharedScenario:
    name = request.values["name"]
    match = next((scenario for scenario in staging.scenarios if scenario.name == name), None)
    if match is None:
        names = [scenario.name for scenario in staging.scenarios]
        detail = f"Found the scenario {name!r}{did_you_mean(name, names)}; expected one that runs: {', '.join(names)}."
        raise AdminRequestError("not-found", 404, detail if names else f"Found the scenario {name!r}; none runs here.")
    return match


def _start(request: AdminRequest) -> Response:
    """Start a scenario, or a built-in one by its name. One that is not valid is a 422, and nothing changes."""
    data = request.body()
    try:
        scenario = request.errands.run(_read, request, data, is_long=request.is_large)
    except InstructionError as error:
        raise AdminRequestError("scenario", 422, str(error.findings[0]), error.findings) from None
    except UsageError as error:
        raise AdminRequestError("scenario", 422, str(error)) from None
    findings = request.errands.run(validate_scenario, scenario, request.served, is_long=request.is_large)
    if findings:
        detail = f"{findings[0]}. Fix the answer, or put what shall break the contract under breaks."
        raise AdminRequestError("scenario", 422, detail, findings)
    hub, world = request.world.hub, request.world.name
    if not scenario.name:
        name = hub.new_name(world)
        scenario = replace(scenario, name=name, machine=scenario.machine or name)
    shared = SharedScenario.of(scenario)
    if not hub.start(world, shared):
        most = HubBounds().scenarios
        raise AdminRequestError("scenario", 422, f"Found {most} scenarios running; expected fewer. End one first.")
    return json_response(scenario_json(shared, _staging(request)), 201)


def _read(request: AdminRequest, data: JSON) -> Scenario:
    return _named(request, data) or Scenario.from_json(data, "")


def _named(request: AdminRequest, data: JSON) -> Scenario | None:
    """Return the scenario of a file, where only a name is given; else None."""
    if not isinstance(data, dict) or data.keys() != {"name"}:
        return None
    part = JsonReader(data["name"], "/name")
    files = scenario_files(request.settings)
    scenario = files.get(part.text())
    if scenario is None:
        expected = "one of " + ", ".join(files.names) + ", or answers in addition to the name"
        raise part.refusal("unknown-scenario", f"{part.text()!r}{did_you_mean(part.text(), files.names)}", expected)
    return scenario


def _end(request: AdminRequest) -> Response:
    request.world.hub.end(request.world.name, _running(request, _staging(request)).name)
    return json_response({})


def _end_all(request: AdminRequest) -> Response:
    request.world.hub.end(request.world.name)
    return json_response({})


ROUTES: Rows = (
    ("GET", "/scenarios", _listed),
    ("POST", "/scenarios", _start),
    ("DELETE", "/scenarios", _end_all),
    ("GET", "/scenarios/{name}", _one),
    ("DELETE", "/scenarios/{name}", _end),
)
