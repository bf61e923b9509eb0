from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.http.messages import Request, Response
from mock_server.mocking.engine import Engine
from mock_server.settings import Settings
from mock_server.storage import Record
from tests.support.contracts import Document, document, engine_of, load, operation, value_of

PET: Document = {
    "type": "object",
    "required": ["name", "kind"],
    "properties": {"name": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}, "age": {"type": "integer"}},
}
TOM: Document = {"name": "Tom", "kind": "cat"}
REX: Document = {"name": "Rex", "kind": "dog"}
TOKENS: Document = {
    "x_mock_resources": {"pets": {"schema": "#/components/schemas/Pet", "pins": ["/kind"]}},
    "x_mock_tokens": [{"prefix": "pet_", "schemes": [], "selects": "pets"}, {"prefix": "key_", "schemes": []}],
    "components": {"schemas": {"Pet": PET}},
}
RECORDS = [Record("pets", "rex", REX)]


def answering(directory: Path, get: Document, settings: Settings | None = None, **members: Any) -> Engine:
    return engine_of(load(directory, document({"/pet": {"get": get}}, **members)), RECORDS, settings)


def with_examples(get: Document, status: str = "200", **examples: Any) -> Document:
    """The operation with named examples, ``_`` being the one without a name."""
    (media,) = get["responses"][status]["content"].values()
    if "_" in examples:
        media["example"] = examples.pop("_")
    if examples:
        media["examples"] = {name: {"value": value} for name, value in examples.items()}
    return get


def asked(engine: Engine, query: str = "", token: str = "", **headers: str) -> Response:
    pairs = [("authorization", f"Bearer {token}")] if token else []
    return engine.handle(Request("GET", "/pet", query, (*pairs, *headers.items()))).answer


def of_fixtures(directory: Path, settings: Settings | None = None) -> Engine:
    get = operation({"$ref": "#/components/schemas/Pet"}, x_mock_fixture={"resource": "pets"})
    return answering(directory, with_examples(get, _=TOM, named=REX), settings, **TOKENS)


# The rungs of the ladder.


@pytest.mark.parametrize(
    ("query", "token", "reason", "value"),
    [
        ("", "pet_rex", "fixture", REX),
        ("__example=named", "pet_rex", "example", REX),
        ("__dynamic=true", "pet_rex", "generated", None),
        ("__seed=3", "pet_rex", "generated", None),
        ("", "pet_stranger", "generated", None),
        ("", "key_rex", "generated", None),
    ],
)
def test_prefer_wins_over_fixture(query: str, token: str, reason: str, value: Any, tmp_path: Path) -> None:
    answer = asked(of_fixtures(tmp_path), query, token)
    assert answer.reason == reason
    assert value is None or value_of(answer) == value


@pytest.mark.parametrize(
    ("examples", "query", "dynamic", "reason"),
    [
        ({"_": TOM}, "", False, "example"),
        ({"cat": TOM, "dog": REX}, "", False, "example"),
        ({}, "", False, "generated"),
        ({"_": TOM}, "", True, "generated"),
        ({"_": TOM}, "__dynamic=true", False, "generated"),
        ({"_": TOM}, "__seed=1", False, "generated"),
        ({"cat": TOM}, "__example=cat", True, "example"),
    ],
)
def test_prefer_wins_over_example(examples: Document, query: str, dynamic: bool, reason: str, tmp_path: Path) -> None:
    engine = answering(tmp_path, with_examples(operation(PET), **examples), Settings(dynamic=dynamic))
    assert asked(engine, query).reason == reason


def test_first_example_is_the_default(tmp_path: Path) -> None:
    engine = answering(tmp_path, with_examples(operation(PET), dog=REX, cat=TOM))
    assert value_of(asked(engine)) == REX


def test_fixture_wins_over_dynamic(tmp_path: Path) -> None:
    assert asked(of_fixtures(tmp_path, Settings(dynamic=True)), token="pet_rex").reason == "fixture"


# Which status.


def statuses(*keys: str) -> Document:
    return {"responses": {key: {"description": key} for key in keys}}


