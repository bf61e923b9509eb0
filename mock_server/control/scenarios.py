"""Scenarios of a world: ``/__admin/scenarios``."""

from __future__ import annotations

from dataclasses import replace

from mock_server.assembly import rehearsed, scenario_files
from mock_server.control.router import Asked, RefusedError, Rows, answered
from mock_server.errors import InstructionError, UsageError
from mock_server.exchange import JSON, Answer
from mock_server.instruction import Part
from mock_server.scenarios import Scenario
from mock_server.settings import suggestion
from mock_server.stage import MOST_SCENARIOS, Running, Stage


def _stage(asked: Asked) -> Stage:
    return asked.world.stage(asked.served[0].standing)


def _listed(asked: Asked) -> Answer:
    """What runs, the first to be asked first, and what could be started by name."""
    stage = _stage(asked)
    running: list[JSON] = [_shown(stage, one) for one in stage.running]
    return answered({"scenarios": running, "available": [*scenario_files(asked.settings).names]})


def _shown(stage: Stage, running: Running) -> JSON:
    return running.as_json(stage.state(running.scenario))


def _one(asked: Asked) -> Answer:
    stage = _stage(asked)
    return answered(_shown(stage, _running(asked, stage)))


def _running(asked: Asked, stage: Stage) -> Running:
    name = asked.values["name"]
    found = next((one for one in stage.running if one.scenario.name == name), None)
    if found is None:
        names = [one.scenario.name for one in stage.running]
        detail = f"Found the scenario {name!r}{suggestion(name, names)}; expected one that runs: {', '.join(names)}."
        raise RefusedError("not-found", 404, detail if names else f"Found the scenario {name!r}; none runs here.")
    return found


def _start(asked: Asked) -> Answer:
    """Start a scenario, or one that ships by its name. What speaks against it is 422, and nothing changes."""
    stage = _stage(asked)
    data = asked.body()
    try:
        scenario = asked.errands.run(_read, asked, data, is_long=asked.is_large)
    except InstructionError as error:
        raise RefusedError("scenario", 422, str(error.findings[0]), error.findings) from None
    except UsageError as error:
        raise RefusedError("scenario", 422, str(error)) from None
    findings = asked.errands.run(rehearsed, scenario, asked.served, is_long=asked.is_large)
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


def _read(asked: Asked, data: JSON) -> Scenario:
    return _named(asked, data) or Scenario.from_json(data, "")


def _named(asked: Asked, data: JSON) -> Scenario | None:
    """The scenario of a file, where nothing but a name is given."""
    if not isinstance(data, dict) or data.keys() != {"name"}:
        return None
    part = Part(data["name"], "/name")
    files = scenario_files(asked.settings)
    found = files.get(part.text())
    if found is None:
        expected = "one of " + ", ".join(files.names) + ", or answers beside the name"
        raise part.refusal("unknown-scenario", f"{part.text()!r}{suggestion(part.text(), files.names)}", expected)
    return found


def _end(asked: Asked) -> Answer:
    stage = _stage(asked)
    stage.end(_running(asked, stage).scenario.name)
    return answered({})


def _end_all(asked: Asked) -> Answer:
    _stage(asked).end()
    return answered({})


ROUTES: Rows = (
    ("GET", "/scenarios", _listed),
    ("POST", "/scenarios", _start),
    ("DELETE", "/scenarios", _end_all),
    ("GET", "/scenarios/{name}", _one),
    ("DELETE", "/scenarios/{name}", _end),
)
