"""The line of a request on a terminal: what it says, what it hides, and that nobody waits for it."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mock_server.http.asgi import Scope
from mock_server.server.application import Application
from mock_server.server.observability.middleware import App, ObserverMiddleware
from mock_server.server.observability.request_lines import WAITING, LineForm, RequestLines
from mock_server.server.observers import build_observers
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of, sent, tokens
from tests.support.customers import ME

SE = {"authorization": "Bearer polar_cst_SE"}
WHOLE = LineForm(width=0)
"""Whole lines, whatever the terminal of the tests is."""


@pytest.fixture
def application(own_cache: None) -> Iterator[Application]:
    application = Application(Settings(), shares_process=True)
    yield application
    application.close()


@contextmanager
def observed(application: Application, stream: io.StringIO, form: LineForm) -> Iterator[App]:
    """Yield the application with lines written to a stream; all are written at the end."""
    lines = RequestLines(stream, form, application.redaction, application.is_control)
    application.is_watched = True
    yield ObserverMiddleware(application, [lines])
    lines.close()


@pytest.fixture
def lines_of(application: Application) -> Callable[..., list[str]]:
    """Return the lines of requests, for a form of lines."""

    def written(*scopes: Scope, form: LineForm = WHOLE) -> list[str]:
        stream = io.StringIO()
        with observed(application, stream, form) as app:
            answered(app, *scopes)
        return stream.getvalue().splitlines()

    return written


@pytest.mark.parametrize(
    ("scope", "words", "why"),
    [
        (scope_of(**SE), ["GET", ME, "200"], ""),
        (scope_of(f"/~w{ME}?a=1", **SE), ["GET", f"/~w{ME}?a=1", "200"], ""),
        (scope_of(), ["GET", ME, "401"], "header authorization: no credential that fits; expected a bearer token"),
        (scope_of("/nowhere"), ["GET", "/nowhere", "404"], "path: /nowhere; expected a path of the contract"),
        (scope_of(ME, method="DELETE"), ["DELETE", ME, "405"], "method: DELETE; expected GET"),
        (scope_of(prefer="code=429", **SE), ["GET", ME, "429"], "asked for by Prefer: code=429"),
        (scope_of(authorization="Bearer polar_cst_expired"), ["GET", ME, "401"], "header authorization: a token with"),
        (scope_of("/__admin/nope"), ["GET", "/__admin/nope", "404"], "Found the admin path /__admin/nope"),
        (scope_of("/__admin/requests", host="evil.example"), ["GET", "/__admin/requests", "403"], "header host: found"),
        (scope_of(f"/~{'x' * 65}/a"), ["GET", f"/~{'x' * 65}/a", "400"], f"path /~{'x' * 65}: found"),
    ],
    ids=lambda value: value["path"][:30] if isinstance(value, dict) else "",
)
def test_line_says_what_came_and_why(
    scope: Scope, words: list[str], why: str, lines_of: Callable[..., list[str]]
) -> None:
    (line,) = lines_of(scope)
    *head, took, unit, reason = [*line.split(maxsplit=5), ""][:6]
    assert (head, unit) == (words, "ms")
    assert float(took.replace(",", "")) >= 0
    assert reason.startswith(why)
    assert bool(reason) == bool(why)


def test_cached_answer_has_a_line_too(lines_of: Callable[..., list[str]]) -> None:
    written = lines_of(*tokens(["SE", "SE", "SE"]))
    assert [line.split()[:3] for line in written] == [["GET", ME, "200"]] * 3


def test_scenario_is_named(application: Application) -> None:
    stream = io.StringIO()
    with observed(application, stream, LineForm(width=0)) as app:
        asyncio.run(sent(app, scope_of("/__admin/scenarios", method="POST"), b'{"name": "flaky"}'))
        answered(app, scope_of(**SE))
    changed, told = stream.getvalue().splitlines()
    assert changed.split()[:3] == ["POST", "/__admin/scenarios", "201"]
    assert told.endswith("  scenario flaky")


@pytest.mark.parametrize("path", ["/__admin/requests", "/__admin/health", "/~w/__admin/coverage"])
def test_who_only_looks_has_no_line(path: str, lines_of: Callable[..., list[str]]) -> None:
    assert lines_of(scope_of(path)) == []


def test_verbose_tells_of_looks_and_not_of_probes(lines_of: Callable[..., list[str]]) -> None:
    form = LineForm(is_verbose=True, width=0)
    line, below = lines_of(scope_of("/__admin/requests"), scope_of("/__admin/health"), form=form)
    assert line.split()[:3] == ["GET", "/__admin/requests", "200"]
    assert below == "        no operation"


def test_verbose_has_operation_source_and_whole_findings(lines_of: Callable[..., list[str]]) -> None:
    _, facts, finding = lines_of(scope_of(f"/~w{ME}"), form=LineForm(is_verbose=True, width=0))
    assert facts.strip() == f"GET {ME}; operationId customer_portal:customers:get; from failure; world w"
    assert finding.strip().endswith("a bearer token polar_mst_... [security]")


@pytest.mark.parametrize("width", [40, 80, 110, 200])
def test_line_is_no_wider_than_the_terminal(width: int, lines_of: Callable[..., list[str]]) -> None:
    scopes = [scope_of(), scope_of(f"/{'x' * 300}?{'y' * 300}"), scope_of("/日本/語" * 30), scope_of(**SE)]
    for line in lines_of(*scopes, form=LineForm(width=width)):
        assert len(line) <= max(width, 50)


def test_colours_follow_the_status(lines_of: Callable[..., list[str]]) -> None:
    fine, refused = lines_of(scope_of(**SE), scope_of(), form=LineForm(is_coloured=True, width=0))
    assert "\x1b[32m200\x1b[0m" in fine
    assert "\x1b[33m401\x1b[0m" in refused


def test_nothing_that_a_client_sends_commands_the_terminal(lines_of: Callable[..., list[str]]) -> None:
    evil = "\x1b]0;evil\x07\r\n\u202e\x9b2J"
    scopes = [
        scope_of(f"/a{evil}?q={evil}"),
        scope_of(ME, method=f"GE{evil}"),
        scope_of("/__admin/x", host=evil),
        scope_of(f"/~{evil}/x"),
    ]
    for form in (LineForm(width=0), LineForm(is_verbose=True, width=0), LineForm(width=80)):
        text = "\n".join(lines_of(*scopes, form=form))
        assert text.replace("\n", "").isprintable()
        assert not {"\x1b", "\x07", "\r", "\u202e", "\x9b"} & {*text}


def test_secrets_of_a_request_are_not_shown(lines_of: Callable[..., list[str]]) -> None:
    text = "\n".join(lines_of(scope_of(f"{ME}?access_token=very-secret"), form=LineForm(is_verbose=True, width=0)))
    assert "very-secret" not in text
    assert "access_token=" in text


class _Stopped(io.StringIO):
    """A terminal that takes nothing until it is let go on (Ctrl-S, Ctrl-Q)."""

    def __init__(self) -> None:
        super().__init__()
        self.is_let_go = threading.Event()

    def write(self, text: str) -> int:
        self.is_let_go.wait(30)
        return super().write(text)


def test_terminal_that_has_stopped_holds_up_nobody(application: Application) -> None:
    stream = _Stopped()
    with observed(application, stream, LineForm(width=0)) as app:
        got = answered(app, *[scope_of(**SE) for _ in range(WAITING + 200)])
        assert {answer.status for answer in got} == {200}
        stream.is_let_go.set()
    text = stream.getvalue()
    left_out = next(line for line in text.splitlines() if line.startswith("... and "))
    count = int(left_out.split()[2])
    assert 90 <= count <= 200
    assert text.count(f" {ME} ") == WAITING + 200 - count


def test_reader_that_has_gone_away_stops_nothing(application: Application) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with observed(application, Gone(), LineForm(width=0)) as app:
        assert {answer.status for answer in answered(app, *[scope_of(**SE) for _ in range(50)])} == {200}


@pytest.mark.parametrize(
    ("settings", "lines", "expected"),
    [
        (Settings(), None, []),
        (Settings(), LineForm(), ["RequestLines"]),
        (Settings(access_log=True), LineForm(), ["AccessLog"]),
    ],
)
def test_requests_are_observed_where_somebody_reads(
    settings: Settings, lines: LineForm | None, expected: list[str], own_cache: None
) -> None:
    application = Application(settings, shares_process=True)
    watchers = build_observers(application, lines)
    assert [type(watcher).__name__ for watcher in watchers] == expected
    assert application.is_watched is bool(expected)
    for watcher in watchers:
        watcher.close()
    application.close()
