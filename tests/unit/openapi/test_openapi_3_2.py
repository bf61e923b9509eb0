"""OpenAPI 3.2: what it has and 3.1 has not is taken as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mock_server.generation.schema_document import SchemaDocument as Schemas
from mock_server.http.messages import Request, Response
from mock_server.mocking.contract_audit import ContractAudit
from mock_server.mocking.engine import Engine
from mock_server.mocking.response_selector import ResponseSelector
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.settings import Settings
from mock_server.storage.memory import MemoryStore
from tests.support.case_files import case_path
from tests.support.contracts import document, engine_of, load

RICH = case_path("openapi-3.2")


@pytest.fixture(scope="module")
def rich() -> Contract:
    return load_contract(str(RICH), strict=True)


@pytest.fixture(scope="module")
def engine(rich: Contract) -> Engine:
    return engine_of(rich)


def answer_of(engine: Engine, method: str, target: str, **headers: str) -> Response:
    path, _, query = target.partition("?")
    body = headers.pop("body", "").encode()
    exchange = engine.handle(Request(method, path, query, tuple(headers.items()), body))
    assert exchange.answer.status >= 400 or exchange.findings == ()
    return exchange.answer


def test_every_answer_keeps_the_contract(rich: Contract) -> None:
    store = MemoryStore()
    schemas = Schemas(dict(rich.document), rich.openapi)
    audited = [
        *ContractAudit(
            rich, ContractValidator(rich), ResponseSelector(rich, store, Settings(), schemas), store
        ).answers()
    ]
    assert len(audited) == 16
    assert [entry for entry in audited if entry.findings] == []


@pytest.mark.parametrize("method", ["GET", "QUERY"])
def test_content_may_be_a_reference(method: str, engine: Engine) -> None:
    answer = answer_of(
        engine, method, "/pets", **{"content-type": "application/json", "body": "{}"} if method == "QUERY" else {}
    )
    assert json.loads(answer.body) == [{"kind": "cat", "name": "Tom"}]


def test_response_needs_no_description(engine: Engine) -> None:
    assert answer_of(engine, "COPY", "/pets").status == 201


def test_scheme_may_be_named_by_a_uri(rich: Contract, engine: Engine) -> None:
    assert rich.operations["POST /upload"].security == (("device",),)
    assert answer_of(engine, "POST", "/upload").status == 401


@pytest.mark.parametrize(("query", "status"), [("q=Tom&limit=2", 200), ("limit=2", 422), ("q=Tom&limit=two", 422)])
def test_query_may_be_described_as_a_whole(query: str, status: int, engine: Engine) -> None:
    assert answer_of(engine, "GET", f"/search?{query}").status == status


def test_kinds_of_nodes_of_xml(engine: Engine) -> None:
    text = answer_of(engine, "GET", "/json?%7B%7D").body.decode()
    assert '<cat kind="cat">' in text
    assert "<tags><tag>" in text
    assert "<text>" not in text


def test_kinds_of_nodes_of_xml_are_read(tmp_path: Path) -> None:
    members = {
        "id": {"type": "integer", "xml": {"nodeType": "attribute"}},
        "note": {"const": "a", "xml": {"nodeType": "cdata"}},
        "tags": {"type": "array", "items": {"type": "string", "xml": {"name": "tag"}}, "xml": {"nodeType": "element"}},
    }
    schema = {"type": "object", "required": [*members], "additionalProperties": False, "properties": members}
    post = {"requestBody": {"content": {"application/xml": {"schema": schema}}}, "responses": {"200": {}}}
    engine = engine_of(load(tmp_path, document({"/a": {"post": post}}, openapi="3.2.0"), strict=True))
    sent = {"content-type": "application/xml"}
    good, bad = '<r id="7">a<tags><tag>x</tag></tags></r>', "<r><id>7</id><note>a</note><tag>x</tag></r>"
    assert answer_of(engine, "POST", "/a", body=good, **sent).status == 200
    assert answer_of(engine, "POST", "/a", body=bad, **sent).status == 422
