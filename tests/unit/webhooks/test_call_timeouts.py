"""Timeouts of calls: an endpoint's time passes, and not that in which the event loop was held up."""

from __future__ import annotations

import asyncio
import threading
from time import monotonic

import pytest

from mock_server.webhooks.call_timeouts import CallTimeouts


async def answered(timeout: float, busy: float, after: float) -> str:
    """Wait for an answer that another thread has ``after`` seconds, on a loop that is held up for ``busy`` seconds."""
    loop, timeouts = asyncio.get_running_loop(), CallTimeouts()
    answer: asyncio.Future[str] = loop.create_future()
    thread = threading.Timer(after, loop.call_soon_threadsafe, (answer.set_result, "done"))

    def hold_up() -> None:
        until = monotonic() + busy
        while monotonic() < until:
            pass

    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            timeouts.add(limit)
            thread.start()
            loop.call_soon(hold_up)
            return await answer
    finally:
        timeouts.discard(limit)
        timeouts.close()
        thread.cancel()
        thread.join()


def test_time_in_which_the_loop_was_held_up_does_not_count() -> None:
    assert asyncio.run(answered(timeout=0.4, busy=1, after=0.3)) == "done"


def test_endpoint_that_does_not_answer_has_no_more_time() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(answered(timeout=0.4, busy=0, after=60))
