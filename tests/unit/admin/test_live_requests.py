"""The stream of the page of requests: what it tells of, in which order, and what it leaves out."""

from __future__ import annotations

import re

import pytest

from mock_server.admin.console.journal_filter import JournalFilter
from mock_server.admin.console.live_requests import MOST_AT_ONCE, LiveRequests
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.settings import Settings
from mock_server.worlds.journal import JournaledExchange
from mock_server.worlds.journal_cursor import JournalCursor
from mock_server.worlds.redaction import redaction_of
from mock_server.worlds.world import World


def live(world: World, cursor: JournalCursor | None, **conditions: str) -> LiveRequests:
    return LiveRequests(world, JournalFilter(**conditions), redaction_of(Settings(), []), cursor)


def note(world: World, *paths: str) -> None:
    for path in paths:
        exchange = Exchange(Request("GET", path), Route(), Response(200, body=b"{}"))
        world.journal.add(JournaledExchange(exchange, None), 1.0, 0.5)


def paths(news: bytes) -> list[str]:
    return re.findall(r'"path":"([^"]*)"', news.decode())


def skipped(news: bytes) -> list[int]:
    return [int(count) for count in re.findall(r"event: skipped\ndata: (\d+)", news.decode())]


@pytest.fixture
def world() -> World:
    return World("w")


def test_stream_without_cursor_begins_now(world: World) -> None:
    note(world, "/a")
    stream = live(world, None)
    assert stream.news() == b""
    note(world, "/b", "/c")
    assert paths(stream.news()) == ["/b", "/c"]
    assert stream.news() == b""


def test_stream_goes_on_after_last_event(world: World) -> None:
    note(world, "/a", "/b")
    news = live(world, JournalCursor()).news().decode()
    (identity,) = re.findall(r"^id: (.*)$", news, re.MULTILINE)
    note(world, "/c")
    assert paths(live(world, JournalCursor.parse(identity)).news()) == ["/c"]


def test_requests_beyond_the_bound_are_counted(world: World) -> None:
    note(world, "/seen", "/seen")
    stream = live(world, world.journal.read().cursor)
    note(world, *["/old"] * 2000, *["/new"] * MOST_AT_ONCE)
    news = stream.news()
    assert (paths(news), skipped(news)) == (["/new"] * MOST_AT_ONCE, [2000])


def test_filter_looks_beyond_the_bound(world: World) -> None:
    stream = live(world, JournalCursor(), path="wanted")
    note(world, "/wanted", *["/other"] * (MOST_AT_ONCE * 2))
    news = stream.news()
    assert (paths(news), skipped(news)) == (["/wanted"], [])
