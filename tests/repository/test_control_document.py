"""The document of the control API is what its YAML files say, and describes the routes that there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.admin.app import ROUTES
from mock_server.admin.console.requests_page import LIVE
from mock_server.admin.endpoints.control_document import SCHEMAS
from mock_server.mocking.events.event_order import KEYS as ORDER_KEYS
from mock_server.plugins import activate, registry
from mock_server.scenarios.delivery_fault import FAULT_KEYS
from mock_server.scenarios.event_pattern import KEYS as EVENT_KEYS
from mock_server.scenarios.model import EFFECTS, SOURCES, TURNS
from mock_server.scenarios.model import KEYS as SCENARIO_KEYS
from mock_server.scenarios.request_pattern import KEYS, OF_SCENARIOS
from tests.support.command_line import Done
from tools.control_api import DOCUMENT, EDITOR_SCHEMAS, FOLDER, control_document, files, operations

COUNTS = ("times", "min", "max")
"""Keys of a verification beside those of its pattern."""
DOCUMENTED = control_document()


@pytest.mark.parametrize(
    ("file", "text"), files().items(), ids=lambda value: value.name if isinstance(value, Path) else ""
)
def test_composed_file_is_current(file: Path, text: str) -> None:
    assert file.read_text(encoding="utf-8") == text, "make reference"


def test_every_route_is_described() -> None:
    routes = {(method, template.replace("{+", "{")) for method, template, _ in ROUTES} | {("GET", LIVE)}
    assert {(method.upper(), path) for path, method, _ in operations(DOCUMENTED)} == routes


def test_every_schema_for_editors_is_served() -> None:
    assert {f"{name}.schema.json" for name in SCHEMAS} == {*EDITOR_SCHEMAS}


@pytest.mark.parametrize(
    ("schema", "keys"),
    [
        ("Scenario", SCENARIO_KEYS),
        ("ScenarioAnswer", (*SOURCES, *EFFECTS, *TURNS)),
        ("RequestPattern", KEYS),
        ("RecordMatch", OF_SCENARIOS),
        ("RequestVerification", (*KEYS, *COUNTS)),
        ("EventVerification", (*EVENT_KEYS, *COUNTS)),
        ("EventOrder", ORDER_KEYS),
        ("EventFault", FAULT_KEYS),
        ("PlannedFaultOrder", (*FAULT_KEYS, "times")),
    ],
)
def test_instruction_has_the_keys_that_are_read(schema: str, keys: tuple[str, ...]) -> None:
    assert {*DOCUMENTED["components"]["schemas"][schema]["properties"]} == {*keys}


def test_kinds_of_patterns_are_those_that_are_read() -> None:
    activate(is_enabled=False)
    described = [
        branch for branch in DOCUMENTED["components"]["schemas"]["ValuePattern"]["anyOf"] if "required" in branch
    ]
    kinds = {branch["required"][0]: {*branch["properties"]} for branch in described}
    assert kinds == {name: {name, *kind.options} for name, kind in dict(registry().patterns).items()}


def test_strict_check_finds_nothing(command: Callable[..., Done]) -> None:
    done = command("check", "--strict", str(FOLDER / DOCUMENT))
    assert done.code == 0, done.output
    assert " 0 findings" in done.output


def test_schemas_for_editors_stand_for_themselves() -> None:
    for file in EDITOR_SCHEMAS:
        schema = json.loads((FOLDER / file).read_bytes())
        references = {part for part in json.dumps(schema).split('"') if part.startswith("#/")}
        assert {reference.removeprefix("#/$defs/") for reference in references} == {*schema["$defs"]}
