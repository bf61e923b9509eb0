"""One call: what endpoints do wrong is told, in bounded time and memory."""

from __future__ import annotations

import asyncio

import pytest

from mock_server.webhooks.call_policy import CallPolicy, CallRefusedError
from mock_server.webhooks.endpoint_caller import CallOutcome
from mock_server.webhooks.http_caller import LONGEST_ANSWER, HttpCaller
from tests.support.loopback import lasting_port
from tests.support.webhook_receiver import WebhookReceivers

HEADERS = [("content-type", "application/json"), ("x-odd", "a\r\nx-more: b")]


def outcomes(*urls: str, timeout: float = 10, policy: CallPolicy | None = None) -> list[CallOutcome]:
    """What comes of a POST to each of these URLs, one after the other."""

    async def all_of() -> list[CallOutcome]:
        caller = HttpCaller(policy or CallPolicy())
        try:
            return [await caller.call("POST", url, HEADERS, b"{}", timeout) for url in urls]
        finally:
            await caller.close()

    return asyncio.run(all_of())


def test_answer_is_read(receiver: WebhookReceivers) -> None:
    assert outcomes(receiver.url) == [CallOutcome(200, "done")]
    (request,) = receiver.received
    assert (request.method, request.path, request.body) == ("POST", "/hook", b"{}")
    assert request.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "content-length": "2",
        "content-type": "application/json",
        "x-odd": "a  x-more: b",
    }


def test_connection_is_used_again(receiver: WebhookReceivers) -> None:
    assert [outcome.status for outcome in outcomes(*[receiver.url] * 5)] == [200] * 5
    assert receiver.connections == 1


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (500, CallOutcome(500, "done")),
        ("chunked", CallOutcome(200, "one two")),
        ("bare", CallOutcome(200, "to the end")),
        ("early", CallOutcome(200, "late")),
        ("redirect", CallOutcome(307)),
        ("close", CallOutcome(error="the endpoint closed the connection before it answered")),
        ("hang", CallOutcome(error="no answer within 0.5 s")),
    ],
)
def test_manner_of_an_endpoint_is_told(receiver: WebhookReceivers, manner: int | str, outcome: CallOutcome) -> None:
    receiver.manners.append(manner)
    assert outcomes(receiver.url, timeout=0.5 if manner == "hang" else 10) == [outcome]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("manner", ["garbage", "huge head"])
def test_what_is_no_answer_is_told(receiver: WebhookReceivers, manner: str) -> None:
    receiver.manners.append(manner)
    (outcome,) = outcomes(receiver.url)
    assert (outcome.status, outcome.response) == (None, "")
    assert outcome.error.startswith("what came is no answer in HTTP/1.1: ")


def test_endless_answer_is_cut(receiver: WebhookReceivers) -> None:
    receiver.manners.append("endless")
    (outcome,) = outcomes(receiver.url)
    assert (outcome.status, len(outcome.response)) == (200, LONGEST_ANSWER + 3)


def test_call_after_a_closed_connection_has_a_new_one(receiver: WebhookReceivers) -> None:
    receiver.manners.extend(["bare", 200])
    assert [outcome.status for outcome in outcomes(receiver.url, receiver.url)] == [200, 200]
    assert receiver.connections == 2


def test_nobody_there_is_told() -> None:
    (outcome,) = outcomes(f"http://127.0.0.1:{lasting_port()}/")
    assert outcome.error.startswith("no connection to the endpoint")


def test_proxy_of_the_environment_is_not_asked(receiver: WebhookReceivers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert outcomes(receiver.url) == [CallOutcome(200, "done")]


def test_name_is_looked_up_once_and_judged(receiver: WebhookReceivers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to this machine first, and elsewhere then, leads nowhere then."""
    answers = iter(["127.0.0.1", "10.0.0.1"])

    async def looked_up(self: asyncio.AbstractEventLoop, host: str, port: int, **_: object) -> list[object]:
        return [(2, 1, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", looked_up)
    receiver.manners.extend(["bare", 200])
    url = f"http://rebinding.test:{receiver.port}/"
    with pytest.raises(CallRefusedError, match=r"'rebinding.test', which is 10.0.0.1"):
        outcomes(url, url)
    assert len(receiver.received) == 1


def test_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (outcome,) = outcomes("http://nobody.invalid/")
    assert outcome.error.startswith("the host 'nobody.invalid' is not known")


def test_address_that_may_not_be_called_is_not() -> None:
    with pytest.raises(CallRefusedError, match="--webhook-allow"):
        outcomes("http://169.254.169.254/latest")