@pytest.mark.parametrize(
    ("keys", "query", "status"),
    [
        (("404", "201", "200"), "", 200),
        (("404", "202", "201"), "", 201),
        (("404", "500"), "", 404),
        (("2XX",), "", 200),
        (("default",), "", 200),
        (("4XX", "200"), "__code=418", 418),
        (("200", "default"), "__code=599", 599),
        (("200", "404"), "__code=404", 404),
        (("204",), "__code=204", 204),
    ],
)
def test_lowest_good_status_answers_unless_other_is_preferred(
    keys: tuple[str, ...], query: str, status: int, tmp_path: Path
) -> None:
    assert asked(answering(tmp_path, statuses(*keys)), query).status == status


def test_example_brings_its_status_with_it(tmp_path: Path) -> None:
    get = operation(PET)
    get["responses"] |= with_examples(operation(PET, status="404"), "404", gone=TOM)["responses"]
    answer = asked(answering(tmp_path, get), "__example=gone")
    assert (answer.status, value_of(answer)) == (404, TOM)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("__code=418", "Found the preference code=418; expected a documented status: 200."),
        ("__example=bird", "Found the preference example='bird'; expected one of: cat, dog."),
        ("__code=200&__example=bird", "Found the preference example='bird'; expected one of: cat, dog."),
    ],
)
def test_unmet_preference_lists_alternatives(query: str, detail: str, tmp_path: Path) -> None:
    answer = asked(answering(tmp_path, with_examples(operation(PET), cat=TOM, dog=REX)), query)
    assert (answer.status, value_of(answer)["detail"]) == (404, detail)


def test_unsatisfiable_schema_is_a_problem(tmp_path: Path) -> None:
    answer = asked(answering(tmp_path, operation(False)))
    assert (answer.status, value_of(answer)["type"]) == (500, "urn:mock-server:problem:no-answer")
    assert value_of(answer)["detail"].startswith("GET /pet 200: /: found the schema false")


# What is generated, and whose it is.


def test_same_request_same_generated_answer(tmp_path: Path) -> None:
    engine = answering(tmp_path, operation(PET))
    assert asked(engine, "a=1") == asked(engine, "a=1")


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({"query": "a=1"}, {"query": "a=2"}),
        ({"token": "a"}, {"token": "b"}),
        ({"query": "__seed=1"}, {"query": "__seed=2"}),
    ],
)
def test_other_request_other_answer(first: Any, other: Any, tmp_path: Path) -> None:
    schema = {"type": "string", "format": "uuid"}
    engine = answering(tmp_path, operation(schema))
    assert asked(engine, **first).body != asked(engine, **other).body


def test_how_preference_is_asked_for_does_not_change_data(tmp_path: Path) -> None:
    engine = answering(tmp_path, operation(PET))
    assert asked(engine, "__seed=7&a=1").body == asked(engine, "a=1", prefer="seed=7").body


def test_seed_of_settings_is_seed_where_none_is_preferred(tmp_path: Path) -> None:
    get = operation({"type": "string", "format": "uuid"})
    seeded = answering(tmp_path, get, Settings(seed=7))
    assert asked(seeded).body == asked(answering(tmp_path, get), "__seed=7").body


@pytest.mark.parametrize("kind", ["cat", "dog"])
def test_token_can_name_pinned_value(kind: str, tmp_path: Path) -> None:
    engine = of_fixtures(tmp_path)
    pets = [value_of(asked(engine, f"__seed={seed}", f"pet_{kind}")) for seed in range(10)]
    assert {pet["kind"] for pet in pets} == {kind}
    assert len({pet["name"] for pet in pets}) > 1


def test_generated_pet_instead_of_record_keeps_pin_of_record(tmp_path: Path) -> None:
    engine = of_fixtures(tmp_path)
    assert {value_of(asked(engine, f"__seed={seed}", "pet_rex"))["kind"] for seed in range(10)} == {"dog"}


# Media types and headers.


def of_media(content: Document, **response: Any) -> Document:
    return {"responses": {"200": {"description": "A pet.", "content": content, **response}}}


