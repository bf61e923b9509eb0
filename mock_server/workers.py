"""Several processes that serve one port: started, watched, replaced, ended.

Each runs uvicorn's server. uvicorn's supervisor is not used: its workers share one socket, of which one worker often
has all 32 connections and another none; it starts a worker that cannot start again and again; and each of its workers
imports everything again, where these are copies of a process that has (on platforms with fork).

A worker has a pipe to this process. Its first message tells whether it is ready.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import TypeAlias

from mock_server.errors import MockServerError, WorkerError

log = logging.getLogger("mock_server")

Ready: TypeAlias = Callable[[], None]
Work: TypeAlias = Callable[[socket.socket, Ready], None]
"""The work of a worker: it serves a socket until a signal ends it, and calls ``Ready`` once it answers."""

END_SECONDS = 1.8
"""Seconds after which a worker that was asked to end is killed."""
MOST_STARTS = 3
"""How often in a row a worker may die while it starts before the server gives up."""
_READY = ""
_CONTEXT = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
"""On other platforms a forked process may not do all that its parent could (macOS), or there is no fork (Windows)."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Workers:
    """A worker for each of the sockets. This process must have no threads: they would be missing in the copies."""

    def __init__(self, work: Work, listeners: Sequence[socket.socket]) -> None:
        self._listeners = listeners
        self._workers = [_Worker(work, one) for one in listeners]

    def run(self, on_ready: Ready) -> None:
        """Serve until SIGINT or SIGTERM; ``on_ready`` is called once all workers answer.

        Raises :class:`WorkerError` where a worker cannot start, when the others have ended.
        """
        gc.freeze()  # the collector would write to memory that the copies share
        with _signals() as signalled:
            try:
                for worker in self._workers:
                    worker.start()
                is_told = False
                while signalled not in wait([signalled, *(one for worker in self._workers for one in worker.heard)]):
                    for worker in self._workers:
                        worker.attend()
                    if not is_told and all(worker.is_ready for worker in self._workers):
                        is_told = True
                        on_ready()
            finally:
                self._end()

    def _end(self) -> None:
        for listener in self._listeners:
            listener.close()
        for worker in self._workers:
            worker.terminate()
        deadline = monotonic() + END_SECONDS
        for worker in self._workers:
            worker.join(deadline)


class _Worker:
    """The worker of one socket; the socket keeps waiting connections when one process replaces another."""

    def __init__(self, work: Work, listener: socket.socket) -> None:
        self.is_ready = False
        self._work = work
        self._listener = listener
        self._deaths = 0
        self._pipe: Connection
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self) -> None:
        self.is_ready = False
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run, args=(self._work, self._listener, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def heard(self) -> list[Connection | int]:
        """The objects to wait for, which become readable when there is something to attend to."""
        assert self._process is not None
        return [self._process.sentinel] if self.is_ready else [self._process.sentinel, self._pipe]

    def attend(self) -> None:
        """Read the worker's message, and start another where it has ended. Raises :class:`WorkerError`."""
        if not self.is_ready:
            self._hear()
        assert self._process is not None
        if self._process.exitcode is None:
            return
        found = f"a worker ended ({_told(self._process.exitcode)})"
        if not self.is_ready:
            self._deaths += 1
            if self._deaths >= MOST_STARTS:
                raise WorkerError(
                    f"{found} before it was ready, {self._deaths} times in a row. The log has the reason."
                )
        log.warning("%s; another takes its place", found)
        self._pipe.close()
        self.start()

    def _hear(self) -> None:
        if not self._pipe.poll():
            return
        try:
            said: str = self._pipe.recv()
        except EOFError:
            return
        if said != _READY:
            raise WorkerError(said)
        self.is_ready = True
        self._deaths = 0

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def join(self, deadline: float) -> None:
        if self._process is None:
            return
        self._process.join(max(0.0, deadline - monotonic()))
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()


def _told(exit_code: int) -> str:
    return f"exit code {exit_code}" if exit_code >= 0 else signal.Signals(-exit_code).name


def _run(work: Work, listener: socket.socket, parent: Connection) -> None:
    """Run a worker process, from its start to its exit code."""
    signal.set_wakeup_fd(-1)
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_DFL)
    try:
        work(listener, functools.partial(parent.send, _READY))
    except MockServerError as error:
        parent.send(str(error))
        sys.exit(2)
    except Exception:
        log.exception("a worker failed")
        parent.send("a worker failed before it was ready; the log has the reason. Please report it.")
        sys.exit(1)


def parent_is_gone() -> bool:
    """Tell whether the parent of this worker has died."""
    parent = multiprocessing.parent_process()
    return parent is not None and os.name == "posix" and os.getppid() != parent.pid


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable as soon as a signal asks this process to end."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with ours, theirs:
        kept = {one: signal.signal(one, lambda *_: None) for one in _SIGNALS}
        before = signal.set_wakeup_fd(theirs.fileno())
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(before)
            for one, handler in kept.items():
                signal.signal(one, handler)
