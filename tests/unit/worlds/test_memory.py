"""What clients send stays no longer than the settings say, and what metrics say of it is what is held."""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable

import pytest

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.asgi import Scope
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.worlds.journal import Journal, JournaledExchange
from mock_server.worlds.memory_budget import MemoryBudget
from tests.support.asgi import answered, scope_of
from tests.support.customers import ME

LARGE = 60_000
"""Bytes of a text in the head of a request: nearly as many as a whole head may have."""
TIMES = 24


def grown(work: Callable[[], object], first: Callable[[], object] = gc.collect) -> int:
    """Return the bytes that are held after some work, and were not before."""
    gc.collect()
    tracemalloc.start()
    try:
        first()
        before = tracemalloc.get_traced_memory()[0]
        kept = work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before if kept is not None else 0
    finally:
        tracemalloc.stop()


PLACES: dict[str, Callable[[str], Scope]] = {
    "header": lambda text: scope_of(authorization="Bearer polar_cst_individual", x_large=text),
    "token": lambda text: scope_of(authorization=f"Bearer polar_cst_{text}"),
    "host": lambda text: scope_of(host=text),
    "accept": lambda text: scope_of(authorization="Bearer polar_cst_individual", accept=text),
    "query": lambda text: scope_of(f"{ME}?a={text}", authorization="Bearer polar_cst_individual"),
    "path": lambda text: scope_of(f"/{text}"),
    "world": lambda text: scope_of(f"/~{text}{ME}"),
    "method": lambda text: scope_of(method=text),
    "control": lambda text: scope_of(f"/__admin/{text}"),
}


def heads(place: str, letter: str) -> list[Scope]:
    return [PLACES[place](f"{number}" + letter * LARGE) for number in range(TIMES)]


@pytest.fixture(scope="module")
def facts(own_cache: None) -> None:
    """Have loaded what is known of the countries that the customers of these tokens are from."""
    answered(Application(Settings(journal_size=0, no_fast_path=True), shares_process=True), *heads("token", "b"))


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_heads_are_held_only_where_counted(place: str, remembers: bool, facts: None) -> None:
    application = Application(Settings(journal_size=0, no_fast_path=not remembers), shares_process=True)
    application.warm()

    def remembered() -> float:
        (metrics,) = answered(application, scope_of("/__admin/metrics"))
        held = re.findall(rb"^mock_server_remembered_answers_bytes (\S+)$", metrics.body, re.M)
        return float(held[0]) if remembers else 0.0

    def work() -> object:
        answered(application, *heads(place, "b"))
        return application

    answered(application, *heads(place, "a"))
    before = remembered()
    growth = grown(work)
    assert growth == pytest.approx(remembered() - before, rel=0.1, abs=2 * LARGE)


def exchange_of(number: int, size: int) -> Exchange:
    headers = (("host", "localhost:4010"), ("user-agent", "client"), ("x-own", f"{number}" + "h" * size))
    request = Request(
        "GET", f"/pets/{number}", f"a={number}", headers, b"%d" % number + b"b" * size, "http://localhost"
    )
    answer = Response(200, (("content-type", "text/plain"),), b"%d" % number + b"a" * 2 * size)
    findings = (Diagnostic("path", f"path /pets/{number}", "found", "expected"),) if number % 2 else ()
    return Exchange(request, Route("GET /pets/{id}", {"id": str(number)}), answer, findings)


@pytest.mark.parametrize("size", [10, 1000, 30_000])
def test_journal_holds_bytes_as_reported(size: int) -> None:
    memory_budget = MemoryBudget(1 << 40, lambda: None)
    journal = Journal("w", 1 << 20, memory_budget)

    def work() -> object:
        for number in range(20_000 // (size // 100 + 10)):
            journal.add(JournaledExchange(exchange_of(number, size), None), float(number), number / 1000)
        return journal

    growth = grown(work)
    assert memory_budget.held == pytest.approx(growth, rel=0.1)
