from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.messages import Headers, Request, Response, Route
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.contracts import Document, document, load, operation

JSON = ("content-type", "application/json")
PET: Document = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}


def judge_of(directory: Path, method: str, node: Document, **members: Any) -> ContractValidator:
    return ContractValidator(load(directory, document({"/a": {method: node}}, **members)))


def of_answer(directory: Path, get: Document, answer: Response, **members: Any) -> tuple[Diagnostic, ...]:
    return judge_of(directory, "get", get, **members).answer("GET /a", answer)


def of_body(directory: Path, schema: Any, value: Any, **members: Any) -> list[tuple[str, str, str]]:
    """Pointer, found and expected of what is wrong with a JSON body."""
    findings = of_answer(directory, operation(schema), Response(200, (JSON,), json.dumps(value).encode()), **members)
    assert {finding.rule for finding in findings} <= {"answer-body"}
    return [(finding.pointer, finding.found, finding.expected) for finding in findings]


# Bodies of answers.


@pytest.mark.parametrize(
    ("schema", "value", "findings"),
    [
        (PET, {"name": "Tom", "age": 3, "more": 1}, []),
        (PET, {"name": 7}, [("/name", "7", 'type: "string"')]),
        (PET, {"age": 3}, [("", "'name' is a required property", "the required members to be there")]),
        (PET, {"name": 7, "age": "x"}, [("/name", "7", 'type: "string"'), ("/age", '"x"', 'type: "integer"')]),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
            ["a", "b"],
            [("/1", '"b"', 'type: "integer"')],
        ),
        ({"type": "array", "uniqueItems": True}, [1, 1], [("", "[1, 1]", "uniqueItems: true")]),
        ({"type": "string", "pattern": "^a$"}, "b", [("", '"b"', 'pattern: "^a$"')]),
        ({"enum": ["a", "b"]}, "c", [("", '"c"', 'enum: ["a", "b"]')]),
        ({"const": 1}, 2, [("", "2", "const: 1")]),
        (
            {"type": "object", "additionalProperties": False},
            {"a": 1},
            [("", "Additional properties are not allowed ('a' was unexpected)", "no other members")],
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, []),
        ({"type": "integer"}, 1.5, [("", "1.5", 'type: "integer"')]),
        ({"type": "integer"}, 2**70, []),
        ({"type": "number"}, True, [("", "true", 'type: "number"')]),
    ],
)
def test_body_is_validated_by_its_schema(
    schema: Any, value: Any, findings: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    assert of_body(tmp_path, schema, value) == findings


@pytest.mark.parametrize(("schema", "valid"), [(True, True), ({}, True), (False, False)])
def test_schema_may_be_true_or_false(schema: Any, valid: bool, tmp_path: Path) -> None:
    assert (of_body(tmp_path, schema, 1) == []) is valid


def test_references_are_followed(tmp_path: Path) -> None:
    components = {
        "schemas": {
            "Pet": {**PET, "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/components/schemas/Pet"}}}
        }
    }
    body = {"name": "Tom", "friend": {"name": "Rex", "friend": {"name": 7}}}
    problems = of_body(tmp_path, {"$ref": "#/components/schemas/Pet"}, body, components=components)
    assert problems == [("/friend/friend/name", "7", 'type: "string"')]


@pytest.mark.parametrize(("value", "valid"), [(None, True), ("Tom", True), (7, False)])
def test_nullable_is_a_word_of_3_0(value: Any, valid: bool, tmp_path: Path) -> None:
    assert (of_body(tmp_path, {"type": "string", "nullable": True}, value, openapi="3.0.3") == []) is valid


@pytest.mark.parametrize(("value", "valid"), [(None, True), ("Tom", True), (7, False)])
def test_nullable_is_read_as_meant_in_3_1(value: Any, valid: bool, tmp_path: Path) -> None:
    assert (of_body(tmp_path, {"type": "string", "nullable": True}, value) == []) is valid


def test_bounds_are_exclusive_in_way_of_each_version(tmp_path: Path) -> None:
    assert of_body(tmp_path, {"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 3, openapi="3.0.3")
    assert of_body(tmp_path, {"type": "integer", "exclusiveMinimum": 3}, 3)
    assert not of_body(tmp_path, {"type": "integer", "minimum": 3}, 3)


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"nul"])
def test_body_that_is_no_json_is_found(body: bytes, tmp_path: Path) -> None:
    assert [finding.rule for finding in of_answer(tmp_path, operation(PET), Response(200, (JSON,), body))] == [
        "answer-body"
    ]


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b'"\xed\xa0\xbd"'])
def test_body_that_only_python_takes_for_json_is_found(body: bytes, tmp_path: Path) -> None:
    assert of_answer(tmp_path, operation({}), Response(200, (JSON,), body))


