"""The types of scenarios: true to what the server reads, and read by mypy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from mock_server.openapi.failure_extensions import FAILURES
from mock_server.plugins import registry
from mock_server.scenarios import model
from mock_server.scenarios.delivery_fault import FAULT_KEYS
from mock_server.scenarios.request_pattern import OF_SCENARIOS
from mock_server.testing.scenario_data import (
    AnswerData,
    EventFaultData,
    RequestMatchData,
    ScenarioData,
    ValuePatternData,
)
from tests.support.paths import ROOT


def pattern_keys() -> list[str]:
    kinds = registry().patterns
    return [*kinds, *dict.fromkeys(name for kind in kinds.values() for name in kind.options)]


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (ScenarioData, model.KEYS),
        (RequestMatchData, OF_SCENARIOS),
        (AnswerData, (*model.SOURCES, *model.EFFECTS, *model.TURNS)),
        (EventFaultData, FAULT_KEYS),
        (ValuePatternData, None),
    ],
)
def test_type_has_the_keys_that_are_read(data: type, keys: Sequence[str] | None) -> None:
    assert sorted(data.__annotations__) == sorted(pattern_keys() if keys is None else keys)


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        (AnswerData, "cut", model.CUTS),
        (AnswerData, "garble", model.GARBLES),
        (AnswerData, "failure", FAILURES),
        (ScenarioData, "then", ("pass", "repeat")),
    ],
)
def test_type_has_the_words_that_are_read(data: Any, key: str, words: tuple[str, ...]) -> None:
    assert get_args(get_type_hints(data)[key]) == words


SAMPLE = """
from mock_server import MockServer, World
from mock_server.testing import AnswerData, ScenarioData

WAIT: AnswerData = {"code": 429, "headers": {"Retry-After": 0}, "times": 2}

def start(world: World, mock: MockServer) -> None:
    world.scenario("flaky")
    world.scenario({"match": {"operation": "pets:get"}, "answers": [WAIT, {"pass": True}]})
    mock.scenario(
        {
            "name": "slow",
            "match": {"headers": {"accept": {"contains": "json"}}, "query": {"n": 7}, "token": {"not": "x"}},
            "answers": [{"failure": "server_error", "delay_ms": 20}, {"breaks": {"/name": 7}}, {"hang": True}],
            "then": "repeat",
        }
    )
"""
TYPOS = [
    'world.scenario({"answrs": [{"code": 500}]})',
    'world.scenario({"match": {"operaton": "x"}, "answers": [WAIT]})',
    'world.scenario({"answers": [{"cod": 500}]})',
    'world.scenario({"answers": [{"code": "500"}]})',
    'world.scenario({"answers": [{"cut": "mid_bodi"}]})',
    'world.scenario({"match": {"query": {"n": {"contians": "x"}}}, "answers": [WAIT]})',
    'world.scenario({"match": {}})',
]


@pytest.mark.slow  # mypy reads the package anew, for ten seconds
def test_mypy_sees_typos_and_nothing_else(tmp_path: Path) -> None:
    typos = [*(f"    {call}" for call in TYPOS), '    data: ScenarioData = {"answers": [], "answrs": [WAIT]}']
    lines = [*SAMPLE.splitlines(), "def typos(world: World) -> None:", *typos]
    sample = tmp_path / "sample.py"
    sample.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ["--strict", "--config-file", "", "--no-error-summary", "--follow-imports", "silent"]
    mypy = [sys.executable, "-m", "mypy", *options, "--cache-dir", str(tmp_path / "cache"), str(sample)]
    done = subprocess.run(mypy, cwd=ROOT, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    numbers = sorted({int(line.split(":")[1]) for line in errors})
    assert numbers == [*range(len(lines) - len(typos) + 1, len(lines) + 1)], done.stdout + done.stderr
    assert 'Extra key "answrs" for TypedDict "ScenarioData"' in errors[-1]
