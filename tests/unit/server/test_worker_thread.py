"""Work that takes long, beside an event loop that goes on."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server.core.deadline import DeadlineExceeded, check, current, takes_long, within
from mock_server.http.messages import Exchange
from mock_server.mocking.engine import Engine
from mock_server.mocking.examined_request import Admitted
from mock_server.server.application import Application
from mock_server.server.worker_thread import WorkerThread
from mock_server.settings import Settings
from tests.support.contracts import document, operation, written


def lingering() -> list[str]:
    """The threads that do not end by themselves."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("mock-server-aside")]
    for thread in threads:
        thread.join(30)
    return [thread.name for thread in threads if thread.is_alive()]


def test_deadline_ends_with_its_block() -> None:
    takes_long()
    with within(-1.0):
        with pytest.raises(DeadlineExceeded):
            takes_long()
        with pytest.raises(DeadlineExceeded):
            check(current())
    check(current())


def test_quick_work_stays_on_the_loop() -> None:
    async def run() -> str:
        return await WorkerThread().run(lambda: threading.current_thread().name)

    assert asyncio.run(run()) == threading.current_thread().name


def test_work_that_takes_long_is_begun_anew_in_thread() -> None:
    names: list[str] = []

    def work(result: int) -> int:
        names.append(threading.current_thread().name)
        takes_long()
        return result

    assert asyncio.run(WorkerThread().run(work, 7)) == 7
    assert [name.startswith("mock-server-aside") for name in names] == [False, True]
    assert lingering() == []


def test_what_goes_wrong_in_thread_is_told() -> None:
    def work() -> None:
        takes_long()
        raise ValueError("a hole")

    with pytest.raises(ValueError, match="a hole"):
        asyncio.run(WorkerThread().run(work))


def test_others_are_answered_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {path: {"get": operation({"type": "integer"})} for path in ("/slow", "/quick")}
    app = Application(Settings(contract=(written(tmp_path, "contract", document(paths)),)), shares_process=True)
    respond, go_on = Engine.respond, threading.Event()

    def slow(engine: Engine, admitted: Admitted) -> Exchange:
        if admitted.examined.request.path == "/slow":
            takes_long()
            assert go_on.wait(30)
        return respond(engine, admitted)

    monkeypatch.setattr(Engine, "respond", slow)

    async def run() -> list[Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            waiting = asyncio.ensure_future(client.get("/slow"))
            quick = await client.get("/quick")
            assert not waiting.done()
            go_on.set()
            return [quick.status_code, (await waiting).status_code]

    assert asyncio.run(run()) == [200, 200]
    app.close()
