"""A bug of the server is a logged 500 with a traceback, whatever the client sent: never a refusal of the request."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mock_server.mocking.engine import Engine
from mock_server.openapi.coercion import TypeHints
from mock_server.openapi.validation import request_validator
from mock_server.openapi.validation.openapi_core_adapter import OpenapiCoreValidator
from mock_server.openapi.validation.parameters import Parameter
from mock_server.openapi.validation.request_bodies import BodyParser
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, sent
from tests.support.contracts import Document, document, operation, written
from tests.support.http_exchange import Got

PET = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}}
TYPES = ("application/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data")
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
PART = b'--b\r\nContent-Disposition: form-data; name="age"\r\n\r\n7\r\n--b--\r\n'
BODIES = {
    "application/json": b'{"age": "7"}',
    "application/xml": b"<pet><age>7</age></pet>",
    "application/x-www-form-urlencoded": b"age=7",
    "multipart/form-data; boundary=b": PART,
}


@pytest.fixture
def app(own_cache: None, tmp_path: Path) -> Application:
    """An application of one path: POST takes bodies of four media types, GET answers with a stream."""
    body = {"content": {name: {"schema": PET} for name in TYPES}}
    lines: Document = {"200": {"description": "", "content": {"application/jsonl": {"schema": PET}}}}
    paths = {
        "/pets": {"post": operation(PET, parameters=[LIMIT], requestBody=body)},
        "/stream": {"get": {"responses": lines}},
    }
    return Application(Settings(contract=(written(tmp_path, "contract", document(paths)),)), shares_process=True)


def raising(error: Exception) -> Callable[..., NoReturn]:
    """Return a function that has a bug."""

    def buggy(*_: object, **__: object) -> NoReturn:
        raise error

    return buggy


def posted(app: Application, content_type: str, query: str = "") -> Got:
    """The answer to a POST of the body of that type."""
    scope = scope_of(f"/pets{query}", method="POST", content_type=content_type)
    return asyncio.run(sent(app, scope, BODIES[content_type]))


def assert_logged_500(got: Got, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """A problem document without the bug for the client, and the log has its traceback."""
    problem = json.loads(got.body)
    assert (got.status, got.headers["content-type"]) == (500, "application/problem+json")
    assert problem["type"] == "urn:mock-server:problem:internal"
    assert "findings" not in problem
    assert str(error) not in got.body.decode()
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert "Traceback (most recent call last)" in caplog.text


@pytest.mark.parametrize("error", [KeyError("a bug"), ValueError("a bug"), AttributeError("a bug")], ids=repr)
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (ContractValidator, "request"),
        (Parameter, "readings"),
        (BodyParser, "readings"),
        (OpenapiCoreValidator, "to_values"),
        (request_validator, "explain"),
    ],
    ids=["request", "parameter", "body", "openapi-core", "explanation"],
)
def test_bug_in_request_validation(
    owner: object,
    name: str,
    error: Exception,
    app: Application,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, raising(error))
        assert_logged_500(posted(app, "application/json", "?limit=1"), error, caplog)
    assert posted(app, "application/json").status == 422  # the next request is served


@pytest.mark.parametrize("error", [KeyError("a bug"), ValueError("a bug"), AttributeError("a bug")], ids=repr)
@pytest.mark.parametrize("content_type", [*BODIES][1:], ids=["xml", "form", "multipart"])
def test_bug_where_texts_become_values(
    content_type: str,
    error: Exception,
    app: Application,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(TypeHints, "value", raising(error))
        assert_logged_500(posted(app, content_type), error, caplog)
    assert posted(app, content_type).status == 200


def test_bug_in_the_answer(app: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    error = KeyError("a bug")
    monkeypatch.setattr(ContractValidator, "accepts", raising(error))
    assert_logged_500(posted(app, "application/xml"), error, caplog)


def test_bug_in_the_admin_api(
    app: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    error = KeyError("a bug")
    monkeypatch.setattr("mock_server.admin.router.AdminRequest.body", raising(error))
    scope = scope_of("/__admin/scenarios", method="POST", content_type="application/json")
    assert_logged_500(asyncio.run(sent(app, scope, b"{}")), error, caplog)


def test_bug_while_a_stream_is_sent(
    app: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    items, error = Engine.items, KeyError("a bug")
    calls: list[Any] = []

    def buggy(*arguments: Any) -> Any:
        calls.append(arguments)
        return items(*arguments) if len(calls) == 1 else raising(error)()  # the first call validates

    monkeypatch.setattr(Engine, "items", buggy)
    with pytest.raises(ConnectionError):  # no server is here whose connection could be closed
        answered(app, scope_of("/stream"))
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[1] is error