@pytest.mark.parametrize(
    ("content", "media_type", "body"),
    [
        ({"text/plain": {"example": "Tom"}}, "text/plain", b"Tom"),
        ({"text/plain; charset=utf-8": {"example": "Tøm"}}, "text/plain; charset=utf-8", "Tøm".encode()),
        ({"text/plain": {"example": 7}}, "text/plain", b"7"),
        ({"text/plain": {"example": ""}}, "text/plain", b""),
        ({"application/json": {"example": "Tom"}}, "application/json", b'"Tom"'),
        ({"application/vnd.pet+json": {"example": TOM}}, "application/vnd.pet+json", b'{"name":"Tom","kind":"cat"}'),
        ({"text/plain": {"example": "Tom"}, "application/json": {"example": 1}}, "application/json", b"1"),
        ({"application/json": {"example": None}}, "application/json", b"null"),
        ({"*/*": {"example": 1}}, "application/json", b"1"),
        ({}, None, b""),
    ],
)
def test_body_is_encoded_by_media_type(content: Document, media_type: str | None, body: bytes, tmp_path: Path) -> None:
    answer = asked(answering(tmp_path, of_media(content)))
    assert (answer.header("content-type"), answer.body) == (media_type, body)


@pytest.mark.parametrize("name", ["text/*", "application/*"])
def test_media_type_range_gets_a_match(name: str, tmp_path: Path) -> None:
    sent = asked(answering(tmp_path, of_media({name: {"example": "Tom"}}))).header("content-type")
    assert sent is not None
    assert sent.startswith(name.rstrip("*"))
    assert "*" not in sent


@pytest.mark.parametrize("name", ["text/plain", "text/csv", "text/html"])
def test_text_media_type_gets_text(name: str, tmp_path: Path) -> None:
    assert asked(answering(tmp_path, of_media({name: {"schema": {"type": "string"}}}))).reason == "generated"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("text/csv", {"type": "string"}),
        ("application/xml", {"type": "object", "properties": {"name": {"type": "string"}}}),
        ("application/octet-stream", {"type": "string", "format": "binary"}),
        ("application/pdf", {}),
    ],
)
def test_example_of_other_media_type_is_sent_unchanged(name: str, schema: Document, tmp_path: Path) -> None:
    answer = asked(answering(tmp_path, of_media({name: {"schema": schema, "example": "<pet><name>Tom</name></pet>"}})))
    assert (answer.status, answer.body) == (200, b"<pet><name>Tom</name></pet>")


def test_headers_come_from_example_first(tmp_path: Path) -> None:
    number = {"type": "integer", "minimum": 5, "maximum": 5}
    headers = {
        "X-Named": {"schema": {"type": "string"}, "examples": {"cat": {"value": "meow"}}},
        "X-Common": {"schema": {"type": "integer"}, "example": 7},
        "X-Required": {"schema": number, "required": True},
        "X-Optional": {"schema": number},
        "X-Impossible": {"schema": False},
        "Content-Length": {"schema": {"type": "integer"}, "required": True, "example": 999},
        "Link": {"schema": {"type": "string"}},
        "Content-Type": {"schema": {"type": "string"}, "example": "text/html"},
    }
    content = {"application/json": {"examples": {"dog": {"value": 1}, "cat": {"value": 2}}}}
    engine = answering(tmp_path, of_media(content, headers=headers))
    common = (("content-type", "application/json"), ("X-Common", "7"), ("X-Required", "5"), ("X-Optional", "5"))
    assert asked(engine).headers == common
    assert set(asked(engine, "__example=cat").headers) - set(common) == {
        ("X-Named", "meow"),
        ("Preference-Applied", "example=cat"),
    }


INTEGERS: Document = {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("header", "sent"),
    [
        ({"schema": {"type": "string"}, "example": "a b"}, "a b"),
        ({"schema": {"type": "boolean"}, "example": True}, "true"),
        ({"schema": {"type": "number"}, "example": 1.5}, "1.5"),
        ({"schema": INTEGERS, "example": [1, 2]}, "1,2"),
        ({"schema": {"type": "object"}, "example": {"a": 1, "b": 2}}, "a,1,b,2"),
        ({"schema": {"type": "object"}, "explode": True, "example": {"a": 1, "b": 2}}, "a=1,b=2"),
        ({"content": {"application/json": {"schema": INTEGERS, "example": [1, 2]}}}, "[1,2]"),
    ],
    ids=str,
)
def test_header_has_simple_style(header: Document, sent: str, tmp_path: Path) -> None:
    get = of_media({"text/plain": {"example": "Tom"}}, headers={"X-A": {"required": True, **header}})
    answer = asked(answering(tmp_path, get))
    assert (answer.status, answer.header("X-A")) == (200, sent)


# Failures.

