"""What a request gets of the answers that a contract documents: small contracts, as data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mock_server.http.messages import Exchange, Request, Response
from mock_server.settings import Settings
from tests.support.case_files import read_cases
from tests.support.contracts import Document, document, engine_of, load, received

CASES = read_cases("answers")["cases"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_answer(case: Document, tmp_path: Path) -> None:
    exchange = answered(case, tmp_path)
    answer, expected = exchange.answer, case["expect"]
    assert answer.status == expected["status"], answer.body
    if "type" in expected:
        assert answer.header("content-type") == expected["type"]
    for name, value in expected.get("headers", {}).items():
        assert answer.header(name) == value, name
    compare_body(answer, expected)
    assert [finding.rule for finding in exchange.findings if finding.rule == "example"] == expected.get("findings", [])


def answered(case: Document, directory: Path) -> Exchange:
    responses = {key: {"description": key, **response} for key, response in case["responses"].items()}
    members = {"components": case["components"]} if "components" in case else {}
    get = {**case.get("operation", {}), "responses": responses}
    contract = load(directory, document({"/pets": {"get": get}}, openapi=case.get("openapi", "3.1.0"), **members))
    prefer = case.get("prefer", [])
    lines = [("prefer", preference) for preference in (prefer if isinstance(prefer, list) else [prefer])]
    if "accept" in case:
        lines.append(("accept", case["accept"]))
    engine = engine_of(contract, settings=Settings(**case.get("settings", {})))
    exchange = engine.handle(Request("GET", "/pets", case.get("query", ""), tuple(lines)))
    return replace(exchange, answer=received(engine, exchange.answer))


def compare_body(answer: Response, expected: dict[str, Any]) -> None:
    if "text" in expected:
        assert answer.body.decode() == expected["text"]
    if "json" in expected:
        assert json.loads(answer.body) == expected["json"]
    for name, value in expected.get("has", {}).items():
        assert json.loads(answer.body)[name] == value, name
    if "keys" in expected:
        assert [*json.loads(answer.body)] == expected["keys"]
    for part in expected.get("says", ()):
        assert part in answer.body.decode()
    if "begins" in expected:
        assert answer.body.startswith(bytes(expected["begins"]))
    if "xml" in expected:
        assert answer.header("content-type") == "application/xml"
        assert ElementTree.canonicalize(answer.body.decode()) == ElementTree.canonicalize(expected["xml"])
