"""Contracts as they are in the world: with flaws, served all the same, and every flaw told with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.logging import warn_of
from mock_server.http.messages import Request
from mock_server.openapi.loading.loader import load_contract
from tests.support.case_files import read_cases
from tests.support.contracts import engine_of

DATA = read_cases("flawed")
each_case = pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: case["name"])


def laid_out(case: dict[str, Any], directory: Path) -> str:
    text = case["text"] if "openapi:" in case["text"] else DATA["heading"] + case["text"]
    file = directory / "contract.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


@each_case
def test_flawed_contract_is_served_and_its_flaws_are_told(case: dict[str, Any], tmp_path: Path) -> None:
    place = laid_out(case, tmp_path)
    contract = load_contract(place)
    assert [finding.rule for finding in contract.findings] == case["rules"]
    assert all(
        finding.severity == "repaired" and finding.remedy.startswith("Repaired: ") for finding in contract.findings
    )
    if "line" in case:
        assert contract.findings[0].location == f"{place}:{case['line']}"
    method, _, target = case["ask"].partition(" ")
    path, _, query = target.partition("?")
    exchange = engine_of(contract).handle(Request(method, path, query))
    assert exchange.answer.status == case.get("status", 200), exchange.answer.body
    assert exchange.findings == ()
    if "body" in case:
        assert json.loads(exchange.answer.body) == case["body"]
    if "schema" in case:
        Draft202012Validator(case["schema"]).validate(json.loads(exchange.answer.body))


@each_case
def test_strict_refuses_flawed_contract(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="expected none"):
        load_contract(laid_out(case, tmp_path), strict=True)


def test_start_tells_first_findings_of_rule_and_counts_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listed = [Diagnostic("nullable", f"pets.yaml:{line}", "a", "b", severity="repaired") for line in range(1, 6)]
    warn_of([*listed, Diagnostic("path", "pets.yaml:9", "a", "b")])
    assert caplog.messages == [
        *map(str, listed[:3]),
        "pets.yaml:9: a; expected b [path]",
        "2 more of [nullable]: `mock-server check` lists them",
    ]
