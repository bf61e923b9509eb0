from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.http.messages import Request, Response
from mock_server.mocking.engine import Engine
from mock_server.openapi.loading.loader import load_contract
from tests.support.contracts import Document, document, engine_of, load, operation, value_of
from tests.support.paths import SHARED

LIMIT: Document = {"in": "query", "name": "limit", "schema": {"type": "integer"}}
BODY: Document = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
KEY: Document = {"type": "apiKey", "in": "header", "name": "X-Key"}
JSON = (("content-type", "application/json"),)
ERROR: Document = {
    "type": "object",
    "required": ["error", "code", "message"],
    "properties": {"error": {"enum": ["wrong"]}, "code": {"type": "integer"}, "message": {"type": "string"}},
}


def answer_of(schema: Any, name: str = "application/json") -> Document:
    return {"description": "No.", **({} if schema is None else {"content": {name: {"schema": schema}}})}


def refusing(directory: Path, responses: Document, openapi: str = "3.1.0", **members: Any) -> Engine:
    """An engine of one operation that takes a key, a limit and a body, with these answers beside 200."""
    post = operation(parameters=[LIMIT], requestBody=BODY, security=[{"key": []}])
    post["responses"] |= responses
    components = {"securitySchemes": {"key": KEY}, **members}
    return engine_of(load(directory, document({"/a": {"post": post}}, openapi=openapi, components=components)))


def wrong(engine: Engine, what: str) -> Response:
    key = (("x-key", "k"),)
    requests = {
        "key": Request("POST", "/a", headers=JSON, body=b"{}"),
        "limit": Request("POST", "/a", "limit=x", key + JSON, b"{}"),
        "syntax": Request("POST", "/a", "", key + JSON, b"{"),
        "type": Request("POST", "/a", "", (*key, ("content-type", "text/plain")), b"{}"),
        "type and limit": Request("POST", "/a", "limit=x", (*key, ("content-type", "text/plain")), b"{}"),
        "syntax and limit": Request("POST", "/a", "limit=x", key + JSON, b"{"),
    }
    return engine.handle(requests[what]).answer


@pytest.mark.parametrize(
    ("what", "documented", "status"),
    [
        ("limit", (), 422),
        ("limit", ("400",), 400),
        ("limit", ("422", "400"), 422),
        ("limit", ("4XX",), 422),
        ("limit", ("default",), 422),
        ("limit", ("400", "4XX", "default"), 400),
        ("limit", ("404", "500"), 422),
        ("syntax", (), 400),
        ("syntax", ("422",), 422),
        ("syntax", ("422", "400"), 400),
        ("syntax", ("4XX",), 400),
        ("type", (), 415),
        ("type", ("415",), 415),
        ("type", ("400", "422"), 422),
        ("type", ("400",), 400),
        ("type", ("4XX",), 415),
        ("type", ("default",), 415),
        ("key", (), 401),
        ("key", ("401",), 401),
        ("key", ("403",), 401),
        ("key", ("default", "4XX"), 401),
        ("type and limit", ("422", "415"), 415),
        ("type and limit", (), 415),
        ("syntax and limit", ("422", "400"), 400),
    ],
)
def test_refusal_has_status_that_fits_best(what: str, documented: tuple[str, ...], status: int, tmp_path: Path) -> None:
    engine = refusing(tmp_path, {key: answer_of({"const": {"from": key}}) for key in documented})
    answer = wrong(engine, what)
    assert answer.status == status
    fitting = next((key for key in (str(status), "4XX", "default") if key in documented), None)
    if fitting is None:
        assert answer.header("content-type") == "application/problem+json"
    else:
        assert (value_of(answer), answer.reason) == ({"from": fitting}, "failure")
    assert json.loads(answer.header("Mock-Findings") or "")


def test_default_that_is_only_answer_is_none_to_errors(tmp_path: Path) -> None:
    engine = refusing(tmp_path, {"default": answer_of(ERROR)})
    assert wrong(engine, "limit").reason == "failure"
    post = {"responses": {"default": answer_of(ERROR)}, "parameters": [LIMIT]}
    alone = engine_of(load(tmp_path, document({"/a": {"post": post}})))
    assert alone.handle(Request("POST", "/a", "limit=x")).answer.reason == "problem"


