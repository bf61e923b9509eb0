"""Scenarios of a world: ``/__admin/scenarios``."""

from __future__ import annotations

from dataclasses import replace

from mock_server.admin.router import Asked, RefusedError, Rows, answered
from mock_server.core.errors import InstructionError, UsageError
from mock_server.core.json_reader import Part
from mock_server.core.text import suggestion
from mock_server.core.types import JSON
from mock_server.http.messages import Answer
from mock_server.mocking.mounts import rehearsed, scenario_files
from mock_server.scenarios.model import Scenario
from mock_server.worlds.scenario_state import MOST_SCENARIOS, Running, Stage


def _stage(request: Asked) -> Stage:
    return request.world.stage(request.served[0].standing)


def _listed(request: Asked) -> Answer:
    """Return the running scenarios in the order in which they are tried, and the names of those that can be started."""
    stage = _stage(request)
    running: list[JSON] = [_shown(stage, active) for active in stage.running]
    return answered({"scenarios": running, "available": [*scenario_files(request.settings).names]})


def _shown(stage: Stage, running: Running) -> JSON:
    return running.as_json(stage.state(running.scenario))


def _one(request: Asked) -> Answer:
    stage = _stage(request)
    return answered(_shown(stage, _running(request, stage)))


def _running(request: Asked, stage: Stage) -> Running:
    name = request.values["name"]
    match = next((active for active in stage.running if active.scenario.name == name), None)
    if match is None:
        names = [active.scenario.name for active in stage.running]
        detail = f"Found the scenario {name!r}{suggestion(name, names)}; expected one that runs: {', '.join(names)}."
        raise RefusedError("not-found", 404, detail if names else f"Found the scenario {name!r}; none runs here.")
    return match


def _start(request: Asked) -> Answer:
    """Start a scenario, or a built-in one by its name. One that is not valid is a 422, and nothing changes."""
    stage = _stage(request)
    data = request.body()
    try:
        scenario = request.errands.run(_read, request, data, is_long=request.is_large)
    except InstructionError as error:
        raise RefusedError("scenario", 422, str(error.findings[0]), error.findings) from None
    except UsageError as error:
        raise RefusedError("scenario", 422, str(error)) from None
    findings = request.errands.run(rehearsed, scenario, request.served, is_long=request.is_large)
    if findings:
        detail = f"{findings[0]}. Mend the answer, or put what shall break the contract under breaks."
        raise RefusedError("scenario", 422, detail, findings)
    if not scenario.name:
        name = stage.new_name()
        scenario = replace(scenario, name=name, machine=scenario.machine or name)
    running = stage.start(scenario)
    if running is None:
        raise RefusedError("scenario", 422, f"Found {MOST_SCENARIOS} scenarios running; expected fewer. End one first.")
    return answered(_shown(stage, running), 201)


def _read(request: Asked, data: JSON) -> Scenario:
    return _named(request, data) or Scenario.from_json(data, "")


def _named(request: Asked, data: JSON) -> Scenario | None:
    """Return the scenario of a file, where only a name is given; else None."""
    if not isinstance(data, dict) or data.keys() != {"name"}:
        return None
    part = Part(data["name"], "/name")
    files = scenario_files(request.settings)
    scenario = files.get(part.text())
    if scenario is None:
        expected = "one of " + ", ".join(files.names) + ", or answers beside the name"
        raise part.refusal("unknown-scenario", f"{part.text()!r}{suggestion(part.text(), files.names)}", expected)
    return scenario


def _end(request: Asked) -> Answer:
    stage = _stage(request)
    stage.end(_running(request, stage).scenario.name)
    return answered({})


def _end_all(request: Asked) -> Answer:
    _stage(request).end()
    return answered({})


ROUTES: Rows = (
    ("GET", "/scenarios", _listed),
    ("POST", "/scenarios", _start),
    ("DELETE", "/scenarios", _end_all),
    ("GET", "/scenarios/{name}", _one),
    ("DELETE", "/scenarios/{name}", _end),
)
