from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.core import bundled
from mock_server.mocking.contract_audit import ContractAudit, status_of
from mock_server.mocking.response_selector import ResponseSelector
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.settings import Settings
from mock_server.storage import MemoryStore, Record
from mock_server.storage.fixtures.loader import load_fixtures
from tests.support.contracts import Document, document, load, operation

NAME = {"type": "string"}


def audit_of(contract: Contract, *records: Record) -> ContractAudit:
    store = MemoryStore(records)
    return ContractAudit(contract, ContractValidator(contract), ResponseSelector(contract, store, Settings()), store)


def answering(**responses: Any) -> Document:
    return {"responses": {key.lstrip("_"): {"description": key, **response} for key, response in responses.items()}}


def in_json(schema: Any, **examples: Any) -> Document:
    named = {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}
    return {"content": {"application/json": {"schema": schema, **named}}}


def test_every_documented_answer_and_every_named_example_is_tried(tmp_path: Path) -> None:
    paths = {"/a": {"get": answering(_200=in_json(NAME, one="1", two="2"), _404={}), "put": answering(_204={})}}
    tried = [
        (entry.operation, entry.status, entry.example, entry.source)
        for entry in audit_of(load(tmp_path, document(paths))).answers()
    ]
    assert tried == [
        ("GET /a", "200", "", "example"),
        ("GET /a", "200", "one", "example"),
        ("GET /a", "200", "two", "example"),
        ("GET /a", "404", "", "contract"),
        ("PUT /a", "204", "", "contract"),
    ]


def test_every_media_type_is_tried(tmp_path: Path) -> None:
    content = {name: {"schema": NAME} for name in ("application/json", "application/xml", "text/plain", "image/png")}
    paths = {"/a": {"get": answering(_200={"content": content}, _101={}, _304={"content": content})}}
    tried = [*audit_of(load(tmp_path, document(paths))).answers()]
    assert [(entry.status, entry.media) for entry in tried] == [*(("200", name) for name in content), ("304", "")]
    assert [entry.findings for entry in tried] == [()] * 5


def test_invalid_example_is_found(tmp_path: Path) -> None:
    paths = {"/a": {"get": answering(_200=in_json(NAME, good="1", bad=2))}}
    findings = {entry.example: entry.findings for entry in audit_of(load(tmp_path, document(paths))).answers()}
    assert (findings[""], findings["good"]) == ((), ())
    assert [(finding.rule, finding.found) for finding in findings["bad"]] == [("example", "2")]


def test_impossible_answer_is_found(tmp_path: Path) -> None:
    (tried,) = audit_of(load(tmp_path, document({"/a": {"get": operation(False)}}))).answers()
    assert [(finding.rule, finding.location, finding.pointer) for finding in tried.findings] == [
        ("no-answer", "GET /a", "/paths/~1a/get")
    ]


def of_resource(directory: Path, **members: Any) -> Contract:
    get = operation({"$ref": "#/components/schemas/Pet"}, x_mock_fixture={"resource": "pets"})
    return load(
        directory,
        document(
            {"/pet": {"get": get}},
            components={"schemas": {"Pet": {"type": "object", "properties": {"name": NAME}}}},
            x_mock_resources={"pets": {"schema": "#/components/schemas/Pet"}},
            x_mock_tokens=[{"prefix": "pet_", "schemes": [], "selects": "pets"}],
            **members,
        ),
    )


def test_invalid_record_is_blamed_by_file(tmp_path: Path) -> None:
    records = [Record("pets", "tom", {"name": "Tom"}, "pets.yaml"), Record("pets", "rex", {"name": 7}, "pets.yaml")]
    _, tom, rex = audit_of(of_resource(tmp_path), *records).answers()
    assert (tom.example, tom.source, tom.findings) == ("tom", "fixture", ())
    assert [(finding.location, finding.pointer) for finding in rex.findings] == [("pets.yaml rex", "/name")]


def test_source_of_answer_about_resource_is_fixture_first(tmp_path: Path) -> None:
    contract = of_resource(tmp_path)
    assert audit_of(contract).sources(contract.operations["GET /pet"]) == [("200", "fixture, else generated")]


@pytest.mark.parametrize(
    ("key", "others", "status"),
    [("404", (), 404), ("4XX", (), 400), ("default", (), 200), ("default", ("200",), 500), ("200", ("default",), 200)],
)
def test_key_of_responses_stands_for_status(key: str, others: tuple[str, ...], status: int, tmp_path: Path) -> None:
    contract = load(tmp_path, document({"/a": {"get": answering(**{f"_{name}": {} for name in (key, *others)})}}))
    assert status_of(key, contract.operations["GET /a"]) == status


@pytest.mark.parametrize("others", [(), ("200",), ("200", "500"), ("5XX",)])
def test_default_is_tried_with_status_that_has_no_key_of_its_own(others: tuple[str, ...], tmp_path: Path) -> None:
    responses = {f"_{key}": in_json(NAME, plain=key) for key in ("default", *others)}
    contract = load(tmp_path, document({"/a": {"get": answering(**responses)}}))
    operation_ = contract.operations["GET /a"]
    assert operation_.response_for(status_of("default", operation_)) is operation_.responses["default"]


def test_bundled_contract_keeps_its_word(contract: Contract) -> None:
    tried = [*audit_of(contract, *load_fixtures(bundled.fixtures(), contract)).answers()]
    assert len(tried) > 20
    assert [entry for entry in tried if entry.findings] == []
