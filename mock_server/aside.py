"""A thread beside the event loop, for work that takes longer than others should wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from mock_server.deadline import DeadlineExceeded, within

PATIENCE = 0.004
"""Seconds that a piece of work has on the event loop: about what an answer of 150 values takes that is made for the
first time."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Aside:
    """Runs work on the event loop as long as it is quick, and in a thread from the beginning where it is not.

    There is one thread: what is made is made one after the other, and the loop has at least half of the time.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mock-server-aside")

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what the work does. It may be begun twice; see :mod:`mock_server.deadline`."""
        try:
            with within(PATIENCE):
                return work(*args, **kwargs)
        except DeadlineExceeded:
            return await self.run_aside(work, *args, **kwargs)

    async def run_aside(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what the work does that surely takes long."""
        call = partial(copy_context().run, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def start(self, work: Callable[[], None]) -> None:
        """Let work begin whose end nobody waits for."""
        self._threads.submit(work)

    def close(self) -> None:
        """Let the thread end when it has done what it is about."""
        self._threads.shutdown(wait=False, cancel_futures=True)
