"""A journal of hundreds of thousands of requests: whatever is done with it, others have their turn."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from time import thread_time
from unittest.mock import Mock

import pytest

from mock_server.http.asgi import CONNECTION, Message
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.server.application import COLLECTIONS, Application
from mock_server.settings import Settings
from mock_server.worlds.journal import Entry, JournaledExchange
from mock_server.worlds.wiremock_events import ServeEventWriter
from tests.support.asgi import scope_of, sent

LONGEST_TURN = 0.25
"""Seconds of the processor that one turn may take."""
ROOM = 20 * 1024 * 1024
"""Bytes that a list may take, however long it is."""
LONG = pytest.param(40_000, marks=pytest.mark.slow)

GET = {"method": "GET"}
ODD = {"urlPattern": "/pets/[0-9]*[13579]"}
CALLS: list[tuple[str, str, object]] = [
    ("GET", "/requests", None),
    ("GET", "/requests?path=/pets/0", None),
    ("GET", "/requests?status=200&limit=1000000", None),
    ("POST", "/requests/count", GET),
    ("POST", "/requests/find", GET),
    ("POST", "/requests/find?events=true", GET),
    ("POST", "/requests/verify", GET),
    ("POST", "/requests/verify", {"method": "PUT"}),
    ("GET", "/requests/unmatched", None),
    ("GET", "/requests.har", None),
    ("POST", "/requests/remove", ODD),
    ("GET", "/health", None),
    ("DELETE", "/requests", None),
]
"""Calls in the order in which they are made: the journal is whole until the last but two."""


def filled(count: int) -> Application:
    """Return an application whose world ``w`` has been asked so many times, no two requests alike."""
    application = Application(Settings(journal_size=count, journal_memory=1000), shares_process=True)
    application.warm()
    journal = application.worlds.get("w").journal
    headers = (("host", "localhost:4010"), ("user-agent", "client"), ("authorization", "Bearer s3cret"))
    for number in range(count):
        request = Request("GET", f"/pets/{number}", headers=headers, origin="http://localhost:4010")
        answer = Response(200, (("content-type", "application/json"),), b'{"number": %d}' % number)
        journal.add(JournaledExchange(Exchange(request, Route(), answer), None), 1.7e9 + number, 0.0001)
    return application


@pytest.fixture
def collections() -> Iterator[None]:
    """Have garbage collected as a server has it."""
    former = gc.get_threshold()
    gc.set_threshold(*COLLECTIONS)
    yield
    gc.set_threshold(*former)


async def drained(application: Application, method: str, path: str, value: object) -> int:
    """Ask control in the world ``w``, hold nothing of the answer, and return its status."""
    scope = scope_of(f"/~w/__admin{path}", method=method)
    body = b"" if value is None else json.dumps(value).encode()
    scope["headers"] += [(b"content-length", b"%d" % len(body))] if body else []
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if "status" in message:
            statuses.append(message["status"])

    await application(scope, receive, send)
    return statuses[0]


async def turns(work: Awaitable[object]) -> float:
    """Return the longest time of the processor, in seconds, that others have to wait while some work is done."""
    longest, task = 0.0, asyncio.ensure_future(work)
    while not task.done():
        before = thread_time()
        await asyncio.sleep(0)
        longest = max(longest, thread_time() - before)
    await task
    return longest


@pytest.mark.parametrize("count", [2_000, LONG])
def test_nobody_waits_for_what_is_done_with_long_journal(count: int, own_cache: None, collections: None) -> None:
    application = filled(count)
    spent: dict[str, float] = {}

    async def all_of() -> None:
        await drained(application, "GET", "/requests", None)  # loads what is loaded once
        for method, path, value in CALLS:
            spent[f"{method} {path} {value}"] = await turns(drained(application, method, path, value))

    asyncio.run(all_of())
    assert {call: seconds for call, seconds in spent.items() if seconds > LONGEST_TURN} == {}
    assert (len(application.worlds.get("w").journal.read()), application.worlds.journal_bytes) == (0, 0)


@pytest.mark.parametrize("count", [LONG])  # a shorter one has room in any case
def test_long_list_takes_no_more_room_than_short_one(count: int, own_cache: None) -> None:
    application = filled(count)

    async def all_of() -> dict[str, int]:
        await drained(application, "GET", "/requests", None)
        room: dict[str, int] = {}
        tracemalloc.start()
        try:
            for method, path, value in CALLS:
                tracemalloc.reset_peak()
                before, _ = tracemalloc.get_traced_memory()
                await drained(application, method, path, value)
                room[f"{method} {path} {value}"] = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        return room

    room = asyncio.run(all_of())
    assert {call: size for call, size in room.items() if size > ROOM} == {}


ENDS: dict[str, Callable[[Application], Awaitable[object]]] = {
    "cleared": lambda application: sent(application, scope_of("/~w/__admin/requests", method="DELETE")),
    "reset": lambda application: sent(application, scope_of("/~w/__admin/reset", method="POST")),
}


@pytest.mark.parametrize("end", ENDS)
def test_memory_is_released_gradually(end: str, own_cache: None) -> None:
    application = filled(5000)
    worlds = application.worlds
    before = worlds.journal_bytes
    worlds.get("w").journal.clear()
    assert (len(worlds.get("w").journal.read()), worlds.journal_bytes) == (0, before)
    worlds.get("other").journal.add(
        JournaledExchange(Exchange(Request("GET", "/"), Route(), Response(200)), None), 0.0, 0.0
    )
    assert 0 < worlds.journal_bytes < before
    asyncio.run(_awaited(ENDS[end](application)))
    assert worlds.journal_bytes < 1000


async def _awaited(work: Awaitable[object]) -> None:
    await work


def test_failed_listing_is_cut_off_and_logged(
    own_cache: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    application = filled(5000)
    event = ServeEventWriter.event

    def failing(telling: ServeEventWriter, entry: Entry) -> bytes:
        if entry.number == 4500:
            raise RuntimeError("the entry cannot be told")
        return event(telling, entry)

    monkeypatch.setattr(ServeEventWriter, "event", failing)
    transport = Mock(**{"is_closing.return_value": False})
    scope = scope_of("/~w/__admin/requests")
    scope["extensions"] = {CONNECTION: {"transport": transport}}
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(_awaited(application(scope, receive, send)))
    assert (messages[0]["status"], messages[-1]["more_body"]) == (200, True)
    transport.close.assert_called_once_with()
    assert "GET /__admin/requests: the admin API failed, its answer is cut off" in caplog.text