# Statuses, media types, headers.


@pytest.mark.parametrize(
    ("documented", "status", "known"),
    [("200", 200, True), ("200", 201, False), ("2XX", 201, True), ("2XX", 301, False), ("default", 599, True)],
)
def test_status_matches_itself_range_or_default(documented: str, status: int, known: bool, tmp_path: Path) -> None:
    findings = of_answer(tmp_path, operation(status=documented), Response(status))
    assert [finding.rule for finding in findings] == ([] if known else ["answer-status"])
    assert [finding.location for finding in findings] == ([] if known else [f"answer {status}"])


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("text/plain", False),
        ("application/problem+json", False),
        ("", False),
    ],
)
def test_media_type_must_be_documented(sent: str, known: bool, tmp_path: Path) -> None:
    headers = (("content-type", sent),) if sent else ()
    findings = of_answer(tmp_path, operation({"type": "integer"}), Response(200, headers, b"1"))
    assert (findings == ()) is known


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("text/plain; charset=utf-8", b"Tom"),
        ("text/html", b"<p>"),
        ("text/csv", b"a,b"),
        ("application/xml", b"<a/>"),
        ("application/octet-stream", b"\x00\xff"),
        ("image/png", b"\x89PNG"),
    ],
)
def test_other_body_is_text_or_bytes(name: str, body: bytes, tmp_path: Path) -> None:
    get = {"responses": {"200": {"description": "d", "content": {name: {"schema": {"type": "string"}}}}}}
    assert of_answer(tmp_path, get, Response(200, (("content-type", name),), body)) == ()


def test_no_content_needs_no_body(tmp_path: Path) -> None:
    assert of_answer(tmp_path, operation(status="204"), Response(204)) == ()


@pytest.mark.parametrize(
    ("headers", "rules"),
    [
        ((("X-Required", "7"),), []),
        ((("x-required", "7"), ("X-Optional", "2024-02-29")), []),
        ((), ["answer-header"]),
        ((("X-Required", "seven"),), ["answer-header"]),
        ((("X-Required", "7"), ("X-Optional", "today")), ["answer-header"]),
        ((("X-Required", "7"), ("X-Unknown", "1")), []),
    ],
)
def test_headers_are_validated(headers: Headers, rules: list[str], tmp_path: Path) -> None:
    get = operation()
    get["responses"]["200"]["headers"] = {
        "X-Required": {"required": True, "schema": {"type": "integer"}},
        "X-Optional": {"schema": {"type": "string", "format": "date"}},
    }
    findings = of_answer(tmp_path, get, Response(200, headers))
    assert [finding.rule for finding in findings] == rules
    assert all(finding.location.startswith("answer 200 header X-") for finding in findings)


# Answers to failures, which belong to no operation.


def test_error_response_reference_is_followed(tmp_path: Path) -> None:
    gone = {"description": "No.", "content": {"application/json": {"schema": PET}}}
    validator = judge_of(
        tmp_path,
        "get",
        operation(),
        components={"responses": {"Gone": gone}},
        x_mock_failures={"not_found": {"status": "404", "response": "#/components/responses/Gone"}},
    )
    assert validator.failure("not_found", Response(404, (JSON,), b'{"name": "Tom"}')) == ()
    (finding,) = validator.failure("not_found", Response(404, (JSON,), b'{"name": 7}'))
    assert (finding.location, finding.pointer) == ("answer 404 body", "/name")
    assert [finding.rule for finding in validator.failure("not_found", Response(405))] == ["answer-status"]


# Requests.


def of_request(
    directory: Path,
    node: Document,
    query: str = "",
    headers: Headers = (),
    body: bytes = b"",
    method: str = "POST",
    **members: Any,
) -> list[tuple[str, str, str]]:
    """Rule, location and pointer of what is wrong with a request."""
    validator = judge_of(directory, method.lower(), node, **members)
    findings = validator.request(Route(f"{method} /a"), Request(method, "/a", query, headers, body))
    return [(finding.rule, finding.location, finding.pointer) for finding in findings]


def parameter(place: str, name: str, schema: Document, **more: Any) -> Document:
    return operation(parameters=[{"in": place, "name": name, "schema": schema, **more}])


INTEGERS = {"type": "array", "items": {"type": "integer"}}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}


