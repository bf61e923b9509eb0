"""Scenarios of a world: ``/__admin/scenarios``."""

from __future__ import annotations

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
    """Return the running scenarios in the order in which they are tried, and the names of those that can be started."""
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
    """Start a scenario, or a built-in one by its name. One that is not valid is a 422, and nothing changes."""
    stage = _stage(asked)
    data = asked.body()
    try:
        scenario = _named(asked, data) or Scenario.from_json(data, "")
    except InstructionError as error:
        raise RefusedError("scenario", 422, str(error.findings[0]), error.findings) from None
    except UsageError as error:
        raise RefusedError("scenario", 422, str(error)) from None
    findings = rehearsed(scenario, asked.served)
    if findings:
        detail = f"{findings[0]}. Mend the answer, or put what shall break the contract under breaks."
        raise RefusedError("scenario", 422, detail, findings)
    if not scenario.name:
        scenario = Scenario.from_json(data, stage.new_name())
    running = stage.start(scenario)
    if running is None:
        raise RefusedError("scenario", 422, f"Found {MOST_SCENARIOS} scenarios running; expected fewer. End one first.")
    return answered(_shown(stage, running), 201)


def _named(asked: Asked, data: JSON) -> Scenario | None:
    """Return the scenario of a file, where only a name is given; else None."""
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
