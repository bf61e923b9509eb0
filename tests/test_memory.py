"""What clients send stays no longer than the settings say, and what metrics say of it is what is held."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from mock_server.application import Application
from mock_server.exchange import Answer, Exchange, Finding, Request, Route
from mock_server.journal import Journal, Kept, Ledger
from mock_server.settings import Settings
from mock_server.wire import Scope
from tests.asgi import answered, scope_of
from tests.conftest import ME

LARGE = 200_000
TIMES = 12


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


@pytest.mark.parametrize("place", PLACES)
def test_what_requests_carry_is_not_held_once_they_are_answered(place: str, own_cache: None) -> None:
    application = Application(Settings(journal_size=0), shares_process=True)
    application.warm()
    answered(application, PLACES[place]("a"), PLACES["token"]("b"), PLACES[place]("b" * LARGE))

    def work() -> object:
        answered(application, *(PLACES[place](f"{number}" + "x" * LARGE) for number in range(TIMES)))
        return application

    assert grown(work) < 3 * LARGE


def exchange_of(number: int, size: int) -> Exchange:
    headers = (("host", "localhost:4010"), ("user-agent", "client"), ("x-own", f"{number}" + "h" * size))
    request = Request(
        "GET", f"/pets/{number}", f"a={number}", headers, b"%d" % number + b"b" * size, "http://localhost"
    )
    answer = Answer(200, (("content-type", "text/plain"),), b"%d" % number + b"a" * 2 * size)
    findings = (Finding("path", f"path /pets/{number}", "found", "expected"),) if number % 2 else ()
    return Exchange(request, Route("GET /pets/{id}", {"id": str(number)}), answer, findings)


@pytest.mark.parametrize("size", [10, 1000, 30_000])
def test_a_journal_holds_as_many_bytes_as_it_says(size: int) -> None:
    ledger = Ledger(1 << 40, lambda: None)
    journal = Journal("w", 1 << 20, ledger)

    def work() -> object:
        for number in range(20_000 // (size // 100 + 10)):
            journal.add(Kept(exchange_of(number, size), None), float(number), number / 1000)
        return journal

    growth = grown(work)
    assert ledger.held == pytest.approx(growth, rel=0.1)
