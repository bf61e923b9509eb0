"""How closely requests are held against the contract: by setting, by preference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.http.messages import Request
from mock_server.http.preferences import STRICTNESS
from mock_server.settings import Settings
from tests.support.case_files import read_cases
from tests.support.contracts import engine_of, load
from tests.support.paths import ROOT

DATA = read_cases("strictness")


@pytest.mark.parametrize("case", DATA["cases"], ids=str)
def test_strictness_of_requests_is_configurable(case: dict[str, Any], tmp_path: Path) -> None:
    engine = engine_of(
        load(tmp_path, DATA["contract"]), settings=Settings(validate_requests=case.get("setting", "strict"))
    )
    method, _, target = case["ask"].partition(" ")
    path, _, query = target.partition("?")
    named = {
        "x-key": case.get("key", "k"),
        "content-type": case.get("type", "application/json"),
        "prefer": case.get("prefer", ""),
    }
    headers = tuple((name, value) for name, value in named.items() if value)
    exchange = engine.handle(Request(method, path, query, headers, case.get("body", "").encode()))
    answer = exchange.answer
    assert (answer.status, [finding.rule for finding in exchange.findings]) == (case["status"], case["findings"])
    assert (answer.header("Mock-Findings") is not None) is case.get("is_told", False)
    assert answer.header("Preference-Applied") == case.get("applied")


@pytest.mark.parametrize("strictness", STRICTNESS)
def test_every_strictness_is_explained(strictness: str) -> None:
    assert f"`{strictness}`" in (ROOT / "docs/requests.md").read_text(encoding="utf-8").partition("## How strict")[2]
