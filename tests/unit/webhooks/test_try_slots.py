"""Tries at a time: few that are begun, and beside them those that wait for slow endpoints."""

from __future__ import annotations

import asyncio

import pytest

from mock_server.webhooks import try_slots
from mock_server.webhooks.try_slots import TrySlots


def test_tries_that_wait_for_their_endpoints_let_others_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(try_slots, "MOST_BEGUN", 2)
    monkeypatch.setattr(try_slots, "SLOW_SECONDS", 0.05)
    counts: list[int] = []
    under_way = 0

    async def hang(slots: TrySlots, ended: asyncio.Event) -> None:
        nonlocal under_way
        async with slots.slot():
            under_way += 1
            await ended.wait()
            under_way -= 1

    async def play() -> None:
        slots, ended = TrySlots(5), asyncio.Event()
        tries = [asyncio.create_task(hang(slots, ended)) for _ in range(8)]
        for _ in range(20):  # none of them has been slow by then
            await asyncio.sleep(0)
        counts.append(under_way)
        async with asyncio.timeout(60):
            while under_way < 5:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        counts.append(under_way)
        ended.set()
        await asyncio.gather(*tries)
        assert not slots.all.locked()
        assert not slots.begun.locked()

    asyncio.run(play())
    assert counts == [2, 5]
