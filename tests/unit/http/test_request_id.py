"""The id of a request: its client's, or that of its entry in the journal; in the journal and in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mock_server.core.logging import log_to_stderr
from mock_server.http.request_id import client_request_id
from mock_server.mocking.engine import Engine
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, tokens, told
from tests.support.customers import ME

LogAs = Callable[[str], None]
Capsys = pytest.CaptureFixture[str]
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def app(own_cache: None) -> Application:
    return Application(Settings(), shares_process=True)


@pytest.fixture
def log_as() -> Iterator[LogAs]:
    """Sends the log to standard error in a form, until the end of the test."""
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    root.handlers[:] = []  # a new log would close them
    yield log_to_stderr
    root.handlers[:] = handlers
    root.setLevel(level)


def headers(**fields: str) -> tuple[tuple[str, str], ...]:
    return tuple((name.replace("_", "-"), value) for name, value in fields.items())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"x_request_id": "abc-1"}, "abc-1"),
        ({"x_request_id": "01HV:a/b+c=@~._"}, "01HV:a/b+c=@~._"),
        ({"x_request_id": "x" * 128}, "x" * 128),
        ({"x_request_id": "x" * 129}, None),
        ({"x_request_id": ""}, None),
        ({"x_request_id": "a b"}, None),
        ({"x_request_id": "a\tb"}, None),
        ({"x_request_id": "é"}, None),
        ({"x_request_id": '"'}, None),
        ({"traceparent": TRACEPARENT}, TRACE),
        ({"x_request_id": "abc-1", "traceparent": TRACEPARENT}, "abc-1"),
        ({"x_request_id": "a b", "traceparent": TRACEPARENT}, TRACE),
        ({"traceparent": f"cc-{TRACE}-b7ad6b7169203331-01-what-comes-next"}, TRACE),
        ({"traceparent": f"{TRACEPARENT}-more"}, None),
        ({"traceparent": f"ff-{TRACE}-b7ad6b7169203331-01"}, None),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, None),
        ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, None),
        ({"traceparent": TRACEPARENT.upper()}, None),
        ({"traceparent": TRACEPARENT[:-1]}, None),
        ({"traceparent": "nonsense"}, None),
    ],
    ids=str,
)
def test_valid_client_id_is_used(fields: dict[str, str], expected: str | None) -> None:
    assert client_request_id(headers(**fields)) == expected


def test_of_two_traces_none_is_taken() -> None:
    assert client_request_id((("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT))) is None


def journal(app: Application) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = told(app, "/__admin/requests")["requests"]
    return requests[::-1]


def test_journal_has_id_of_cached_answer(app: Application) -> None:
    named = scope_of(authorization="Bearer polar_cst_SE", x_request_id="abc-1")
    answered(app, *tokens(["SE", "SE"]), named, {**named}, scope_of("/nowhere", traceparent=TRACEPARENT))
    entries = journal(app)
    own = [entry["id"] for entry in entries]
    assert [entry["requestId"] for entry in entries] == [own[0], own[1], "abc-1", "abc-1", TRACE]
    assert len({*own}) == 5


def test_id_of_header_that_is_redacted_is_not_shown(own_cache: None) -> None:
    app = Application(Settings(redact_header=("X-Request-Id",)), shares_process=True)
    answered(app, scope_of("/nowhere", x_request_id="abc-1"))
    (entry,) = journal(app)
    assert entry["requestId"] == entry["id"]
    assert "abc-1" not in json.dumps(entry)


def test_answer_does_not_tell_the_id(app: Application) -> None:
    plain, named = answered(app, scope_of(), scope_of(x_request_id="abc-1"))
    assert (plain.status, plain.headers, plain.body) == (named.status, named.headers, named.body)


def broken(*_: object) -> None:
    raise ValueError("a hole")


@pytest.mark.parametrize("size", [1000, 0])
@pytest.mark.parametrize("identifier", ["abc-1", ""])
def test_line_of_log_names_request_as_journal_and_answer_do(
    identifier: str, size: int, own_cache: None, log_as: LogAs, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Application(Settings(journal_size=size), shares_process=True)
    log_as("json")
    answered(app, *tokens(["SE", "SE"]))
    monkeypatch.setattr(Engine, "respond", broken)
    (got,) = answered(app, scope_of("/~w" + ME, **({"x_request_id": identifier} if identifier else {})))
    (line,) = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    expected = str(app.worlds.get("w").journal.id_of(1))
    assert logged["request_id"] == (identifier or expected)
    assert logged["exception"].endswith("ValueError: a hole")
    assert f"(request {identifier or expected})" in json.loads(got.body)["detail"]
    if size:
        assert told(app, "/~w/__admin/requests")["requests"][0]["requestId"] == (identifier or expected)


def test_line_for_people_names_it_too(
    app: Application, log_as: LogAs, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_as("text")
    monkeypatch.setattr(Engine, "respond", broken)
    answered(app, scope_of(x_request_id="abc-1"))
    assert capsys.readouterr().err.startswith(f"ERROR: GET {ME}: the mock server failed [request abc-1]\nTraceback")


def test_line_about_no_request_names_none(app: Application, log_as: LogAs, capsys: Capsys) -> None:
    log_as("json")
    answered(app, scope_of(x_request_id="abc-1"))
    app.reload()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line).keys() == {"time", "level", "message"}


def test_requests_of_control_have_ids_too(
    app: Application, log_as: LogAs, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_as("json")
    monkeypatch.setattr("mock_server.worlds.journal.Journal.newest_first", broken)
    got = answered(app, scope_of("/__admin/requests", x_request_id="abc-1"), scope_of("/__admin/requests"))
    assert [reply.status for reply in got] == [500, 500]
    first, second = (json.loads(line)["request_id"] for line in capsys.readouterr().err.splitlines())
    assert first == "abc-1"
    assert len(second) == 36
