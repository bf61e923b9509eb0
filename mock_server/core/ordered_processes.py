"""Work in several processes of this machine, its results in the order of the tasks and few of them waiting.

The pool of :mod:`multiprocessing` waits for ever where a process was killed, that of :mod:`concurrent.futures` leaves
its processes behind where this one was, and both take all tasks at once.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Generic, Literal, TypeAlias, TypeVar

from mock_server.core.errors import MockServerError, ProcessLostError

StartMethod: TypeAlias = Literal["fork", "spawn"]
Task = TypeVar("Task")
Result = TypeVar("Result")

START_METHOD: StartMethod = "fork" if sys.platform == "linux" else "spawn"
"""On other platforms a forked process may not do all that its parent could (macOS), or there is no fork (Windows)."""
_AHEAD = 2
"""Tasks that a process has at once: the next one lies there before it is done with the first."""
_WINDOW = 4
"""Tasks for each process that may be done or under way while the result of an earlier one is still missing."""
_END_SECONDS = 2.0
"""Seconds after which a process that was asked to end is killed."""
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_processors() -> int:
    """Return how many processors this process may use: by its affinity, and by the quota of its container."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return max(1, min(count, ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no control groups, or "max": no quota
        return count


class OrderedProcesses(Generic[Task, Result]):
    """Processes that do the same work, while it is entered; the thread that enters it should be the only one.

    A process that is started by ``spawn`` gets ``work`` pickled, one that is forked has it as it is. Each ends when
    this process does, however that ends.
    """

    def __init__(self, work: Callable[[Task], Result], number: int, start_method: StartMethod = START_METHOD) -> None:
        self._work = work
        self._number = number
        self._is_forked = start_method == "fork"
        self._processes: list[_Process[Task, Result]] = []

    def __enter__(self) -> OrderedProcesses[Task, Result]:
        if self._is_forked:
            gc.freeze()  # the collector would write to what the copies share
        try:
            with _without_interrupts():
                for _ in range(self._number):
                    self._start()
        except BaseException:
            self._end()
            raise
        finally:
            if self._is_forked:
                gc.unfreeze()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def results(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the result of each task, in their order.

        Raises in its turn the :class:`MockServerError` with which the work on a task ended, and
        :class:`ProcessLostError` once a process has ended before its work was done.
        """
        rest = enumerate(tasks)
        done: dict[int, Result | MockServerError] = {}
        turn, next_task = 0, next(rest, None)
        while True:
            while next_task is not None and next_task[0] < turn + _WINDOW * self._number:
                idlest = min(self._processes, key=lambda process: len(process.tasks))
                if len(idlest.tasks) >= _AHEAD:
                    break
                idlest.send(*next_task)
                next_task = next(rest, None)
            if turn in done:
                result = done.pop(turn)
                if isinstance(result, MockServerError):
                    raise result
                yield result
                turn += 1
                continue
            busy = {process.connection: process for process in self._processes if process.tasks}
            if not busy:
                return
            ready = wait(list(busy))
            for connection, process in busy.items():
                if connection in ready:
                    number, result = process.receive()
                    done[number] = result

    def _start(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        # A copy of this process has copies of its ends of all pipes, by which nobody would see them closed.
        copied = [*(process.connection for process in self._processes), ours] if self._is_forked else []
        context = multiprocessing.get_context("fork") if self._is_forked else multiprocessing.get_context("spawn")
        process: BaseProcess = context.Process(target=_serve, args=(self._work, theirs, copied), daemon=True)
        process.start()
        theirs.close()
        self._processes.append(_Process(process, ours))

    def _end(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()


class _Process(Generic[Task, Result]):
    """A process as seen from the one that started it. ``tasks`` are the numbers of those that it has not done yet."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.connection = connection
        self.tasks: deque[int] = deque()
        self._process = process

    def send(self, number: int, task: Task) -> None:
        self.tasks.append(number)
        try:
            self.connection.send(task)
        except OSError:
            raise self._loss() from None

    def receive(self) -> tuple[int, Result | MockServerError]:
        """Return the next result, with the number of its task; raises :class:`ProcessLostError`."""
        try:
            result: Result | MockServerError = self.connection.recv()
        except (EOFError, OSError):
            raise self._loss() from None
        return self.tasks.popleft(), result

    def terminate(self) -> None:
        self.connection.close()
        self._process.terminate()

    def join(self) -> None:
        self._process.join(_END_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()

    def _loss(self) -> ProcessLostError:
        self._process.join(_END_SECONDS)
        code = self._process.exitcode
        ending = f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name
        return ProcessLostError(f"a process ended ({ending}) before its work was done")


def _serve(work: Callable[[Task], Result], parent: Connection, copied: Sequence[Connection]) -> None:
    """Do the work on one task after the other, until the parent closes its end of the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt at a terminal is sent to all; the parent attends to it
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for connection in copied:
        connection.close()
    while True:
        try:
            task: Task = parent.recv()
        except (EOFError, OSError):
            return
        result: Result | MockServerError
        try:
            result = work(task)
        except MockServerError as error:
            result = error
        try:
            parent.send(result)
        except OSError:
            return


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold SIGINT back, so that a process that starts ignores it before it can come; Windows has no such thing."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
