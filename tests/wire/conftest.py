"""What suites on the wire share: each exchange with the control API is held against its document."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import httpx
import pytest

from mock_server.testing.admin_client import ControlClient
from tests.support import http_exchange
from tests.support.control_judge import ControlJudge, judged_client


@pytest.fixture(scope="session")
def control_judge() -> Iterator[ControlJudge]:
    """Judge what httpx, raw exchanges and the client of ``MockServer`` get from the control API, in all suites."""
    judge = ControlJudge()
    sent, getresponse = ControlClient._sent, HTTPConnection.getresponse
    last = threading.local()

    def noted_response(connection: HTTPConnection) -> HTTPResponse:
        response = getresponse(connection)
        last.headers = {name.lower(): value for name, value in response.getheaders()}
        return response

    def judged_sent(client: ControlClient, method: str, path: str, body: object) -> tuple[int, bytes]:
        status, data = sent(client, method, path, body)
        content = b"" if body is None else json.dumps(body).encode()
        judge.judge(method, f"{client.url}/__admin{path}", {}, content, (status, last.headers, data))
        return status, data

    def judged_exchange(url: str, case: Mapping[str, Any], got: http_exchange.Got) -> None:
        target = case.get("path", "/") + (f"?{case['query']}" if "query" in case else "")
        content = http_exchange.expanded(case.get("content", "")).encode()
        judge.judge(case.get("method", "GET"), url + target, {}, content, (got.status, got.headers, got.body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", judged_client(judge))
        patch.setattr(ControlClient, "_sent", judged_sent)
        patch.setattr(HTTPConnection, "getresponse", noted_response)
        http_exchange.OBSERVERS.append(judged_exchange)
        yield judge
        http_exchange.OBSERVERS.remove(judged_exchange)


@pytest.fixture(autouse=True)
def documented_control(control_judge: ControlJudge) -> Iterator[None]:
    """Fail a test in which the control API did what its document does not say."""
    yield
    violations, control_judge.violations = control_judge.violations, []
    assert violations == []