@pytest.mark.parametrize(
    ("node", "query", "valid"),
    [
        (parameter("query", "a", {"type": "integer"}), "a=7", True),
        (parameter("query", "a", {"type": "integer"}), "a=x", False),
        (parameter("query", "a", {"type": "integer"}), "", True),
        (parameter("query", "a", {"type": "integer"}), "b=x", True),
        (parameter("query", "a", {"type": "integer"}, required=True), "", False),
        (parameter("query", "a", {"type": "string", "minLength": 1}), "a=", False),
        (parameter("query", "a", {"type": "boolean"}), "a=true", True),
        (parameter("query", "a", {"type": "boolean"}), "a=maybe", False),
        (parameter("query", "a", INTEGERS), "a=1&a=2", True),
        (parameter("query", "a", INTEGERS), "a=1&a=x", False),
        (parameter("query", "a", INTEGERS), "", True),
        (parameter("query", "a", INTEGERS, explode=False), "a=1,2", True),
        (parameter("query", "a", POINT, style="deepObject", explode=True), "a[x]=1", True),
        (parameter("query", "a", POINT, style="deepObject", explode=True), "a[x]=b", False),
        (parameter("query", "a", POINT, style="deepObject", explode=True), "", True),
        (parameter("query", "a", POINT, style="deepObject"), "", True),
        (parameter("query", "a", INTEGERS, style="deepObject", explode=True), "", True),
        (parameter("query", "a", INTEGERS, style="deepObject"), "", True),
        (parameter("query", "a", {"type": "string", "format": "uuid4"}), "a=x", False),
        (parameter("query", "ä b", {"enum": ["ö"]}), "%C3%A4+b=%C3%B6", True),
    ],
)
def test_query_is_validated(node: Document, query: str, valid: bool, tmp_path: Path) -> None:
    name = node["parameters"][0]["name"]
    assert [problem[:2] for problem in of_request(tmp_path, node, query)] == (
        [] if valid else [("parameter", f"query {name}")]
    )


@pytest.mark.parametrize(
    ("node", "headers", "valid"),
    [
        (parameter("header", "X-A", {"type": "integer"}, required=True), (("x-a", "7"),), True),
        (parameter("header", "X-A", {"type": "integer"}, required=True), (("x-a", "x"),), False),
        (parameter("header", "X-A", {"type": "integer"}, required=True), (), False),
        (parameter("header", "X-A", {"type": "integer"}), (), True),
        (parameter("cookie", "a", {"type": "integer"}), (("cookie", "b=x; a=7"),), True),
        (parameter("cookie", "a", {"type": "integer"}), (("cookie", "a=x"),), False),
        (parameter("cookie", "a", {"type": "integer"}, required=True), (), False),
    ],
)
def test_headers_and_cookies_of_request_are_validated(
    node: Document, headers: Headers, valid: bool, tmp_path: Path
) -> None:
    assert (of_request(tmp_path, node, headers=headers) == []) is valid


@pytest.mark.parametrize(("value", "valid"), [("7", True), ("x", False), ("7.5", False), ("", False)])
def test_path_parameter_is_validated(value: str, valid: bool, tmp_path: Path) -> None:
    get = parameter("path", "pet-id", {"type": "integer"}, required=True)
    validator = ContractValidator(load(tmp_path, document({"/a/{pet-id}": {"get": get}})))
    findings = validator.request(Route("GET /a/{pet-id}", {"pet-id": value}), Request("GET", f"/a/{value}"))
    assert [finding.location for finding in findings] == ([] if valid else ["path pet-id"])


def body_of(schema: Any, name: str = "application/json", required: bool = True) -> Document:
    return operation(requestBody={"required": required, "content": {name: {"schema": schema}}})


