"""Streams as clients on the wire receive them: item by item, from contracts of one operation each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mock_server import MockServer
from mock_server.http.event_stream import events_of
from tests.support.case_files import read_cases
from tests.support.contracts import Document, document, written

DATA = read_cases("streams")
CASES = [pytest.param(f"/case-{index}", case, id=case["name"]) for index, case in enumerate(DATA["cases"])]
REFUSED = [
    pytest.param(f"/refused-{index}", case, id=json.dumps(case["scenario"]))
    for index, case in enumerate(DATA["refused"])
]


def described(case: Document) -> Document:
    """The path of a case: one operation that answers with its media type, and with others beside it."""
    content = {case["type"]: case["media"], **case.get("beside", {})}
    members = case.get("operation", {})
    if "body" in case:
        members = {**members, "requestBody": {"content": case["body"]}}
    operation = {**members, "responses": {"200": {"description": "It is.", "content": content}}}
    return {"post" if "body" in case else "get": operation}


@pytest.fixture(scope="module")
def servers(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, MockServer]]:
    """A server for each version of OpenAPI, with an operation for each case."""
    started: dict[str, MockServer] = {}
    listed: list[tuple[str, Document]] = [case.values for case in (*CASES, *REFUSED)]  # type: ignore[misc]
    try:
        for version in ("3.1.0", "3.2.0"):
            own = {path: described(case) for path, case in listed if case.get("openapi", "3.1.0") == version}
            place = written(
                tmp_path_factory.mktemp("streams"),
                "contract",
                document(own, openapi=version, components={"schemas": DATA["schemas"]}),
            )
            started[version] = MockServer(contract=place, stream_interval=0).start()
        yield started
    finally:
        for server in started.values():
            server.stop()


def asked(url: str, case: Document) -> tuple[httpx.Response, bytes, bool]:
    """The answer, the bytes of its body, and whether it broke off."""
    get = case.get("get", {})
    method = "POST" if "body" in case else "GET"
    options: dict[str, Any] = {"json": get["json"]} if "json" in get else {"data": get["form"]} if "form" in get else {}
    target = f"{url}?{get['query']}" if "query" in get else url
    received = b""
    with httpx.stream(method, target, headers=get.get("headers"), trust_env=False, timeout=30, **options) as answer:
        try:
            for part in answer.iter_raw():
                received += part
        except httpx.RemoteProtocolError:
            return answer, received, True
    return answer, received, False


@pytest.mark.parametrize(("path", "case"), CASES)
def test_stream(servers: dict[str, MockServer], path: str, case: Document) -> None:
    world = servers[case.get("openapi", "3.1.0")].world()
    if "scenario" in case:
        httpx.post(
            f"{world.url}/__admin/scenarios", json={"match": {"path": path}, "answers": [case["scenario"]]}
        ).raise_for_status()
    answer, body, is_broken = asked(world.url + path, case)
    expected = case["expect"]
    assert (answer.status_code, is_broken) == (expected.get("status", 200), expected.get("broken", False)), body
    for name, value in expected.get("headers", {}).items():
        assert answer.headers[name] == value
    is_stream = answer.headers["content-type"].partition(";")[0] == case["type"]
    assert ("content-length" in answer.headers) is not is_stream
    compare(case["type"], body.decode(), expected)
    assert asked(world.url + path, case)[1] == body or "scenario" in case
    if "sent" in expected:
        (event,) = httpx.get(f"{world.url}/__admin/requests").json()["requests"][1:]
        assert event["stream"] == {"items": expected["sent"][0], "end": expected["sent"][1]}
        assert event["response"]["body"] == body.decode()


def compare(media_type: str, text: str, expected: Document) -> None:
    if "text" in expected:
        assert text == expected["text"]
    if "events" in expected:
        assert [event.event for event in events_of(text)] == expected["events"]
    if "agree" in expected:
        assert [event.event for event in events_of(text)] == [value["type"] for value in values_of(media_type, text)]
    values = [] if "says" in expected or "text" in expected else values_of(media_type, text)
    if "items" in expected:
        assert values == expected["items"]
    if "sorted" in expected:
        assert sorted(values) == expected["sorted"]
    if "differ" in expected:
        assert len({*map(str, values)}) == len(values)
    if "count" in expected:
        assert expected["count"][0] <= len(values) <= expected["count"][1]
    assert text.startswith(expected.get("begins", ""))
    assert text.endswith(expected.get("ends", ""))
    assert expected.get("says", "") in text


def values_of(media_type: str, text: str) -> list[Any]:
    texts = [event.data for event in events_of(text)] if media_type == "text/event-stream" else text.splitlines()
    return [json.loads(data) for data in texts]


@pytest.mark.parametrize(("path", "case"), REFUSED)
def test_scenario_that_no_stream_goes_with_is_refused(
    servers: dict[str, MockServer], path: str, case: Document
) -> None:
    scenario = {"match": {"path": path}, "answers": [case["scenario"]]}
    refused = httpx.post(f"{servers['3.1.0'].world().url}/__admin/scenarios", json=scenario)
    assert refused.status_code == 422
    assert refused.json()["findings"][0]["pointer"] == case["at"]
    assert case["says"] in refused.json()["findings"][0]["found"] + refused.json()["detail"]
