"""The report of ``check``: for people, and as JSON, SARIF and JUnit XML for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from tests.support.command_line import assert_one_message, called
from tests.support.pseudo_terminal import PseudoTerminal
from tests.support.report_rules import SARIF, junit_faults

FORMS = ("json", "sarif", "junit")

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


BAD: dict[str, tuple[str, str]] = {
    "no YAML": ("openapi: 3.1.0\ninfo: {title: a\n", "not-loaded"),
    "another version": ("swagger: '9'\n", "not-loaded"),
    "a list": ("[]", "not-loaded"),
    "a path of ours": (CONTRACT.replace("/pets:", "/~pets:"), "not-loaded"),
    "a defect": (CONTRACT + "  /cats: {$ref: '#/x'}\n", "dangling-reference"),
}


@pytest.mark.parametrize("text", BAD)
def test_unloadable_contract_has_reports(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    contract, rule = BAD[text]
    (tmp_path / "bad.yaml").write_text(contract, encoding="utf-8")
    reports = {form: called(capsys, "check", "bad.yaml", "--strict", "--format", form) for form in FORMS}
    for done in reports.values():
        assert done.code == 2
        assert done.errors.startswith("mock-server: bad.yaml")
    data = json.loads(reports["json"].output)
    (only,) = data["contracts"]
    assert (only["contract"], only["answers"]) == ("bad.yaml", [])
    assert data["summary"]["errors"] == len(only["findings"]) > 0
    assert {finding["rule"] for finding in only["findings"]} == {rule}
    log = json.loads(reports["sarif"].output)
    assert findings_of(log) == [finding["rule"] for finding in only["findings"]]
    assert [*Draft202012Validator(SARIF).iter_errors(log)] == []
    suites = ElementTree.fromstring(reports["junit"].output)
    assert [*junit_faults(suites)] == []
    assert (suites.get("tests"), suites.get("failures")) == ("1", "1")


def findings_of(log: Any) -> list[str]:
    return [result["ruleId"] for run in log["runs"] for result in run["results"]]


def test_missing_contract_has_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "check", "missing.yaml", "--format", "json")
    (finding,) = json.loads(done.output)["contracts"][0]["findings"]
    assert (done.code, finding["rule"], finding["file"]) == (2, "not-loaded", "missing.yaml")
    assert finding["found"] == "no such file or directory"
    assert finding["remedy"] == "Check the path."


@pytest.mark.parametrize("is_own", [True, False])
def test_reports_are_as_readers_expect(is_own: bool, contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (contract,) if is_own else ()
    log = json.loads(called(capsys, "check", *arguments, "--format", "sarif").output)
    assert [error.message for error in Draft202012Validator(SARIF).iter_errors(log)] == []
    suites = ElementTree.fromstring(called(capsys, "check", *arguments, "--format", "junit").output)
    assert [*junit_faults(suites)] == []


def test_reports_of_good_contract_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    for form in FORMS:
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
