"""A clock of the machine that is set while requests are under way: what they took is told as it was."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import count

import pytest

from mock_server.mocking import cached_response
from mock_server.server import contract_app
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import scope_of, sent

HOUR = 3600.0


@pytest.fixture(params=[-HOUR, HOUR], ids=["back", "forward"])
def jumps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """Set the clock an hour back or forward, each time that somebody looks at it."""
    looks = count(1)

    def now() -> float:
        return time.time() + next(looks) * float(request.param)

    for module in (contract_app, cached_response):
        monkeypatch.setattr(module, "time", now)
    yield float(request.param)
    assert next(looks) > 3


@pytest.mark.usefixtures("jumps")
@pytest.mark.parametrize("token", ["individual", "server_error"])
def test_what_requests_took_does_not_go_by_clock_of_wall(token: str) -> None:
    """The first answer is found, the others are remembered; an error is found each time."""
    application = Application(Settings())
    started = time.monotonic()
    for _ in range(4):
        asyncio.run(sent(application, scope_of(authorization=f"Bearer polar_cst_{token}")))
    most = time.monotonic() - started
    took = [entry.elapsed for entry in application.worlds.plain.journal.read()]
    assert len(took) == 4
    assert all(0 <= seconds <= most for seconds in took)
    shown = asyncio.run(sent(application, scope_of("/__admin/metrics"))).body.decode()
    (total,) = [
        float(line.rsplit(" ", 1)[1])
        for line in shown.splitlines()
        if "_duration_seconds_sum" in line and "_sum{" in line
    ][:1]
    assert 0 < total <= most


@pytest.mark.usefixtures("jumps")
def test_entries_of_journal_stay_in_order_of_requests() -> None:
    application = Application(Settings())
    for token in ("individual", "team", "SE"):
        asyncio.run(sent(application, scope_of(authorization=f"Bearer polar_cst_{token}")))
    shown = json.loads(asyncio.run(sent(application, scope_of("/__admin/requests"))).body)
    ids = [one["id"] for one in shown["requests"]]
    assert ids in (sorted(ids), sorted(ids, reverse=True))
    assert all(one["timing"]["totalTime"] >= 0 for one in shown["requests"])
