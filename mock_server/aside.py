"""A thread next to the event loop, for work that would block other requests for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from mock_server.deadline import DeadlineExceeded, within

PATIENCE = 0.008
"""Seconds that a piece of work may take on the event loop: about as long as a first answer of 150 values takes."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Aside:
    """Runs work on the event loop while it is quick, and starts it again in a thread where it is not.

    There is at most one such thread, and it exists only while there is work for it: so works run one after the other,
    and the event loop has at least half of the time.
    """

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._former: ThreadPoolExecutor | None = None
        self._under_way = 0
        self._started: asyncio.Task[None] | None = None

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the result of the work. It may be started twice; see :mod:`mock_server.deadline`."""
        try:
            with within(PATIENCE):
                return work(*args, **kwargs)
        except DeadlineExceeded:
            # The work starts again from the beginning; what it has cached so far makes this run shorter.
            return await self.run_aside(work, *args, **kwargs)

    async def run_aside(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the result of work that is known to take long; run it in the thread from the start."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mock-server-aside")
        # The context has the request's id for the log. It has no deadline, so the work runs to its end.
        call = partial(copy_context().run, work, *args, **kwargs)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._under_way -= 1
            # An idle server has no thread. The pool is still known afterwards, for close() to wait for a thread that is
            # ending.
            if not self._under_way and self._threads is not None:
                self._threads.shutdown(wait=False)
                self._former, self._threads = self._threads, None

    def start(self, *steps: Callable[[], object]) -> None:
        """Start steps in the thread and do not wait for them; other work has its turn between two steps."""
        self._started = asyncio.ensure_future(self._run_steps(steps))

    async def _run_steps(self, steps: Iterable[Callable[[], object]]) -> None:
        for step in steps:
            await self.run_aside(step)

    def close(self) -> None:
        """Wait for the thread to finish its current work; cancel work that has not started."""
        for threads in (self._threads, self._former):
            if threads is not None:
                threads.shutdown(cancel_futures=True)
        self._threads = self._former = None
