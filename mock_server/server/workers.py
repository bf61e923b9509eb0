"""Several processes that serve one port: started, watched, replaced, ended.

Each runs uvicorn's server. uvicorn's supervisor is not used: its workers share one socket, of which one worker often
has all 32 connections and another none; it starts a worker that cannot start again and again; and each of its workers
imports everything again, where these are copies of a process that has (on platforms with fork).

A worker has a pipe to this process. Its first message says whether it is ready; then it gives a sign of life twice a
second. One that gives none is stuck: it is killed and replaced.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from math import inf
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import TypeAlias

from mock_server.core.errors import MockServerError, WorkerStartError
from mock_server.server.hangup import HANG_UP, HangupHandler

log = logging.getLogger("mock_server")

Work: TypeAlias = "Callable[[socket.socket, OnReady], None]"
"""What a worker does: it serves a socket until a signal ends it, and calls ``OnReady`` once it answers."""

END_SECONDS = 1.8
"""Seconds after which a worker that was asked to end is killed."""
MOST_STARTS = 3
"""How often a worker may die while it starts before that is taken for the rule."""
STUCK_SECONDS = 1.5
"""How much longer than it may a worker gives no sign of life before it is killed: it first tells what holds it."""
_READY = ""
_BEAT = "."
_CONTEXT = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
"""On other platforms a forked process may not do all that its parent could (macOS), or there is no fork (Windows)."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Workers:
    """A worker for each of the sockets. This process must have no threads: they would be missing in the copies."""

    def __init__(self, work: Work, listeners: Sequence[socket.socket], stall_timeout: int = 0) -> None:
        self._listeners = listeners
        self._workers = [_Worker(work, listener) for listener in listeners]
        self._hang_ups = HangupHandler()
        self._longest = stall_timeout + STUCK_SECONDS if stall_timeout else inf

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; ``on_ready`` is called once all workers answer.

        Raises :class:`WorkerStartError` where a worker cannot start, when the others have ended.
        """
        gc.freeze()  # the collector would write to what the copies share
        with _signals(self._hang_ups) as signalled:
            try:
                for worker in self._workers:
                    worker.start()
                is_told = False
                looked = monotonic()
                while not self._is_to_end(signalled, self._wait(signalled)):
                    # While this process stood still, the workers may have done so too.
                    passed = min(monotonic() - looked, 1.5)
                    looked += monotonic() - looked
                    for worker in self._workers:
                        worker.attend()
                        worker.watch(passed, self._longest)
                    if not is_told and all(worker.is_ready for worker in self._workers):
                        is_told = True
                        on_ready()
            finally:
                self._end()

    def _wait(self, signalled: socket.socket) -> Sequence[object]:
        heard = [signalled, *(number for worker in self._workers for number in worker.heard)]
        return wait(heard, None if self._longest == inf else 1.0)

    def _is_to_end(self, signalled: socket.socket, heard: Sequence[object]) -> bool:
        """Return whether a signal asks for the end. A hang-up is passed on: each worker loads its contract anew."""
        if signalled not in heard:
            return False
        if not {*signalled.recv(64)}.isdisjoint(_SIGNALS) or self._hang_ups.is_terminal_gone:
            return True
        for worker in self._workers:
            worker.hang_up()
        return False

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
        self._silent = 0.0
        self._pipe: Connection
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self) -> None:
        self.is_ready = False
        self._silent = 0.0
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run, args=(self._work, self._listener, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def heard(self) -> list[Connection | int]:
        """The objects to wait for, which become readable when there is something to attend to."""
        assert self._process is not None
        return [self._process.sentinel, self._pipe]

    def attend(self) -> None:
        """Read the worker's message, and start another where it has ended. Raises :class:`WorkerStartError`."""
        self._hear()
        assert self._process is not None
        if self._process.exitcode is None:
            return
        description = f"a worker ended ({_told(self._process.exitcode)})"
        if not self.is_ready:
            self._deaths += 1
            if self._deaths >= MOST_STARTS:
                raise WorkerStartError(
                    f"{description} before it was ready, {self._deaths} times in a row. The log has the reason."
                )
        log.warning("%s; another takes its place", description)
        self._pipe.close()
        self.start()

    def _hear(self) -> None:
        try:
            while self._pipe.poll():
                said: str = self._pipe.recv()
                self._silent = 0.0
                if said == _BEAT:
                    continue
                if said != _READY:
                    raise WorkerStartError(said)
                self.is_ready = True
                self._deaths = 0
        except (EOFError, OSError):  # it has ended
            return

    def watch(self, passed: float, longest: float) -> None:
        """Kill a worker that has given no sign of life for longer than it may, some seconds having passed."""
        if not self.is_ready or self._process is None:
            return
        self._silent += passed
        if self._silent > longest:
            log.error("a worker (process %s) has given no sign of life for %.0f s", self._process.pid, self._silent)
            self._silent = 0.0
            self._process.kill()

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def hang_up(self) -> None:
        """Have a worker that answers load anew; another is about to load what there is now."""
        if self.is_ready and HANG_UP is not None and self._process is not None and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, HANG_UP)

    def join(self, deadline: float) -> None:
        if self._process is None:
            return
        self._process.join(max(0.0, deadline - monotonic()))
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()


def _told(exit_code: int) -> str:
    return f"exit code {exit_code}" if exit_code >= 0 else signal.Signals(-exit_code).name


class OnReady:
    """What a worker has to say to its parent: called, that it answers; and signs of life."""

    def __init__(self, parent: Connection) -> None:
        self._parent = parent

    def __call__(self) -> None:
        self._parent.send(_READY)
        os.set_blocking(self._parent.fileno(), False)  # a parent that stands still holds nobody up

    def beat(self) -> None:
        """Give a sign of life."""
        with contextlib.suppress(OSError):
            self._parent.send(_BEAT)


def _run(work: Work, listener: socket.socket, parent: Connection) -> None:
    """Run a worker process, from its start to its exit code."""
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    try:
        work(listener, OnReady(parent))
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
def _signals(hang_ups: HangupHandler) -> Iterator[socket.socket]:
    """Yield a socket from which the numbers of signals can be read that ask this process to end, or for what is new."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with ours, theirs:
        handlers = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        unheard = hang_ups.handle(lambda: None)
        before = signal.set_wakeup_fd(theirs.fileno())
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(before)
            unheard()
            for number, handler in handlers.items():
                signal.signal(number, handler)