def test_named_example_that_breaks_its_schema_is_not_sent(tmp_path: Path) -> None:
    response = answer_of(ERROR)
    examples: Document = {
        "bad": {"value": {"message": "No."}},
        "good": {"value": {"error": "wrong", "code": 7, "message": "No."}},
    }
    response["content"]["application/json"]["examples"] = examples
    assert value_of(wrong(refusing(tmp_path, {"422": response}), "limit")) == examples["good"]["value"]
    del examples["good"]
    answer = wrong(refusing(tmp_path, {"422": response}), "limit")
    assert (answer.status, value_of(answer)["error"]) == (422, "wrong")


def test_answer_without_example_is_made_and_told_what_went_wrong(tmp_path: Path) -> None:
    value = value_of(wrong(refusing(tmp_path, {"422": answer_of(ERROR)}), "limit"))
    assert (value["error"], value["code"]) == ("wrong", 422)
    assert value["message"].startswith('query limit: "x"; expected type: "integer"')


def test_answer_that_has_no_room_for_it_is_not_told(tmp_path: Path) -> None:
    tight = {"type": "object", "required": ["message"], "properties": {"message": {"enum": ["no"]}}}
    assert value_of(wrong(refusing(tmp_path, {"422": answer_of(tight)}), "limit")) == {"message": "no"}


REASON = 'query limit: "x"; expected type: "integer" [parameter]'


def test_example_tells_reason_where_it_has_text_for_it(tmp_path: Path) -> None:
    said = answer_of(ERROR)
    said["content"]["application/json"]["example"] = {"error": "wrong", "code": 1, "message": "m"}
    assert value_of(wrong(refusing(tmp_path, {"422": said}), "limit")) == {
        "error": "wrong",
        "code": 1,
        "message": REASON,
    }


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ({"error": {"message": "m", "type": "t"}}, {"error": {"message": REASON, "type": "t"}}),
        ({"errors": [{"message": "m", "field": "f"}]}, {"errors": [{"message": REASON, "field": "f"}]}),
        ({"errors": ["m", "n"]}, {"errors": [REASON, "n"]}),
        ({"error": "m"}, {"error": REASON}),
        ({"error": "code", "error_description": "m"}, {"error": "code", "error_description": REASON}),
        ({"title": "t", "detail": "m"}, {"title": "t", "detail": REASON}),
        ({"title": "t", "id": "i"}, {"title": REASON, "id": "i"}),
        ({"errorMessage": "m"}, {"errorMessage": REASON}),
        ({"id": "i"}, {"id": "i"}),
        ([{"message": "m"}], [{"message": REASON}]),
        ("m", "m"),
    ],
)
def test_reason_is_where_readers_look(example: Any, expected: Any, tmp_path: Path) -> None:
    said = answer_of({})
    said["content"]["application/json"]["example"] = example
    assert value_of(wrong(refusing(tmp_path, {"422": said}), "limit")) == expected


