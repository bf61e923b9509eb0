"""The control API describes itself, in each world; and the description can be served like any contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import jsonschema
import pytest

from mock_server import MockServer
from mock_server.admin.endpoints.control_document import FOLDER
from tests.support.control_judge import METHODS, ControlJudge
from tests.support.customers import ME

DOCUMENT = FOLDER / "openapi-admin.json"
OPERATIONS: list[tuple[str, str]] = [
    (path, method)
    for path, item in json.loads(DOCUMENT.read_bytes())["paths"].items()
    for method in METHODS
    if method in item
]
PROBLEM = json.dumps({"type": "urn:mock-server:problem:unknown", "title": "t", "status": 404, "detail": "d"}).encode()
JSON_TYPE = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def own_mock() -> Iterator[MockServer]:
    """The mock of the control API, as its document has it."""
    with MockServer(contract=DOCUMENT) as mock:
        yield mock


def test_document_has_the_base_url_of_the_world(server_url: str) -> None:
    world = f"{server_url}/~{uuid4()}"
    document = httpx.get(f"{world}/__admin/openapi-admin.json").json()
    assert document["servers"] == [{"url": f"{world}/__admin"}]
    assert document["paths"] == json.loads(DOCUMENT.read_bytes())["paths"]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("scenario", {"answers": [{"code": 500}]}, {"answers": [{"cod": 500}]}),
        ("request-pattern", {"headers": {"X-A": {"contains": "a"}}}, {"headers": {"X-A": {"contain": "a"}}}),
    ],
)
def test_editors_get_a_schema(name: str, right: Any, wrong: Any, server_url: str) -> None:
    schema = httpx.get(f"{server_url}/__admin/schemas/{name}.json").json()
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert validator.is_valid(right)
    assert not validator.is_valid(wrong)


def test_unknown_schema_is_refused_with_the_known_ones(server_url: str) -> None:
    refused = httpx.get(f"{server_url}/__admin/schemas/scenari.json")
    assert refused.status_code == 404
    assert "did you mean scenario?" in refused.json()["detail"]


def test_live_requests_are_events_as_documented(server_url: str, control_judge: ControlJudge) -> None:
    world = f"{server_url}/~{uuid4()}"
    httpx.get(world + ME)
    with httpx.stream("GET", f"{world}/__admin/requests/live?after=0") as stream:
        data = next(chunk for chunk in stream.iter_bytes() if b"data:" in chunk)
        control_judge.judge("GET", str(stream.url), {}, b"", (200, stream.headers, data))
    assert b"event: request" in data


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_mock_of_it_answers_as_documented(
    path: str, method: str, own_mock: MockServer, control_judge: ControlJudge
) -> None:
    item = control_judge.document["paths"][path]
    parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
    examples = {
        each["name"]: each.get("example") or each["schema"]["enum"][0] for each in parameters if each["in"] == "path"
    }
    content = item[method].get("requestBody", {}).get("content", {})
    body = content["application/json"]["example"] if content else None
    target = path.format(**examples)
    answer = httpx.request(method, f"{own_mock.url}/~{uuid4()}{target}", json=body)
    assert answer.status_code < 400, answer.text
    before = control_judge.exchanges
    control_judge.judge(
        method.upper(),
        f"/__admin{target}",
        {},
        answer.request.content,
        (answer.status_code, answer.headers, answer.content),
    )
    assert control_judge.exchanges == before + 1


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("/__admin/nothing", (200, JSON_TYPE, b"{}")),
        ("/__admin/clock", (418, JSON_TYPE, PROBLEM)),
        ("/__admin/clock", (200, {"content-type": "text/csv"}, b"{}")),
        ("/__admin/clock", (200, JSON_TYPE, b'{"now": "2026-01-01T00:00:00Z", "stands": true, "tick": 1}')),
        ("/~a/__admin/clock", (200, JSON_TYPE, b'{"now": "2026-01-01T00:00:00Z"}')),
        ("/__admin/clock?fast=true", (200, JSON_TYPE, b'{"now": "2026-01-01T00:00:00Z", "stands": true}')),
        ("/__admin/nothing", (404, JSON_TYPE, b"no")),
    ],
    ids=["path", "status", "media type", "member", "missing member", "parameter", "no problem"],
)
def test_what_is_not_documented_is_seen(url: str, answer: tuple[int, dict[str, str], bytes]) -> None:
    judge = ControlJudge()
    judge.judge("GET", url, {}, b"", answer)
    assert len(judge.violations) == 1


def test_instruction_that_is_not_documented_is_seen() -> None:
    judge = ControlJudge()
    count = b'{"count": 0, "requestJournalDisabled": false}'
    judge.judge("POST", "/__admin/requests/count", {}, b'{"metod": "GET"}', (200, JSON_TYPE, count))
    assert len(judge.violations) == 1
