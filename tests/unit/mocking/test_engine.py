from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.messages import Exchange, Request
from mock_server.mocking.engine import Engine
from mock_server.openapi.model import Contract
from mock_server.storage import Record
from tests.support.contracts import Document, document, engine_of, load, operation, value_of
from tests.support.customers import ME
from tests.support.hypothesis_settings import repeatable

PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
REDIRECT: Document = {
    "x_mock_http": {"trailingSlash": "redirect"},
    "x_mock_failures": {"trailing_slash": {"status": "308", "response": "#/components/responses/Moved"}},
    "components": {"responses": {"Moved": {"description": "It is elsewhere."}}},
}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}


@pytest.fixture(scope="module")
def polar(contract: Contract) -> Engine:
    """The engine of the contract that ships, without fixtures."""
    return engine_of(contract)


def pets(directory: Path, examples: Document | None = None, **members: Any) -> Engine:
    """An engine of one path; ``examples`` are the named ones of GET."""
    get = operation(PET, parameters=[LIMIT])
    if examples is not None:
        named = {name: {"value": value} for name, value in examples.items()}
        get["responses"]["200"]["content"]["application/json"]["examples"] = named
    return engine_of(load(directory, document({"/pets": {"get": get}}, **members)))


def test_exchange_holds_the_whole_story(tmp_path: Path) -> None:
    request = Request("GET", "/pets", "limit=3")
    exchange = pets(tmp_path).handle(request)
    assert (exchange.request, exchange.route.operation, exchange.findings) == (request, "GET /pets", ())
    assert (exchange.answer.status, exchange.answer.reason) == (200, "generated")


@pytest.mark.parametrize("query", ["limit=abc", "limit=11"])
def test_invalid_request_is_refused(query: str, tmp_path: Path) -> None:
    exchange = pets(tmp_path).handle(Request("GET", "/pets", query))
    assert (exchange.answer.status, value_of(exchange.answer)["type"]) == (
        422,
        "urn:mock-server:problem:invalid-request",
    )
    assert [finding.location for finding in exchange.findings] == ["query limit"]
    assert value_of(exchange.answer)["findings"] == [finding.as_json() for finding in exchange.findings]


@pytest.mark.parametrize(("path", "status", "allow"), [("/cats", 404, None), ("/pets", 405, "GET")])
def test_what_has_no_operation_gets_problem(path: str, status: int, allow: str | None, tmp_path: Path) -> None:
    answer = pets(tmp_path).handle(Request("PUT", path)).answer
    assert (answer.status, answer.header("allow"), answer.reason) == (status, allow, "problem")


def test_options_gets_what_the_path_allows(tmp_path: Path) -> None:
    answer = pets(tmp_path).handle(Request("OPTIONS", "/pets")).answer
    assert (answer.status, answer.headers, answer.body) == (204, (("Allow", "GET"),), b"")


def test_options_may_be_refused(tmp_path: Path) -> None:
    engine = pets(tmp_path, x_mock_http={"options": "refuse"})
    assert engine.handle(Request("OPTIONS", "/pets")).answer.status == 405


def test_options_of_unknown_path_is_404(tmp_path: Path) -> None:
    assert pets(tmp_path).handle(Request("OPTIONS", "/cats")).answer.status == 404


def test_trailing_slash_redirects(tmp_path: Path) -> None:
    engine = pets(tmp_path, **REDIRECT)
    answer = engine.handle(Request("GET", "/pets/", "limit=3", origin="http://localhost:4010")).answer
    assert (answer.status, answer.header("location")) == (308, "http://localhost:4010/pets?limit=3")


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        (ME, "100%", f"{ME}?100%25"),
        (ME, "a=|", f"{ME}?a=%7C"),
        (ME, 'a={"b"}', f"{ME}?a=%7B%22b%22%7D"),
        (ME, "a=%7C%20", f"{ME}?a=%7C%20"),
        (ME, "a=\xe9", f"{ME}?a=%E9"),
    ],
)
def test_redirect_is_uri_whatever_was_asked(path: str, query: str, location: str, polar: Engine) -> None:
    answer = polar.handle(Request("GET", path + "/", query, origin="http://pets.example")).answer
    assert (answer.status, answer.header("location")) == (307, "http://pets.example" + location)


def test_redirect_keeps_path_as_sent(tmp_path: Path) -> None:
    paths = {"/pets/{name}": {"get": operation()}}
    engine = engine_of(load(tmp_path, document(paths, **REDIRECT)))
    answer = engine.handle(Request("GET", "/pets/a cat?/")).answer
    assert (answer.status, answer.header("location")) == (308, "/pets/a%20cat%3F")


def test_redirect_needs_no_documented_answer(tmp_path: Path) -> None:
    answer = pets(tmp_path, x_mock_http={"trailingSlash": "redirect"}).handle(Request("GET", "/pets/")).answer
    assert (answer.status, answer.header("location")) == (307, "/pets")


