"""What jsonschema-rs lets through, openapi-core lets through as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.generation.schema_document import SchemaDocument
from mock_server.http.messages import Request, Response, Route
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.fast_validator import fast_validator_of
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.contracts import document, load, operation

JSON_TYPE = ("content-type", "application/json")
PET: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"type": ["integer", "null"], "minimum": 0},
        "mail": {"type": "string", "format": "email"},
        "born": {"type": "string", "format": "date"},
        "friend": {"$ref": "#/components/schemas/Pet"},
    },
}
HEADERS = {
    "X-Count": {"required": True, "schema": {"type": "integer"}},
    "X-Names": {"schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
}


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    get: Any = operation({"$ref": "#/components/schemas/Pet"})
    get["responses"]["200"]["headers"] = HEADERS
    return load(tmp_path_factory.mktemp("pets"), document({"/a": {"get": get}}, components={"schemas": {"Pet": PET}}))


def accepted(contract: Contract, answer: Response) -> bool:
    schemas = SchemaDocument(dict(contract.document), contract.openapi)
    response = contract.operations["GET /a"].response_for(answer.status)
    assert response is not None
    acceptance = fast_validator_of(response, lambda schema: schemas.root(schema).accepts, contract.resolve)
    return acceptance is not None and acceptance.of(answer)


GOOD = (("X-Count", "7"), ("X-Names", "a,b"))


@pytest.mark.parametrize(
    ("value", "headers", "good"),
    [
        ({"name": "Tom"}, GOOD, True),
        ({"name": "Tom", "friend": {"name": "Rex", "age": None}}, GOOD, True),
        ({"name": "Tom", "friend": {"name": ""}}, GOOD, False),
        ({"name": "Tom", "mail": "nobody"}, GOOD, False),
        ({"name": "Tom"}, (("X-Count", "x"),), False),
        ({"name": "Tom"}, (("X-Names", "a"),), False),
        ({"name": "Tom"}, (("X-Count", "7"), ("X-Names", "c")), False),
    ],
)
def test_valid_response_is_accepted(
    value: Any, headers: tuple[tuple[str, str], ...], good: bool, pets: Contract
) -> None:
    answer = Response(200, (JSON_TYPE, *headers), json.dumps(value).encode())
    assert accepted(pets, answer) is good
    assert (ContractValidator(pets).answer("GET /a", answer) == ()) is good


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"\xff", b'{"name":"a","name":"b"}', b"[" * 100_000])
def test_other_bodies_take_slow_path(body: bytes, pets: Contract) -> None:
    assert not accepted(pets, Response(200, (JSON_TYPE, *GOOD), body))


@pytest.mark.parametrize("content_type", ["text/plain", "application/problem+json", ""])
def test_other_media_type_takes_slow_path(content_type: str, pets: Contract) -> None:
    assert not accepted(pets, Response(200, (("content-type", content_type), *GOOD), b'{"name":"Tom"}'))


def test_judge_that_accepts_quickly_still_says_what_is_wrong(pets: Contract) -> None:
    schemas = SchemaDocument(dict(pets.document), pets.openapi)
    quick = ContractValidator(pets, lambda schema: schemas.root(schema).accepts)
    wrong = Response(200, (JSON_TYPE, *GOOD), b'{"name":7}')
    assert quick.answer("GET /a", wrong) == ContractValidator(pets).answer("GET /a", wrong) != ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "a@b.co", "2026-01-01", "x y"]),
    lambda inner: st.dictionaries(st.sampled_from([*PET["properties"], "more"]), inner, max_size=4),
    max_leaves=8,
)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_quick_word_is_that_of_openapi_core(value: Any, pets: Contract) -> None:
    answer = Response(200, (JSON_TYPE, *GOOD), json.dumps(value).encode())
    assert accepted(pets, answer) is (ContractValidator(pets).answer("GET /a", answer) == ())


SENT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "format": "int32", "readOnly": True},
        "name": {"type": "string", "minLength": 1},
        "count": {"type": "integer", "format": "int32"},
        "total": {"type": "integer", "format": "int64"},
        "key": {"type": "string", "format": "byte"},
        "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
    },
}
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(-1, 1),
        "name": st.sampled_from(["", "Tom", None]),
        "count": st.sampled_from([0, 2**31 - 1, 2**31, -(2**31), 1.0, "1"]),
        "total": st.sampled_from([2**31, 2**63 - 1, 2**63, 10**400]),
        "key": st.sampled_from(["", "YQ==", "YQ=", "YQ", "ä"]),
        "tags": st.lists(st.sampled_from(["a", "", 1, 2**31]), max_size=3),
    },
)


@pytest.fixture(scope="module", params=["3.0.3", "3.1.0"])
def orders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    body = {"required": True, "content": {"application/json": {"schema": SENT}}}
    paths = {"/a": {"post": {"requestBody": body, **operation()}}}
    components = {"schemas": {"Tag": {"type": "string", "minLength": 1}}}
    described = document(paths, openapi=request.param, components=components)
    return load(tmp_path_factory.mktemp("orders"), described)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_quick_word_on_request_is_that_of_openapi_core(body: Any, orders: Contract) -> None:
    sent = SchemaDocument(dict(orders.document), orders.openapi, sends="request")
    quick = ContractValidator(orders, takes_of=lambda schema: sent.root(schema).accepts)
    request = Request("POST", "/a", headers=(JSON_TYPE,), body=json.dumps(body).encode())
    route = Route("POST /a")
    assert quick.request(route, request) == ContractValidator(orders).request(route, request)


def test_list_of_what_stands_elsewhere_is_accepted_quickly(orders: Contract) -> None:
    node = SchemaDocument(dict(orders.document)).root({"type": "array", "items": {"$ref": "#/components/schemas/Tag"}})
    assert (node.accepts(["a"]), node.accepts([""])) == (True, False)
    assert type(node.document.judge(node)).__module__ == "jsonschema_rs"


def test_number_beyond_format_is_invalid(tmp_path: Path) -> None:
    get = operation({"type": "integer", "format": "int32"})
    contract = load(tmp_path, document({"/a": {"get": get}}))
    schemas = SchemaDocument(dict(contract.document), contract.openapi)
    quick = ContractValidator(contract, lambda schema: schemas.root(schema).accepts)
    findings = {
        number: quick.answer("GET /a", Response(200, (JSON_TYPE,), b"%d" % number)) for number in (2**31 - 1, 2**31)
    }
    assert [bool(listed) for listed in findings.values()] == [False, True]
