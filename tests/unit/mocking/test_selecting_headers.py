"""The headers that can change an answer: no other one does, and all of them are in the journal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.asgi import Field, Message, Scope
from mock_server.http.messages import Request
from mock_server.mocking.selecting_headers import ALWAYS, SelectingHeaders
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import scope_of
from tests.support.hypothesis_settings import repeatable

OK = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
BOTH = {"application/json": {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "string"}}}
CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/plain": {"get": {"responses": {"200": {"description": "", "content": BOTH}}}},
        "/things/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "X-Region", "in": "header", "schema": {"enum": ["eu", "us"]}},
            ],
            "get": {
                "parameters": [
                    {"$ref": "#/components/parameters/Tenant"},
                    {"name": "visit", "in": "cookie", "schema": {"type": "integer"}},
                ],
                "responses": OK,
            },
            "head": {"responses": {"200": {"description": ""}}},
        },
        "/keyed": {"get": {"security": [{"key": []}], "responses": OK}},
        "/act#X-Mode=fast": {"get": {"responses": {"200": {"description": "", "content": BOTH}}}},
        "/act#X-Mode=slow": {"get": {"responses": OK}},
        "/called-back": {
            "get": {
                "responses": OK,
                "callbacks": {
                    "done": {"{$request.header.X-Back}": {"post": {"responses": {"200": {"description": ""}}}}}
                },
            }
        },
    },
    "components": {
        "parameters": {
            "Tenant": {
                "name": "X-Tenant",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "maxLength": 3},
            }
        },
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}
PATHS = ("/plain", "/things/1", "/things/2", "/keyed", "/act", "/called-back", "/nothing")
VALUES = {
    "Accept": ("text/plain", "application/json", "image/png", "*/*"),
    "Authorization": ("Bearer a", "Basic eDp5"),
    "Content-Type": ("application/json", "text/plain"),
    "Cookie": ("visit=1", "visit=x", "theme=dark"),
    "Origin": ("http://localhost:3000",),
    "Prefer": ("code=404", "seed=7", "validation=off"),
    "Traceparent": ("00-1", "00-2"),
    "User-Agent": ("a/1", "b/2"),
    "X-Back": ("http://localhost/a", "no"),
    "X-Key": ("k", "l"),
    "X-Mode": ("fast", "slow"),
    "X-Region": ("eu", "us", "xx"),
    "X-Request-Id": ("1", "2"),
    "X-Tenant": ("abc", "long"),
}


@pytest.fixture(scope="module")
def contract_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("contract") / "things.json"
    file.write_text(json.dumps(CONTRACT), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def applications(contract_file: Path) -> tuple[Application, Application]:
    """One that remembers its answers, and one that finds each anew."""
    contract = (str(contract_file),)
    return Application(Settings(contract=contract)), Application(Settings(contract=contract, no_fast_path=True))


def names_of(contract: Contract, operation: str) -> set[str] | None:
    names = SelectingHeaders(contract).of(contract.operations[operation])
    return None if names is None else {name.decode() for name in names} - ALWAYS


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("GET /plain", {"x-key"}),
        ("GET /things/{id}", {"x-key", "x-region", "x-tenant", "cookie"}),
        ("HEAD /things/{id}", {"x-key", "x-region"}),
        ("GET /act#X-Mode=slow", {"x-key", "x-mode"}),
        ("GET /called-back", None),
    ],
)
def test_contract_names_headers(operation: str, names: set[str] | None, contract_file: Path) -> None:
    assert names_of(load_contract(str(contract_file), no_cache=True), operation) == names


def lines() -> st.SearchStrategy[list[Field]]:
    """Field lines in any order and number, each name in any case, as servers pass them on: in lower case."""
    pairs = [(name, value) for name, values in VALUES.items() for value in values]
    odd = st.sampled_from(pairs).flatmap(
        lambda pair: st.sampled_from([str.upper, str.lower, str.swapcase]).map(lambda case: (case(pair[0]), pair[1]))
    )
    return st.lists(odd.map(lambda pair: (pair[0].lower().encode(), pair[1].encode())), max_size=6)


def request_of(path: str, fields: list[Field], method: str = "GET") -> Scope:
    scope = scope_of(path, method=method)
    return {**scope, "headers": [*scope["headers"], *fields]}


def sent(application: Application, scope: Scope) -> list[Message]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    asyncio.run(application({**scope}, receive, send))
    return messages


def journaled(application: Application) -> tuple[Any, ...]:
    entry = [*application.worlds.plain.journal.read()][-1]
    answer = entry.answer
    return (
        entry.request,
        entry.operation and entry.operation.key,
        entry.findings,
        answer.status,
        answer.headers,
        answer.body,
    )


@repeatable
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "HEAD"]),
    shared=lines(),
    others=st.lists(lines(), min_size=1, max_size=3),
)
def test_cache_changes_nothing(
    applications: tuple[Application, Application],
    path: str,
    method: str,
    shared: list[Field],
    others: list[list[Field]],
) -> None:
    for fields in others:
        scope = request_of(path, [*shared, *fields], method)
        outcomes = [(sent(application, scope), journaled(application)) for application in applications]
        assert outcomes[0] == outcomes[1]
    covered = [application.worlds.plain.coverage.read(()) for application in applications]
    shown = [
        {target.operation.key: (coverage.of(target), coverage.count(target)) for target in coverage.coverage_targets()}
        for coverage in covered
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("path", ["/plain", "/things/1", "/act"])
def test_other_headers_are_no_question(path: str, applications: tuple[Application, Application]) -> None:
    application = applications[0]
    needed: list[Field] = [(b"x-tenant", b"abc"), (b"x-mode", b"fast")]
    before = sent(application, request_of(path, needed))
    handled = application.request_metrics.handled
    for number in range(3):
        other = [(b"traceparent", b"%d" % number), *needed, (b"x-request-id", b"%d" % number)]
        assert sent(application, request_of(path, other)) == before
        assert journaled(application)[0].headers[1:] == tuple((name.decode(), value.decode()) for name, value in other)
    assert application.request_metrics.handled == handled


@pytest.fixture
def names_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names by which headers of requests were looked up."""
    names: set[str] = set()
    for method in ("header", "header_values"):
        look_up = getattr(Request, method)

        def noted(request: Request, name: str, look_up: Any = look_up) -> Any:
            names.add(name)
            return look_up(request, name)

        monkeypatch.setattr(Request, method, noted)
    return names


@pytest.mark.parametrize("path", PATHS[:-2])
def test_no_other_header_is_read(
    path: str, names_read: set[str], applications: tuple[Application, Application]
) -> None:
    for name, values in VALUES.items():
        for value in values:
            sent(applications[1], request_of(path, [(name.lower().encode(), value.encode())]))
    operation = [*applications[1].worlds.plain.journal.read()][-1].operation
    assert operation is not None
    names = SelectingHeaders(applications[1].served[0].contract).of(operation)
    assert names is not None
    assert {"accept", "prefer"} <= names_read <= {name.decode() for name in names}