def test_unreadable_preference_is_refused(tmp_path: Path) -> None:
    exchange = pets(tmp_path).handle(Request("GET", "/pets", "__code=abc"))
    assert (exchange.answer.status, value_of(exchange.answer)["type"]) == (400, "urn:mock-server:problem:preference")
    assert [finding.rule for finding in exchange.findings] == ["preference"]


@pytest.mark.parametrize(
    ("query", "applied"),
    [
        ("__code=200", "code=200"),
        ("__code=200&__example=cat", "code=200, example=cat"),
        ("__dynamic=true&__seed=7&__delay=3", "dynamic=true, seed=7, delay=3"),
        ("__seed=7&__example=cat", "example=cat"),
        ("__code=404&__delay=3", "delay=3"),
        ("", None),
    ],
)
def test_answer_says_which_preferences_were_honoured(query: str, applied: str | None, tmp_path: Path) -> None:
    answer = pets(tmp_path, {"cat": {"name": "Tom"}}).handle(Request("GET", "/pets", query)).answer
    assert answer.header("Preference-Applied") == applied


def test_delays_add_up(polar: Engine) -> None:
    token = (("authorization", "Bearer polar_cst_slow"),)
    assert polar.handle(Request("GET", ME, "__delay=5", token)).answer.delay == 2005


BROKEN: Document = {
    "x_mock_resources": {"pets": {"schema": "#/components/schemas/Pet"}},
    "x_mock_tokens": [{"prefix": "pet_", "schemes": [], "selects": "pets"}],
    "components": {"schemas": {"Pet": PET}},
}


def broken(directory: Path) -> Engine:
    get = operation({"$ref": "#/components/schemas/Pet"}, x_mock_fixture={"resource": "pets"})
    records = [Record("pets", "good", {"name": "Tom"}), Record("pets", "bad", {"name": 7})]
    return engine_of(load(directory, document({"/pets": {"get": get}}, **BROKEN)), records)


def asked(engine: Engine, handle: str) -> Exchange:
    return engine.handle(Request("GET", "/pets", headers=(("authorization", f"Bearer pet_{handle}"),)))


def test_invalid_answer_is_not_sent(tmp_path: Path) -> None:
    exchange = asked(broken(tmp_path), "bad")
    body = value_of(exchange.answer)
    assert (exchange.answer.status, body["type"]) == (500, "urn:mock-server:problem:answer-breaks-contract")
    assert [(finding["pointer"], finding["found"]) for finding in body["findings"]] == [("/name", "7")]
    assert "/name: 7; expected type: " in body["detail"]
    assert "fixture was the source" in body["detail"]
    assert [finding.rule for finding in exchange.findings] == ["answer-body"]


def test_invalid_answer_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked(broken(tmp_path), "bad")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("mock_server", logging.ERROR)
    assert record.getMessage().startswith(
        "GET /pets: an answer broke the contract and was not sent: answer 200 body /name"
    )


def test_request_after_invalid_one_is_served(tmp_path: Path) -> None:
    engine = broken(tmp_path)
    assert [asked(engine, name).answer.status for name in ("good", "bad", "good")] == [200, 500, 200]


def test_contracts_answer_to_failure_is_validated_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone = {"description": "None.", "content": {"application/json": {"schema": PET, "example": {"name": 404}}}}
    engine = pets(
        tmp_path,
        x_mock_failures={"not_found": {"status": "404", "response": "#/components/responses/Gone"}},
        components={"responses": {"Gone": gone}},
    )
    answer = engine.handle(Request("GET", "/cats")).answer
    assert (answer.status, value_of(answer)["findings"][0]["pointer"]) == (500, "/name")
    assert len(caplog.records) == 1


def test_early_failures_follow_the_contract(polar: Engine, tmp_path: Path) -> None:
    expired = (("authorization", "Bearer polar_cst_expired"),)
    unknown = Request("GET", "/nothing", headers=expired)
    assert polar.handle(unknown).answer.status == 401
    later: Document = {
        "x-mock-tokens": [{"prefix": "polar_"}],
        "x-mock-suffixes": {"cst_expired": {"failure": "invalid_token"}},
    }
    assert engine_of(load(tmp_path, document({}, **later))).handle(unknown).answer.status == 404


WIRE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF))
"""What a header or a query may hold on its way, as Latin-1."""


@repeatable
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "get", "PROPFIND"]),
    path=st.sampled_from([ME, ME + "/", "/", ""]) | st.text(),
    query=WIRE | WIRE.map("__example=".__add__) | st.text(alphabet="0123456789-").map("__seed=".__add__),
    token=WIRE | WIRE.map("Bearer polar_cst_".__add__),
    body=st.binary(),
)
def test_no_request_is_a_server_error(
    polar: Engine, method: str, path: str, query: str, token: str, body: bytes
) -> None:
    headers = (("authorization", token), ("cookie", token), ("content-type", token), ("prefer", query))
    request = Request(method, path, query, headers, body, "http://localhost:4010")
    assert 200 <= polar.handle(request).answer.status < 500