WRONG = {"type": "object", "required": ["wrong"], "properties": {"wrong": {"type": "string"}}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}


def failing(directory: Path, *documented: str, **members: Any) -> Engine:
    """An engine whose operation documents these statuses of failures with an example each."""
    get = operation(PET, parameters=[LIMIT])
    for status in documented:
        get["responses"] |= with_examples(operation(WRONG, status=status), status, _={"wrong": status})["responses"]
    return answering(directory, get, **members)


def test_failure_takes_answer_that_contract_gives_it(tmp_path: Path) -> None:
    response = {
        "description": "No.",
        "content": {"text/plain": {"examples": {"odd": {"value": "Odd."}, "no": {"value": "No."}}}},
    }
    engine = failing(
        tmp_path,
        "400",
        x_mock_failures={
            "invalid_request": {"status": "418", "response": "#/components/responses/No", "example": "no"}
        },
        components={"responses": {"No": response}},
    )
    answer = asked(engine, "limit=x")
    assert (answer.status, answer.body, answer.reason) == (418, b"No.", "failure")


@pytest.mark.parametrize(
    ("documented", "status"), [(("400",), 400), (("422",), 422), (("400", "422"), 422), (("404",), 422), ((), 422)]
)
def test_invalid_request_gets_documented_error(documented: tuple[str, ...], status: int, tmp_path: Path) -> None:
    answer = asked(failing(tmp_path, *documented), "limit=x")
    assert answer.status == status
    if {"400", "422"} & set(documented):
        assert value_of(answer) == {"wrong": str(status)}
    else:
        assert value_of(answer)["type"] == "urn:mock-server:problem:invalid-request"


def test_findings_stand_in_header_where_body_is_contracts(tmp_path: Path) -> None:
    (finding,) = json.loads(asked(failing(tmp_path, "422"), "limit=x").header("Mock-Findings") or "")
    assert (finding["rule"], finding["location"]) == ("parameter", "query limit")


def test_findings_header_is_short_ascii(tmp_path: Path) -> None:
    many = [{"name": f"p{index}", "in": "query", "schema": {"type": "integer"}} for index in range(60)]
    get = operation(PET, parameters=many)
    get["responses"] |= with_examples(operation(WRONG, status="422"), "422", _={"wrong": "all"})["responses"]
    query = "&".join(f"p{index}=é" for index in range(60))
    header = asked(answering(tmp_path, get), query).header("Mock-Findings") or ""
    assert header.isascii()
    assert len(header) <= 4096
    assert 10 < len(json.loads(header)) < 60


def test_empty_answer_needs_no_example(tmp_path: Path) -> None:
    get = operation(PET, parameters=[LIMIT])
    get["responses"]["400"] = {"description": "No."}
    answer = asked(answering(tmp_path, get), "limit=x")
    assert (answer.status, answer.body, answer.reason) == (400, b"", "failure")


@pytest.mark.parametrize(
    ("scheme", "challenge"),
    [
        ({"type": "http", "scheme": "basic"}, 'Basic realm="*"'),
        ({"type": "http", "scheme": "digest"}, 'Digest realm="*", nonce="mock"'),
        ({"type": "http", "scheme": "bearer"}, "Bearer"),
        ({"type": "oauth2", "flows": {}}, "Bearer"),
    ],
)
def test_401_of_our_own_says_which_credentials_would_do(scheme: Document, challenge: str, tmp_path: Path) -> None:
    get = operation(PET, security=[{"key": []}])
    answer = asked(answering(tmp_path, get, components={"securitySchemes": {"key": scheme}}))
    assert (answer.status, answer.header("www-authenticate")) == (401, challenge)
    assert value_of(answer)["type"] == "urn:mock-server:problem:unauthenticated"


@pytest.mark.parametrize(("failure", "status"), [("rate_limited", 429), ("server_error", 500), ("invalid_token", 401)])
def test_reserved_suffix_fails_or_is_a_problem(failure: str, status: int, tmp_path: Path) -> None:
    members = {"x_mock_tokens": [{"prefix": "key_", "schemes": []}], "x_mock_suffixes": {"odd": {"failure": failure}}}
    answer = asked(failing(tmp_path, **members), token="key_odd")
    assert (answer.status, value_of(answer)["type"].rsplit(":")[-1]) == (status, failure.replace("_", "-"))
