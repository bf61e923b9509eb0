"""Requests made from published contracts are what the contracts mean, and their judge lets no wrong answer pass."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmarks import first_answers
from benchmarks.published import survey
from benchmarks.published.bystander import standing_by
from benchmarks.published.contract import PublishedContract
from benchmarks.published.request import Call, Caller, NotSendableError, written
from benchmarks.published.sample import NoSampleError, Sampler
from benchmarks.published.survey import LARGEST, Latencies, Survey, counted, status_of
from benchmarks.published.verdict import Judge, Reply, Schemas
from tests.support.contracts import Document, document, operation

USER = {
    "type": "object",
    "required": ["id", "mail", "secret"],
    "properties": {
        "id": {"type": "integer", "format": "int32"},
        "mail": {"type": "string", "format": "email"},
        "secret": {"type": "string", "writeOnly": True},
        "boss": {"$ref": "#/components/schemas/User"},
        "nick": {"type": "string", "nullable": True},
        "team": {"allOf": [{"$ref": "#/components/schemas/Team"}], "nullable": True},
    },
}
COMPONENTS = {"schemas": {"User": USER, "Team": {"type": "object", "required": ["name"]}}}


def published(data: Document) -> PublishedContract:
    return PublishedContract("pets", json.loads(json.dumps(data)))


def users(openapi: str = "3.0.3", **members: Any) -> PublishedContract:
    user = operation({"$ref": "#/components/schemas/User"}, **members)
    return published(document({"/users/{id}": {"get": user}}, openapi=openapi, components=COMPONENTS))


def findings(contract: PublishedContract, value: Any, status: int = 200, kind: str = "application/json") -> list[str]:
    reply = Reply(status, {"content-type": kind}, json.dumps(value).encode())
    return Judge(contract).findings(contract.operations[0], reply)


def schema_of(contract: PublishedContract) -> tuple[str, ...]:
    steps = contract.operations[0].responses[0].content[0].schema
    assert steps is not None
    return steps


def sampled(schema: Any, *, everything: bool) -> Any:
    contract = published(document({"/a": {"get": operation(schema)}}, components=COMPONENTS))
    return Sampler(contract, Schemas(contract, "request")).sample(schema_of(contract), everything)


# The judge

GOOD = {"id": 1, "mail": "lucia@example.com"}


@pytest.mark.parametrize(
    "value",
    [GOOD, {**GOOD, "boss": GOOD}, {**GOOD, "nick": None}, {**GOOD, "team": None}, {**GOOD, "team": {"name": 1}}],
    ids=json.dumps,
)
def test_answer_that_keeps_contract_as_it_is_meant_is_taken(value: Any) -> None:
    assert findings(users(), value) == []


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"id": 1}, "mail"),
        ({**GOOD, "mail": "lucia"}, "/mail"),
        ({**GOOD, "id": 2**31}, "/id"),
        ({**GOOD, "boss": {"id": 1}}, "/boss"),
        ({**GOOD, "secret": "sent"}, "/secret"),
        ({**GOOD, "mail": None}, "/mail"),
        ([], ""),
    ],
)
@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_invalid_answer_is_found(value: Any, where: str, openapi: str) -> None:
    (first, *_) = findings(users(openapi), value)
    assert where in first


def test_what_is_not_documented_is_found() -> None:
    assert findings(users(), GOOD, 404) == ["status 404: not documented"]
    assert findings(users(), GOOD, kind="text/html") == ["media type text/html: expected application/json"]
    assert findings(published(document({"/a": {"get": operation(status="204")}})), GOOD, 204) == [
        "a body where none may be"
    ]


def test_missing_header_is_found() -> None:
    answer = operation()
    answer["responses"]["200"]["headers"] = {"X-Total": {"required": True, "schema": {"type": "integer"}}}
    assert findings(published(document({"/a": {"get": answer}})), GOOD) == ["header X-Total: missing"]


def test_each_event_of_stream_is_validated() -> None:
    answer = operation()
    answer["responses"]["200"]["content"] = {"text/event-stream": {"schema": {"required": ["id"]}}}
    contract = published(document({"/a": {"get": answer}}))
    reply = Reply(200, {"content-type": "text/event-stream"}, b'data: {"id": 1}\n\ndata: {}\n\ndata: [DONE]\n\n')
    assert len(Judge(contract).findings(contract.operations[0], reply)) == 1


def test_undocumented_stream_is_accepted() -> None:
    asks: Document = {"content": {"application/json": {"schema": {"properties": {"stream": {"type": "boolean"}}}}}}
    reply = Reply(200, {"content-type": "text/event-stream"}, b"data: {}\n\n")
    for request, expected in ((asks, 0), ({}, 1)):
        contract = published(document({"/a": {"post": operation({"type": "object"}, requestBody=request)}}))
        assert len(Judge(contract).findings(contract.operations[0], reply)) == expected


# Values

RECURSIVE = {"$ref": "#/components/schemas/User"}


def test_value_has_what_is_required_or_all_there_is() -> None:
    assert sampled(RECURSIVE, everything=False).keys() == {"id", "mail", "secret"}
    assert sampled(RECURSIVE, everything=True).keys() == USER["properties"].keys()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 3, "multipleOf": 2},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        {"type": "string", "minLength": 30},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1, 2, 3]}},
        {"oneOf": [{"type": "string", "maxLength": 1}, {"type": "string", "minLength": 40}]},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "boolean"}}}]},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"type": ["null", "string"], "enum": ["a"]},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("everything", [False, True])
def test_value_keeps_its_schema(schema: Any, everything: bool) -> None:
    sampled(schema, everything=everything)  # which holds it to the schema


def test_schema_without_a_value_is_told() -> None:
    with pytest.raises(NoSampleError):
        sampled({"type": "integer", "minimum": 2, "maximum": 1}, everything=False)


# Requests


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ({"in": "query"}, "a b/c", ["p=a%20b%2Fc"]),
        ({"in": "query"}, ["a", "b"], ["p=a", "p=b"]),
        ({"in": "query", "explode": False}, ["a,b", "c"], ["p=a%2Cb,c"]),
        ({"in": "query", "style": "pipeDelimited", "explode": False}, ["a", "b"], ["p=a%7Cb"]),
        ({"in": "query"}, {"x": 1, "y": True}, ["x=1", "y=true"]),
        ({"in": "query", "explode": False}, {"x": 1}, ["p=x,1"]),
        ({"in": "query", "style": "deepObject"}, {"x": {"y": [1]}}, ["p[x][y][0]=1"]),
        ({"in": "path"}, ["a", "b"], ["a,b"]),
        ({"in": "path", "style": "label", "explode": True}, ["a", "b"], [".a.b"]),
        ({"in": "path", "style": "matrix"}, ["a", "b"], [";p=a,b"]),
        ({"in": "path", "style": "matrix", "explode": True}, {"x": 1, "y": 2}, [";x=1;y=2"]),
        ({"in": "path", "explode": True}, {"x": 1, "y": 2}, ["x=1,y=2"]),
        ({"in": "header"}, ["a", "b"], ["a,b"]),
        ({"in": "cookie"}, "a", ["p=a"]),
    ],
    ids=str,
)
def test_parameter_is_written_in_its_style(parameter: Document, value: Any, expected: list[str]) -> None:
    assert written({"name": "p", **parameter}, value) == expected


@pytest.mark.parametrize("value", [None, [[1]], {"a": {"b": 1}}])
def test_value_that_no_style_has_form_for_is_not_sent(value: Any) -> None:
    with pytest.raises(NotSendableError):
        written({"name": "p", "in": "query"}, value)


def test_request_has_credentials_and_body_of_each_media_type() -> None:
    body = {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"a": {"type": "integer"}}}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["a"]}},
            "multipart/form-data": {"schema": {"type": "object", "properties": {"f": {"format": "binary"}}}},
        },
    }
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "key"}, "token": {"type": "http", "scheme": "bearer"}}
    post = operation(requestBody=body, security=[{"key": [], "token": []}])
    contract = published(document({"/a": {"post": post}}, components={"securitySchemes": schemes}))
    credentials, (only,) = Caller(contract), contract.operations
    plain, form, parts = (credentials.call(only, True, entry) for entry in only.content)
    assert plain.target == "/a?key=published-contract"
    assert ("Authorization", "Bearer published-contract") in plain.headers
    assert json.loads(plain.body) == {"a": 0}
    assert form.body == b"a=text"
    assert b'name="f"; filename="file"' in parts.body
    assert plain.text().endswith(b'Content-Length: 8\r\n\r\n{"a": 0}')


def test_documented_status_is_expected() -> None:
    contract = published(document({"/a": {"get": {"responses": {"200": {}, "4XX": {}, "default": {}, "500": {}}}}}))
    assert [status_of(key, contract.operations[0]) for key in ("200", "4XX", "default", "500", "1XX")] == [
        200,
        400,
        501,
        500,
        None,
    ]


# The survey


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server in a thread of this process that sends one answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "value", "fault"),
    [
        (200, GOOD, ""),
        (200, {}, survey.INVALID),
        (500, {}, survey.SERVER_ERROR),
        (422, {}, survey.REJECTED),
        (200, {**GOOD, "more": "x" * LARGEST}, survey.LARGE),
    ],
)
def test_faults_of_answer_are_counted(status: int, value: Any, fault: str) -> None:
    subject = Survey(users(parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]))
    calls = [call for call in subject.reads() if isinstance(call, Call)]
    with answering(status, json.dumps(value).encode()) as url:
        (outcome,) = subject.asked(url, calls)
    assert (calls[0].target, outcome.fault) == ("/users/0", fault)
    assert counted([outcome]) == ({fault: 1} if fault else {})
    assert outcome.command.startswith("curl -X GET") == bool(fault)


def test_example_of_contract_may_be_large() -> None:
    example = {**GOOD, "more": "x" * LARGEST}
    contract = users()
    contract.operations[0].responses[0].content[0].node["example"] = example  # type: ignore[index]
    subject = Survey(contract)
    with answering(200, json.dumps(example).encode()) as url:
        (outcome,) = subject.asked(url, [call for call in subject.reads() if isinstance(call, Call)])
    assert outcome.fault == ""


def test_no_answer_is_a_fault() -> None:
    subject = Survey(users())
    calls = [call for call in subject.reads() if isinstance(call, Call)]
    assert subject.outcome("", calls[0], None, 1.0).fault == survey.SERVER_ERROR


def test_operations_are_asked_in_each_way() -> None:
    post = operation({"type": "object"}, requestBody={"content": {"application/json": {}, "text/plain": {}}})
    post["responses"]["404"] = {"description": "It is not."}
    subject = Survey(published(document({"/a": {"post": post}})))
    assert [call.way for call in subject.calls()] == [
        "required",
        "everything application/json",
        "everything text/plain",
        "200",
        "404",
    ]


def test_latencies_are_told() -> None:
    took = Latencies.of([*map(float, range(1, 102))])
    assert (took.count, took.median, took.p90, took.p99, took.most) == (101, 51, 91, 100, 101)
    assert Latencies.of([3.0]) == Latencies(1, 3, 3, 3, 3)
    assert Latencies.of([]).count == 0


def test_second_client_asks_until_ended() -> None:
    with answering(200, b"{}") as url, standing_by(url, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") as milliseconds:
        pass
    assert milliseconds != []


# The whole


@pytest.mark.slow
def test_first_answers_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pets.json"
    broken = operation({"allOf": [{"type": "string"}, {"type": "integer"}]})
    paths = {"/pets": {"get": operation({"type": "array", "items": {"type": "string"}})}, "/broken": {"get": broken}}
    file.write_text(json.dumps(document(paths)), encoding="utf-8")
    report = tmp_path / "report.json"
    assert first_answers.main([str(file), "--no-peers", "--json", str(report), "--slow", "100000"]) == 1
    assert "pets (2 GETs), this server: " in capsys.readouterr().out
    (entry,) = json.loads(report.read_text(encoding="utf-8"))
    assert [(call["name"], call["fault"]) for call in entry["calls"]] == [("GET /broken", survey.SERVER_ERROR)]


def test_file_that_is_no_contract_is_told(tmp_path: Path) -> None:
    file = tmp_path / "pets.json"
    file.write_text('{"swagger": "2.0"}', encoding="utf-8")
    with pytest.raises(ValueError, match="expected a contract of OpenAPI 3"):
        PublishedContract.read(file)