def test_reason_is_cut_to_what_schema_takes(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string", "maxLength": 50}}}
    assert value_of(wrong(refusing(tmp_path, {"422": answer_of(schema)}), "limit"))["message"] == REASON[:40]


def test_example_that_breaks_its_schema_is_not_answer_to_failure(tmp_path: Path) -> None:
    said = answer_of(ERROR)
    said["content"]["application/json"]["example"] = {"error": 1}
    answer = wrong(refusing(tmp_path, {"422": said}), "limit")
    assert (answer.status, value_of(answer)["message"]) == (422, REASON)


def named(*names: str) -> Document:
    said = answer_of(ERROR)
    values = {name: {"value": {"error": "wrong", "code": 1, "message": name}} for name in names}
    said["content"]["application/json"]["examples"] = values
    return said


def test_example_with_name_stays_as_contract_has_it(tmp_path: Path) -> None:
    answer = wrong(refusing(tmp_path, {"422": named("first", "second")}), "limit")
    assert value_of(answer) == {"error": "wrong", "code": 1, "message": "first"}
    (finding,) = json.loads(answer.header("Mock-Findings") or "")
    assert (finding["location"], finding["found"], finding["expected"]) == ("query limit", '"x"', 'type: "integer"')


@pytest.mark.parametrize(
    ("example", "status", "message", "applied"),
    [
        ("second", 422, "second", "example=second"),
        ("other", 400, "other", "example=other"),
        ("nothing", 422, "first", None),
        ("good", 422, "first", None),
    ],
)
def test_preferred_example_is_one_of_answers_to_failure(
    example: str, status: int, message: str, applied: str | None, tmp_path: Path
) -> None:
    engine = refusing(tmp_path, {"422": named("first", "second"), "400": named("other"), "500": named("good")})
    headers = (("x-key", "k"), *JSON, ("prefer", f"example={example}, delay=5"))
    answer = engine.handle(Request("POST", "/a", "limit=x", headers, b"{}")).answer
    assert (answer.status, value_of(answer)["message"]) == (status, message)
    assert (answer.header("Preference-Applied"), answer.delay) == (applied, 0)
    assert json.loads(answer.header("Mock-Findings") or "")


def test_documented_problem_is_filled_in(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail")}
        | {"status": {"type": "integer"}},
    }
    answer = wrong(refusing(tmp_path, {"422": answer_of(schema, "application/problem+json")}), "limit")
    assert answer.header("content-type") == "application/problem+json"
    assert value_of(answer)["type"] == "urn:mock-server:problem:invalid-request"
    assert value_of(answer)["findings"][0]["location"] == "query limit"


VALIDATION: Document = {
    "HTTPValidationError": {
        "type": "object",
        "properties": {"detail": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationError"}}},
    },
    "ValidationError": {
        "type": "object",
        "required": ["loc", "msg", "type"],
        "properties": {
            "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
            "msg": {"type": "string"},
            "type": {"type": "string"},
        },
    },
}


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_validation_error_of_fastapi_says_what_went_wrong(openapi: str, tmp_path: Path) -> None:
    schema = {"$ref": "#/components/schemas/HTTPValidationError"}
    engine = refusing(tmp_path, {"422": answer_of(schema)}, openapi, schemas=VALIDATION)
    (said,) = value_of(wrong(engine, "limit"))["detail"]
    assert said == {"loc": ["query", "limit"], "msg": '"x"; expected type: "integer"', "type": "parameter"}


def test_pointer_becomes_fastapi_location(tmp_path: Path) -> None:
    schema = {"$ref": "#/components/schemas/HTTPValidationError"}
    listed = {"type": "object", "properties": {"a/b": {"type": "array", "items": {"type": "integer"}}}}
    post = operation(requestBody={"content": {"application/json": {"schema": listed}}})
    post["responses"]["422"] = answer_of(schema)
    engine = engine_of(load(tmp_path, document({"/a": {"post": post}}, components={"schemas": VALIDATION})))
    answer = engine.handle(Request("POST", "/a", headers=JSON, body=b'{"a/b": [1, "x"]}')).answer
    assert value_of(answer)["detail"][0]["loc"] == ["body", "a/b", 1]


def test_answer_that_cannot_be_made_gives_way_to_next(tmp_path: Path) -> None:
    engine = refusing(tmp_path, {"422": answer_of(False), "400": answer_of({"const": 1})})
    assert (wrong(engine, "limit").status, value_of(wrong(engine, "limit"))) == (400, 1)


def test_401_always_names_schemes(tmp_path: Path) -> None:
    assert wrong(refusing(tmp_path, {"401": answer_of(None)}), "key").header("WWW-Authenticate") == "Bearer"


def test_415_names_what_is_taken(tmp_path: Path) -> None:
    assert wrong(refusing(tmp_path, {}), "type").header("Accept") == "application/json"
    assert wrong(refusing(tmp_path, {"415": answer_of(None)}), "type").header("Accept") == "application/json"


def test_malformed_request_takes_answer_to_invalid_ones(tmp_path: Path) -> None:
    failures = {"invalid_request": {"status": "418", "response": "#/components/responses/No"}}
    post = operation(requestBody=BODY)
    contract = document(
        {"/a": {"post": post}}, x_mock_failures=failures, components={"responses": {"No": {"description": "No."}}}
    )
    answer = engine_of(load(tmp_path, contract)).handle(Request("POST", "/a", headers=JSON, body=b"{")).answer
    assert answer.status == 418
    assert json.loads(answer.header("Mock-Findings") or "")[0]["rule"] == "malformed-body"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared contracts are not beside the project")
def test_polar_errors_keep_their_format() -> None:
    contract = load_contract(str(SHARED / "contracts/polar-full-2026-10.json"))
    engine = engine_of(contract)
    count = 0
    for endpoint in contract.operations.values():
        if endpoint.method == "GET" and "422" in endpoint.responses and "{" not in endpoint.path:
            request = Request("GET", endpoint.path, "limit=x", (("authorization", "Bearer polar_oat_x"),))
            exchange = engine.handle(request)
            if any(finding.location == "query limit" for finding in exchange.findings):
                count += 1
                said = value_of(exchange.answer)["detail"]
                assert {"loc": ["query", "limit"], "msg": '"x"; expected type: "integer"', "type": "parameter"} in said
    assert count > 10
