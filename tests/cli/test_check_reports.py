"""The report of ``check``: for people, and as JSON, SARIF and JUnit XML for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.command_line import assert_one_message, called
from tests.support.pseudo_terminal import PseudoTerminal

CONTRACT = """\
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      responses:
        '200':
          description: A pet.
          content:
            application/json:
              schema: {type: object, properties: {age: {type: integer}}}
              example: {age: "\\x1b[31myoung"}
        '404': {description: None.}
  /pets/{id}:
    delete:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: Gone.}}
"""
POINTER = "/paths/~1pets/get/responses/200/content/application~1json/example/age"


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my pets.yaml").write_text(CONTRACT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return "my pets.yaml"


def report(form: str, contract: str, capsys: pytest.CaptureFixture[str]) -> str:
    done = called(capsys, "check", contract, "--format", form)
    assert (done.code, done.errors) == (1, "")
    return done.output


def test_json_has_answers_findings_and_summary(contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = json.loads(report("json", contract, capsys))
    (only,) = result["contracts"]
    assert {(answer["operation"], answer["status"], answer["valid"]) for answer in only["answers"]} == {
        ("GET /pets", "200", False),
        ("GET /pets", "404", True),
        ("DELETE /pets/{id}", "204", True),
    }
    (finding,) = only["findings"]
    assert finding.items() >= {"rule": "example", "pointer": POINTER, "line": 12, "severity": "error"}.items()
    assert finding["operation"] == "GET /pets"
    assert finding["answer"] == "200 application/json"
    assert result["summary"] == {
        "answers": 3,
        "findings": 1,
        "errors": 1,
        "repaired": 0,
        "warnings": 0,
        "notes": len(only["notes"]),
        "kinds": {"example": 1},
    }


def test_sarif_places_findings(contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    log = json.loads(report("sarif", contract, capsys))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver: dict[str, Any] = run["tool"]["driver"]
    assert driver["name"] == "mock-server check"
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
    (result,) = [result for result in run["results"] if result["level"] == "error"]
    assert result["ruleId"] == "example"
    assert result["message"]["text"].startswith("GET /pets 200 application/json: ")
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "my%20pets.yaml"}, "region": {"startLine": 12}}
    assert location["logicalLocations"] == [{"fullyQualifiedName": POINTER}]


def test_junit_has_a_test_for_each_answer(contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = report("junit", contract, capsys)
    root = ElementTree.fromstring(text)
    (suite,) = root
    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", "Pets 1")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "0")
    cases = {(case.get("classname"), case.get("name")): case for case in suite}
    assert len(cases) == 4
    failure = cases["GET /pets", "200 application/json"].find("failure")
    assert failure is not None
    assert failure.get("type") == "example"
    assert str(failure.text).startswith("my pets.yaml:12 ")
    assert cases["GET /pets", "404"].find("failure") is None


def test_reports_of_good_contract_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("json", "sarif", "junit"):
        done = called(capsys, "check", "--format", form)
        assert (done.code, done.errors) == (0, "")


def test_unknown_format_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "check", "--format", "sarf")
    assert_one_message(done)
    assert "--format: found 'sarf'; did you mean sarif?; expected one of text, json, sarif, junit" in done.errors


def test_terminal_shows_table_and_summary(contract: str, own_cache: None) -> None:
    with PseudoTerminal("check", contract, columns=80) as terminal:
        assert terminal.end() == 1
    lines = terminal.text.splitlines()
    assert any(re.fullmatch(r"no +GET /pets +200 application/json +generated *", line) for line in lines)
    assert any(re.fullmatch(r"ok +GET /pets +404 +contract *", line) for line in lines)
    assert lines[-2:] == [
        "Pets 1: 3 answers tried, 1 findings",
        "1 error, 0 repaired, 0 warnings: example 1",
    ]
    assert "\x1b[31myoung" not in terminal.raw


def test_terminal_shows_routes_as_a_table(contract: str, own_cache: None) -> None:
    with PseudoTerminal("routes", contract, columns=100, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 0
    assert re.search(r"^METHOD +PATH +SECURITY +ANSWERS +STATE +WHY *$", terminal.text, re.MULTILINE)
    assert "───" in terminal.text
    assert max(map(len, terminal.text.splitlines())) <= 100
