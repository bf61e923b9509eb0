"""Threads beside the event loop, for work that takes longer than others should wait, or has to wait itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from mock_server.core.deadline import PATIENCE, DeadlineExceeded, WaitNeeded, within, without_waiting

WAITING = 4
"""Threads in which work waits for a store, and for a hub: who waits for a lock must not hold up who could go on."""

_WAITS = 3
"""How often work is begun anew on the event loop when what it had to wait for is there."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class WorkerThread:
    """Runs work on the event loop while it is quick, and starts it again in a thread where it is not.

    There is one thread, as long as there is work for it: what is made is made one after the other, and the loop has at
    least half of the time. Work that waits for a store or a hub does so in others: in some for each of the two, so that
    a hub which is silent holds up nothing that needs a store alone. Those for a hub stay where it ``waits_often``: to
    start one takes as long as a hub takes to answer.
    """

    def __init__(self, *, waits_often: bool = False) -> None:
        self._making = _Threads(1, "mock-server-aside")
        self._for_store = _Threads(WAITING, "mock-server-store")
        self._for_hub = _Threads(WAITING, "mock-server-hub", stay=waits_often)
        self._started: asyncio.Task[None] | None = None

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the result of the work. It may be started twice; see :mod:`mock_server.core.deadline`."""
        threads = self._for_store
        try:
            for _ in range(_WAITS):
                try:
                    with within(PATIENCE), without_waiting():
                        return work(*args, **kwargs)
                except WaitNeeded as need:
                    threads = self._for_hub if need.is_for_hub else self._for_store
                    if need.first is None or not await threads.run(_succeeds, need.first):
                        break
        except DeadlineExceeded:
            # The work starts again from the beginning; what it has cached so far makes this run shorter.
            return await self.run_aside(work, *args, **kwargs)
        return await threads.run(work, *args, **kwargs)

    async def run_waiting(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what the work does that has to wait for a hub, and maybe for a store too."""
        return await self._for_hub.run(work, *args, **kwargs)

    async def run_aside(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the result of work that is known to take long; run it in the thread from the start."""
        return await self._making.run(work, *args, **kwargs)

    def start(self, *steps: Callable[[], object]) -> None:
        """Start steps in the thread and do not wait for them; other work has its turn between two steps."""
        self._started = asyncio.ensure_future(self._run_steps(steps))

    async def _run_steps(self, steps: Iterable[Callable[[], object]]) -> None:
        for step in steps:
            await self.run_aside(step)

    def close(self) -> None:
        """Wait for the threads to end what they are about; what waits for its turn is not begun."""
        self._making.close()
        self._for_store.close()
        self._for_hub.close()


def _succeeds(step: Callable[[], object]) -> bool:
    """Take a step, and return whether all went well; the work that needs it meets again what did not."""
    try:
        step()
    except Exception:
        return False
    return True


class _Threads:
    """So many threads, as long as there is work for them, or for good where they ``stay``."""

    def __init__(self, number: int, name: str, *, stay: bool = False) -> None:
        self._number = number
        self._name = name
        self._stay = stay
        self._threads: ThreadPoolExecutor | None = None
        self._former: ThreadPoolExecutor | None = None
        self._under_way = 0

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(max_workers=self._number, thread_name_prefix=self._name)
        call = partial(copy_context().run, work, *args, **kwargs)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._under_way -= 1
            if not self._under_way and not self._stay and self._threads is not None:
                self._threads.shutdown(wait=False)
                self._former, self._threads = self._threads, None

    def close(self) -> None:
        for threads in (self._threads, self._former):
            if threads is not None:
                threads.shutdown(cancel_futures=True)
        self._threads = self._former = None
