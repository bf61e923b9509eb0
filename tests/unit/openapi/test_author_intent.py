"""What authors mean: contracts are served as they are meant, every reading is told, and ``--strict`` refuses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator

from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import value_at
from mock_server.http.messages import Exchange, Request
from mock_server.mocking.engine import Engine
from mock_server.openapi.loading.loader import load_contract
from tests.support.case_files import read_cases
from tests.support.contracts import engine_of

DATA = read_cases("meant")
SEEDS = 30
each_case = pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: case["name"])


def laid_out(case: dict[str, Any], directory: Path) -> str:
    text = case["text"] if "openapi:" in case["text"] else DATA["heading"] + case["text"]
    file = directory / "contract.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def asked(engine: Engine, ask: dict[str, Any], **headers: str) -> Exchange:
    """The exchange of a request, in JSON unless it says otherwise."""
    method, _, target = ask["ask"].partition(" ")
    path, _, query = target.partition("?")
    headers |= {"content-type": ask.get("type", "application/json"), "accept": "*/*"} | ask.get("headers", {})
    content = json.dumps(ask["body"]) if "body" in ask else ask.get("content", "")
    return engine.handle(Request(method, unquote(path), query, tuple(headers.items()), content.encode(), raw_path=path))


@each_case
def test_contract_is_served_as_it_is_meant(case: dict[str, Any], tmp_path: Path) -> None:
    place = laid_out(case, tmp_path)
    contract = load_contract(place)
    assert [finding.rule for finding in contract.findings] == case["rules"], contract.findings
    assert all(
        finding.severity == "repaired" and finding.remedy.startswith("Repaired: ") for finding in contract.findings
    )
    if "line" in case:
        assert contract.findings[0].location == f"{place}:{case['line']}"
    engine = engine_of(contract)
    for ask in case.get("asks", ()):
        exchange = asked(engine, ask)
        assert exchange.answer.status == ask.get("status", 200), (ask, exchange.answer.body)
        if "answer" in ask:
            assert json.loads(exchange.answer.body) == ask["answer"], ask
        if "found" in ask:
            assert exchange.findings[0].found == ask["found"]
        if exchange.answer.status == 200:
            assert [finding.rule for finding in exchange.findings] == ask.get("told", []), ask
            header_findings = json.loads(exchange.answer.header("Mock-Findings") or "[]")
            assert [finding["rule"] for finding in header_findings] == [
                rule for rule in ask.get("told", ()) if rule == "read-only"
            ]


@each_case
def test_answers_keep_what_is_meant(case: dict[str, Any], tmp_path: Path) -> None:
    engine = engine_of(load_contract(laid_out(case, tmp_path)))
    shows = [name.rpartition(" ") for name in case.get("shows", ())]
    names = dict.fromkeys([*case.get("keeps", ()), *(operation for operation, _, _ in shows)])
    for operation in names:
        answers = [asked(engine, {"ask": operation}, prefer=f"seed={seed}").answer for seed in range(SEEDS)]
        assert [answer.status for answer in answers] == [200] * SEEDS, answers[0].body
        values = [json.loads(answer.body) for answer in answers]
        schema = case.get("keeps", {}).get(operation, True)
        for value in values:
            Draft202012Validator(schema).validate(value)
        for name, _, pointer in shows:
            if name == operation:
                there = [found(value, pointer) for value in values]
                assert [expected for expected in case["shows"][f"{name} {pointer}"] if expected not in there] == []


def found(value: Any, pointer: str) -> Any:
    try:
        return value_at(value, pointer)
    except KeyError:
        return ...


@each_case
def test_strict_refuses_guessed_intent(case: dict[str, Any], tmp_path: Path) -> None:
    place = laid_out(case, tmp_path)
    if not case["rules"]:
        assert load_contract(place, strict=True).findings == ()
        return
    with pytest.raises(ContractError, match="expected none"):
        load_contract(place, strict=True)
