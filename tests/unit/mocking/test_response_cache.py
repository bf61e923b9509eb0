"""The fast path: nobody can tell that an answer was remembered, but by the clock."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server.http.asgi import Scope
from mock_server.http.messages import Exchange, Request, Response, ResponseSource, Route
from mock_server.mocking.cached_response import CachedResponse, RepeatedResponse
from mock_server.mocking.examined_request import Admitted
from mock_server.mocking.request_metrics import RequestMetric
from mock_server.mocking.response_cache import ResponseCache
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.storage import MemoryStore
from mock_server.worlds.world import World
from tests.support.acceptance_cases import CASES
from tests.support.cached_responses import SHOWN, remember, scope_of
from tests.support.customers import ME
from tests.support.http_exchange import asked
from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

OWN = ("date", "location")
"""Headers that tell of the time and of the port."""


@pytest.fixture(scope="session")
def anew_url(own_cache: None) -> Iterator[str]:
    """The base URL of a server that finds every answer anew."""
    with RunningServer("--no-fast-path") as server:
        yield server.url


@pytest.mark.parametrize("case", [case for case in CASES if "raw" not in case.values[0]])  # type: ignore[operator]
def test_cached_answer_is_identical(case: dict[str, Any], server_url: str, anew_url: str) -> None:
    world = "/~" + "".join(letter if letter.isalnum() else "-" for letter in case["name"])[:60]
    case = {**case, "path": world + case.get("path", ME)}
    outcomes = [(_told(url, case, times=2), _noted(url, world)) for url in (server_url, anew_url)]
    assert outcomes[0] == outcomes[1]


def _told(url: str, case: dict[str, Any], times: int) -> list[tuple[int, dict[str, str], bytes]]:
    answers = [asked(url, case) for _ in range(times)]
    return [
        (answer.status, {name: text for name, text in answer.headers.items() if name not in OWN}, answer.body)
        for answer in answers
    ]


def _noted(url: str, world: str) -> Any:
    """What journal and coverage have, without what differs from one server to another."""
    journal = httpx.get(f"{url}{world}/__admin/requests").json()
    coverage = httpx.get(f"{url}{world}/__admin/coverage").json()
    text = json.dumps([_lasting(journal), coverage]).replace(url.rpartition(":")[2], "PORT")
    return json.loads(text)


def _lasting(node: Any) -> Any:
    passing = ("id", "timing", "loggedDate", "loggedDateString")
    if isinstance(node, dict):
        return {name: _lasting(child) for name, child in node.items() if name not in passing}
    return [_lasting(child) for child in node] if isinstance(node, list) else node


class Asking:
    """Asks an application as uvicorn does, and counts how often the engine was asked for it."""

    def __init__(self, application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        self.application = application
        self.count = 0
        self._body = b""
        (served,) = application.served
        respond = served.engine.respond

        def counted(admitted: Admitted) -> Exchange:
            exchange = respond(admitted)
            self.count += 1  # not before: it may be begun anew
            return exchange

        monkeypatch.setattr(served.engine, "respond", counted)

    def __call__(self, scope: Scope, body: bytes = b"") -> tuple[int, bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        asyncio.run(self.application(scope, receive, send))
        return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Asking:
    return Asking(Application(Settings()), monkeypatch)


def test_engine_computes_an_answer_once(ask: Asking) -> None:
    assert ask(scope_of()) == ask(scope_of()) == ask(scope_of())
    assert ask.count == 1


@pytest.mark.parametrize(
    "other",
    [
        scope_of("all_null"),
        scope_of("individual", ME, (b"accept", b"text/html")),
        scope_of("individual", ME, method="HEAD"),
        scope_of("individual", ME + "/"),
        {**scope_of(), "query_string": b"__seed=7"},
    ],
    ids=["token", "header", "method", "path", "query"],
)
def test_other_question_is_other_question(other: Scope, ask: Asking) -> None:
    ask(scope_of())
    ask(other)
    assert ask.count == 2


def test_worlds_share_what_they_answer_from(ask: Asking) -> None:
    assert ask(scope_of("individual", f"/~a{ME}")) == ask(scope_of("individual", f"/~b{ME}")) == ask(scope_of())
    assert ask.count == 1
    assert [len(ask.application.worlds.get(name).journal.read()) for name in ("a", "b", "")] == [1, 1, 1]


def test_changed_record_shows_in_its_world_only(ask: Asking) -> None:
    before = ask(scope_of())
    change = {"name": "Ada Byron"}
    place = "/~a/__admin/fixtures/customers/individual"
    fields = ((b"content-length", b"20"),)
    ask({**scope_of("", place, *fields, method="PATCH")}, json.dumps(change).encode())
    changed = ask(scope_of("individual", f"/~a{ME}"))
    assert json.loads(changed[1])["name"] == "Ada Byron"
    assert ask(scope_of("individual", f"/~a{ME}")) == changed
    assert ask(scope_of()) == ask(scope_of("individual", f"/~b{ME}")) == before
    ask(scope_of("", "/~a/__admin/reset", (b"content-length", b"0"), method="POST"))
    assert ask(scope_of("individual", f"/~a{ME}")) == before
    assert ask.count == 2


def test_scenario_has_its_say_at_once_and_no_longer_than_it_runs(ask: Asking) -> None:
    before = ask(scope_of())
    post = scope_of("", "/__admin/scenarios", (b"content-length", b"2"), method="POST")
    assert ask(post, b'{"name": "s", "answers": [{"code": 429, "times": 1}, {"pass": true}]}')[0] == 201
    assert [ask(scope_of())[0] for _ in range(3)] == [429, 200, 200]
    ask(scope_of("", "/__admin/scenarios/s", method="DELETE"))
    assert [ask(scope_of()) for _ in range(2)] == [before, before]
    assert ask.count == 4  # of the second turn the bytes are there, and the first request after a change reads anew


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, delay=1),
        Response(500, source=ResponseSource.PROBLEM),
        Response(200, body=b"x" * 10_000_000),
    ],
    ids=["delayed", "withheld", "large"],
)
def test_side_effects_are_not_cached(answer: Response) -> None:
    assert remembered(ResponseCache(), answer) is None


@pytest.mark.parametrize("name", ["content-length", "transfer-encoding", "origin"])
def test_requests_with_body_and_of_web_pages_are_not_cached(name: str) -> None:
    assert remembered(ResponseCache(), Response(200), ((name, "0"),)) is None


def test_request_without_host_is_not_cached() -> None:
    fast = ResponseCache()
    exchange = Exchange(Request("GET", ME), Route(), Response(200))
    scope = {**scope_of(), "headers": []}
    fast.remember(scope, World(), MemoryStore(), 0, exchange, None, SHOWN, RequestMetric("", "GET", 200), None)
    assert fast.find(scope, World()) is None


def test_cyclic_requests_keep_a_share_cached() -> None:
    shares = []
    for first in (0, 10_000, 20_000):  # which keys a policy is tried with is chance, and a few sets of keys mislead it
        fast = ResponseCache(memory=1_000_000)
        rounds = [[_is_found(fast, first + number) for number in range(2000)] for _ in range(4)]
        room = len(fast)
        assert 500 < room < 1000
        assert fast.held <= fast.limit
        shares.append(sum(rounds[3]) / room)
    assert sorted(shares)[1] > 0.9


def test_unused_answers_make_room() -> None:
    fast = ResponseCache(memory=1_000_000)
    for first in (0, 0, *[10_000] * 6):
        found = [_is_found(fast, first + number) for number in range(800)]
    assert sum(found) > 720  # of a part in which a policy is tried, chance may make more than there is room for


def test_bodies_are_packed_for_those_that_come_back() -> None:
    fast = ResponseCache(memory=1_000_000)
    bodies = [
        (b'{"name":"%09d","city":"Uppsala","lines":["notebook","fountain pen"]}' % number) * 5 for number in range(1800)
    ]
    for turn in range(4):
        found = []
        for number, body in enumerate(bodies):
            ready = fast.find(scope_of(str(number)), World())
            if ready is None:
                remember(fast, Response(200, body=body), number=number)
            else:
                assert (ready.body, ready.sizes) == (body, (0, len(body)))
                found.append(number)
        assert fast.held <= fast.limit
        assert turn < 3 or len(found) > 1700


def test_evictions_are_counted_as_bound() -> None:
    bounds = Counter[str]()
    fast = ResponseCache(memory=1_000_000, bounds=bounds)
    for number in range(2000):
        _is_found(fast, number)
    assert bounds == {"answer_memory": 2000 - len(fast)}


def _is_found(fast: ResponseCache, number: int) -> bool:
    """Ask for the answer of a number, which is remembered where it is not found."""
    if fast.find(scope_of(str(number)), World()) is not None:
        return True
    remember(fast, Response(200, body=random.Random(number).randbytes(600)), number=number)
    return False


@pytest.mark.parametrize(
    "fields",
    [(), ((b"x-trace", b"t" * 3000),), tuple((b"x-%d" % at, b"v" * 40) for at in range(10))],
    ids=["plain", "long", "many"],
)
@pytest.mark.parametrize("length", [0, 600, 5000])
def test_what_is_counted_is_what_is_held(length: int, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    fast = ResponseCache(memory=100_000_000)

    def some(numbers: range) -> None:
        for number in numbers:
            own = tuple((name, value + b"%d" % number) for name, value in fields)
            body = (b"%d" % number).zfill(length)
            exchange = Exchange(Request("GET", ME, headers=(("host", "localhost"),)), Route(), Response(200, body=body))
            fast.remember(
                scope_of(str(number), ME, *own),
                World(),
                MemoryStore(),
                0,
                exchange,
                None,
                SHOWN,
                RequestMetric("", "GET", 200),
                None,
            )

    some(range(5000))
    counted = fast.held
    tracemalloc.start()
    some(range(5000, 8000))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held == pytest.approx(fast.held - counted, rel=0.1)


def remembered(
    fast: ResponseCache, answer: Response, headers: tuple[tuple[str, str], ...] = ()
) -> CachedResponse | RepeatedResponse | None:
    """Let an answer be remembered; what is found of it then."""
    return fast.find(remember(fast, answer, headers), World())


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Asking]:
    """The records are in a database, which others change too."""
    application = Application(Settings(store=f"sqlite:///{tmp_path}/records.db"))
    yield Asking(application, monkeypatch)
    application.close()


def put(ask: Asking, handle: str, name: str, world: str = "") -> int:
    """Give a record another name; how the control API takes that."""
    fields = ((b"content-length", b"20"),)
    scope = scope_of("", f"{world}/__admin/fixtures/customers/{handle}", *fields, method="PATCH")
    return ask(scope, json.dumps({"name": name}).encode())[0]


def test_other_records_leave_cache_in_shared_store(shared: Asking) -> None:
    before = shared(scope_of()), shared(scope_of("SE"))
    assert put(shared, "all_null", "Ada Byron") == 200
    assert (shared(scope_of()), shared(scope_of("SE"))) == before
    assert shared.count == 2


def test_changed_record_evicts_in_shared_store(shared: Asking, tmp_path: Path) -> None:
    other = Application(Settings(store=f"sqlite:///{tmp_path}/records.db"))
    shared(scope_of())
    shared(scope_of("individual", f"/~a{ME}"))
    assert put(Asking(other, pytest.MonkeyPatch()), "individual", "Ada Byron") == 200
    assert json.loads(shared(scope_of())[1])["name"] == "Ada Byron"
    other.close()


def test_new_record_evicts_in_shared_store(shared: Asking) -> None:
    generated = shared(scope_of("nobody-yet"))
    record = {"handle": "nobody-yet", **json.loads(shared(scope_of())[1])}
    fields = ((b"content-length", b"20"),)
    post = scope_of("", "/__admin/fixtures/customers", *fields, method="POST")
    assert shared(post, json.dumps(record).encode())[0] == 201
    found = shared(scope_of("nobody-yet"))
    assert (found == generated, json.loads(found[1])["name"]) == (False, record["name"])


RESIDENT = """
import os
from mock_server.http.messages import Response
from mock_server.mocking.response_cache import ResponseCache
from tests.support.cached_responses import remember

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

fast = ResponseCache(memory=100_000_000)
for number in range(30_000):
    remember(fast, Response(200, body=b"%0700d" % number), number=number)
    if number == 9_999:  # lines that questions have in common are known, and tables are as large as they get for now
        before = resident(), fast.held
print((resident() - before[0]) / (fast.held - before[1]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux says there how much of a process is resident")
def test_counted_memory_is_resident_memory() -> None:
    done = subprocess.run([sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True, cwd=ROOT)
    assert float(done.stdout) == pytest.approx(1, abs=0.1)