@pytest.mark.parametrize(
    ("body", "media_type", "problems"),
    [
        (b'{"name": "Tom"}', "application/json", []),
        (b'{"name": "Tom"}', "application/json; charset=utf-8", []),
        (b'{"name": 7}', "application/json", [("body", "body", "/name")]),
        (b"{", "application/json", [("malformed-body", "body", "")]),
        (b"", "application/json", [("body", "body", "")]),
        (b'{"name": "Tom"}', "text/plain", [("media-type", "header content-type", "")]),
        (b'{"name": "Tom"}', "", [("media-type", "header content-type", "")]),
        (b"\xff", "application/json", [("malformed-body", "body", "")]),
        (b"[" * 100_000, "application/json", [("malformed-body", "body", "")]),
    ],
)
def test_body_of_a_request_is_validated(
    body: bytes, media_type: str, problems: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    assert of_request(tmp_path, body_of(PET), headers=(("content-type", media_type),), body=body) == problems


def test_optional_body_may_be_missing(tmp_path: Path) -> None:
    assert of_request(tmp_path, body_of(PET, required=False)) == []


@pytest.mark.parametrize(("body", "valid"), [(b"name=Tom&age=3", True), (b"age=3", False), (b"name=Tom&age=x", False)])
def test_form_is_validated(body: bytes, valid: bool, tmp_path: Path) -> None:
    name = "application/x-www-form-urlencoded"
    assert (of_request(tmp_path, body_of(PET, name), headers=(("content-type", name),), body=body) == []) is valid


@pytest.mark.parametrize("boundary", ["abc", "WebKitFormBoundaryAbC"])
@pytest.mark.parametrize(("part", "valid"), [("name", True), ("nom", False)])
def test_multipart_with_any_boundary_is_valid(boundary: str, part: str, valid: bool, tmp_path: Path) -> None:
    headers = (("content-type", f'multipart/form-data; boundary="{boundary}"'),)
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"\r\n\r\nTom\r\n--{boundary}--\r\n'.encode()
    assert (of_request(tmp_path, body_of(PET, "multipart/form-data"), headers=headers, body=body) == []) is valid


@pytest.mark.parametrize(("body", "rule"), [(b"", "body"), (b"nonsense", "body"), (b"--abc", "malformed-body")])
def test_invalid_multipart_form_is_found(body: bytes, rule: str, tmp_path: Path) -> None:
    headers = (("content-type", "multipart/form-data"),)
    problems = of_request(tmp_path, body_of(PET, "multipart/form-data"), headers=headers, body=body)
    assert problems == [(rule, "body", "")]


def test_head_request_is_validated_as_get(tmp_path: Path) -> None:
    validator = judge_of(tmp_path, "get", parameter("query", "a", {"type": "integer"}))
    assert [finding.location for finding in validator.request(Route("GET /a"), Request("HEAD", "/a", "a=x"))] == [
        "query a"
    ]


def test_head_operation_is_validated(tmp_path: Path) -> None:
    assert of_request(tmp_path, parameter("query", "a", {"type": "integer"}), "a=x", method="HEAD") == [
        ("parameter", "query a", "")
    ]


def test_everything_that_is_wrong_with_request_is_found(tmp_path: Path) -> None:
    node = body_of(PET) | {
        "parameters": [
            {"in": "query", "name": "a", "schema": {"type": "integer"}},
            {"in": "header", "name": "X-B", "schema": {"type": "integer"}, "required": True},
        ]
    }
    problems = of_request(tmp_path, node, "a=x", (JSON,), b'{"name": 7}')
    assert [location for _, location, _ in problems] == ["query a", "header X-B", "body"]


def test_one_judge_gives_same_verdict_twice(tmp_path: Path) -> None:
    validator = judge_of(tmp_path, "get", operation(PET))
    good, bad = Response(200, (JSON,), b'{"name": "Tom"}'), Response(200, (JSON,), b'{"name": 7}')
    assert [len(validator.answer("GET /a", answer)) for answer in (good, bad, good, bad)] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("sent", "findings"),
    [
        ({"name": "Tom"}, 0),
        ({"kind": "cat", "name": "Tom"}, 0),
        ({"kind": "cow", "name": "Tom"}, 1),
        ({"kind": "cat", "name": 7}, 1),
        ({"name": "Tom", "barks": True}, 1),
    ],
)
def test_discriminator_is_hint_for_those_who_read_body(tmp_path: Path, sent: Any, findings: int) -> None:
    def kind(name: str, *required: str) -> Document:
        members = {"kind": {"const": name, "default": name}, "name": {"type": "string"}, "barks": {"type": "boolean"}}
        return {"type": "object", "required": ["name", *required], "properties": members}

    schemas = {"Cat": {**kind("cat"), "not": {"required": ["barks"]}}, "Dog": kind("dog", "barks", "kind")}
    either: Document = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas],
        "discriminator": {"propertyName": "kind"},
    }
    body = {"required": True, "content": {"application/json": {"schema": either}}}
    post = {"requestBody": body, "responses": {"200": {"description": "Yes"}}}
    validator = judge_of(tmp_path, "post", post, components={"schemas": schemas})
    request = Request("POST", "/a", headers=(JSON,), body=json.dumps(sent).encode())
    assert len(validator.request(Route("POST /a"), request)) == findings
