"""Scenarios on the fast path: turns are taken as ever, and the bytes of each are made once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.asgi import Message, Scope
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.cached_responses import scope_of
from tests.support.customers import ME
from tests.support.hypothesis_settings import repeatable

WORLD = "/~staged"
LIMITED: dict[str, Any] = {
    "name": "limited",
    "answers": [{"code": 429, "headers": {"Retry-After": "1"}, "times": 2}, {"pass": True}],
}
SCENARIOS: dict[str, dict[str, Any]] = {
    "limited": LIMITED,
    "each second": {"name": "each-second", "answers": [{"code": 429, "every": 2}]},
    "by chance": {"name": "by-chance", "answers": [{"code": 429, "share": 0.5}]},
    "again": {
        "name": "again",
        "answers": [{"code": 429, "times": 1}, {"patch": {"name": "Ada"}, "times": 2}],
        "then": "repeat",
    },
    "of a token": {"name": "of-a-token", "match": {"token": "polar_cst_SE"}, "answers": [{"code": 429, "times": 3}]},
    "of a header": {
        "name": "of-a-header",
        "match": {"headers": {"x-request-id": {"equalTo": "1"}}},
        "answers": [{"code": 429}],
    },
    "of a path": {"name": "of-a-path", "match": {"path": ME, "query": {"a": "1"}}, "answers": [{"code": 429}]},
    "of a record": {
        "name": "of-a-record",
        "match": {"record": {"/type": "individual"}},
        "answers": [{"code": 429, "times": 2}],
    },
    "in steps": {
        "name": "in-steps",
        "answers": [
            {"code": 429, "required_state": "Started", "new_state": "second"},
            {"patch": {"name": "Ada"}, "required_state": "second", "new_state": "third"},
        ],
    },
    "wavering": {"name": "wavering", "answers": [{"jitter_ms": 2}]},
    "broken": {
        "name": "broken",
        "answers": [{"breaks": {"/email": 7}, "times": 3}, {"failure": "server_error", "times": 1}],
    },
    "garbled": {"name": "garbled", "answers": [{"garble": "truncate", "every": 3}]},
}


class Server:
    """An application and the event loop in which it answers."""

    def __init__(self, **settings: Any) -> None:
        self.application = Application(Settings(**settings))
        self.runner = asyncio.Runner()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """One that remembers its answers, and one that finds each anew."""
    both = Server(), Server(no_fast_path=True)
    yield both
    for server in both:
        server.runner.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.runner.close()


def sent(server: Server, scope: Scope, body: bytes = b"") -> list[Message]:
    messages: list[Message] = []
    arrived = asyncio.Event()

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        if arrived.is_set():
            await asyncio.Event().wait()  # the client stays, and sends no more
        arrived.set()
        return {"type": "http.request", "body": body}

    async def answered() -> None:
        await server.application({**scope, "http_version": "1.1"}, receive, send)

    if body:
        scope = {**scope, "headers": [*scope["headers"], (b"content-length", b"%d" % len(body))]}
    server.runner.run(answered())
    return messages


def json_at(server: Server, path: str) -> Any:
    return json.loads(sent(server, scope_of("", f"{WORLD}/__admin{path}"))[1]["body"])


def outcome(server: Server, scopes: list[Scope], *scenarios: dict[str, Any]) -> list[Any]:
    """What comes of requests after scenarios were staged: answers, journal, coverage, and how far scenarios are."""
    sent(server, scope_of("", f"{WORLD}/__admin/reset", method="POST"))
    for scenario in scenarios:
        (start, _) = sent(
            server, scope_of("", f"{WORLD}/__admin/scenarios", method="POST"), json.dumps(scenario).encode()
        )
        assert start["status"] == 201
    answers = [sent(server, scope) for scope in scopes]
    entries = [
        (entry.request, entry.operation and entry.operation.key, entry.findings, entry.answer.reason, entry.answer.body)
        for entry in server.application.worlds.get("staged").journal.read()
    ]
    return [answers, entries, json_at(server, "/coverage"), json_at(server, "/scenarios")]


def request_of(token: str = "individual", *fields: tuple[bytes, bytes], query: bytes = b"") -> Scope:
    return {**scope_of(token, WORLD + ME, *fields), "query_string": query}


REQUESTS = [
    request_of(),
    request_of("individual", (b"x-request-id", b"1")),
    request_of("SE"),
    request_of("SE", (b"x-request-id", b"2")),
    request_of("individual", (b"prefer", b"seed=7")),
    request_of("individual", (b"prefer", b"code=nothing")),
    request_of("individual", query=b"a=1"),
    request_of("expired"),
    request_of("unknown"),
]


@pytest.mark.parametrize("name", SCENARIOS)
def test_turns_are_taken_as_ever(name: str, servers: tuple[Server, Server]) -> None:
    scopes = [scope for scope in REQUESTS for _ in range(4)] + [*REQUESTS, *reversed(REQUESTS)]
    outcomes = [outcome(server, scopes, SCENARIOS[name]) for server in servers]
    assert outcomes[0] == outcomes[1]


@repeatable
@given(
    names=st.lists(st.sampled_from([*SCENARIOS]), max_size=3, unique=True),
    scopes=st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=12),
)
def test_cache_changes_no_turn(servers: tuple[Server, Server], names: list[str], scopes: list[Scope]) -> None:
    scenarios = [SCENARIOS[name] for name in names if name != "wavering"]
    outcomes = [outcome(server, scopes, *scenarios) for server in servers]
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(("name", "made"), [("limited", 2), ("each second", 2), ("again", 2), ("in steps", 3)])
def test_each_turn_is_made_once(name: str, made: int, server: Server) -> None:
    outcome(server, [], SCENARIOS[name])
    sent(server, request_of())
    handled = server.application.request_metrics.handled - 1
    for number in range(12):
        sent(server, request_of("individual", (b"traceparent", b"%d" % number)))
    assert server.application.request_metrics.handled - handled == made
    (scenario,) = json_at(server, "/scenarios")["scenarios"]
    assert scenario["met"] == 13


def test_stopped_scenario_has_no_more_turns(server: Server) -> None:
    (answers, *_) = outcome(server, [REQUESTS[0]] * 6, {"name": "s", "answers": [{"code": 429}]})
    assert [start["status"] for start, _ in answers] == [429] * 6
    sent(server, scope_of("", f"{WORLD}/__admin/scenarios/s", method="DELETE"))
    assert [sent(server, REQUESTS[0])[0]["status"] for _ in range(2)] == [200, 200]
