from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.json_pointer import value_at
from mock_server.http.messages import Request
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from tests.support.case_files import read_cases
from tests.support.contracts import engine_of

DATA = read_cases("swagger")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    file = tmp_path_factory.mktemp("swagger") / "swagger.yaml"
    file.write_text(DATA["contract"], encoding="utf-8")
    contract = load_contract(str(file))
    assert [finding.rule for finding in contract.findings] == ["example-type"]
    return contract


@pytest.mark.parametrize("pointer", DATA["becomes"])
def test_openapi_2_0_becomes_3_0(pointer: str, converted: Contract) -> None:
    assert value_at(dict(converted.document), pointer) == DATA["becomes"][pointer]


@pytest.mark.parametrize("pointer", DATA["lines"])
def test_messages_name_original_line(pointer: str, converted: Contract) -> None:
    assert converted.locate(pointer) == f"{converted.name}:{DATA['lines'][pointer]}"


@pytest.mark.parametrize("case", DATA["requests"], ids=lambda case: f"{case['ask']} {case['status']}")
def test_openapi_2_0_is_served(case: dict[str, Any], converted: Contract) -> None:
    method, _, target = case["ask"].partition(" ")
    path, _, query = target.partition("?")
    content = case.get("content", "").encode()
    request = Request(method, path, query, tuple(case.get("headers", {}).items()), content)
    answer = engine_of(converted).handle(request).answer
    assert answer.status == case["status"], answer.body
    if "body" in case:
        assert json.loads(answer.body) == case["body"]


def test_minimal_swagger_2_is_served(tmp_path: Path) -> None:
    file = tmp_path / "swagger.json"
    file.write_text('{"swagger": "2.0", "paths": {"/a": {"get": {"responses": {"200": {}}}}}}', encoding="utf-8")
    contract = load_contract(str(file))
    assert (contract.openapi, [*contract.operations], contract.base_paths) == ((3, 0), ["GET /a"], ("",))
    assert {finding.rule for finding in contract.findings} == {"missing-info", "missing-description"}
