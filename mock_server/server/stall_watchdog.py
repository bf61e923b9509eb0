"""An event loop that is held up: told in the log with what holds it.

A thread looks at it, which needs Python's lock (the GIL) to do so. Where C code keeps that, the stack is written by
faulthandler, which needs none, to standard error as it comes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
import traceback
from time import monotonic

from mock_server.mocking.request_metrics import RequestMetrics

log = logging.getLogger("mock_server")

LOCKED_SECONDS = 0.5
"""How much later than the thread faulthandler has its turn, which then is not needed as a rule."""


class StallWatchdog:
    """A watch on the event loop of the thread that makes it.

    ``shares_process`` says that faulthandler's timer, of which a process has one, is somebody else's.
    """

    def __init__(self, seconds: int, request_metrics: RequestMetrics, *, shares_process: bool) -> None:
        self._seconds = seconds
        self._request_metrics = request_metrics
        self._writes_dumps = not shares_process and sys.stderr is not None
        self._watched = threading.get_ident()
        self._armed = 0.0
        self.turn()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stall-watch", daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Note that the event loop turns; to be called several times a second."""
        self._turned = now = monotonic()
        if self._writes_dumps and now - self._armed >= 1:
            self._armed = now
            with contextlib.suppress(OSError, ValueError):  # standard error is none of the system's, or closed
                faulthandler.dump_traceback_later(self._seconds + LOCKED_SECONDS, file=sys.stderr)

    def stop(self) -> None:
        """Watch no more."""
        self._is_over.set()
        if self._writes_dumps:
            faulthandler.cancel_dump_traceback_later()

    def _run(self) -> None:
        pause = min(0.25, self._seconds / 4)
        looked = monotonic()
        while not self._is_over.wait(pause):
            now = monotonic()
            # Where this thread did not come to look either, the process stood still, or somebody kept Python's lock.
            was_stopped = now - looked > self._seconds
            looked = now
            if now - self._turned >= self._seconds:
                self._tell(self._turned, was_stopped=was_stopped)

    def _tell(self, since: float, *, was_stopped: bool) -> None:
        """Tell of a stall, and of its end."""
        self._request_metrics.bounds["stall_timeout"] += 1
        frame = sys._current_frames().get(self._watched)
        if self._writes_dumps and not was_stopped:
            faulthandler.cancel_dump_traceback_later()
        stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
        log.error(
            "the event loop has not turned for %.1f s: nobody is answered. It is at\n%s",
            monotonic() - since,
            stack.rstrip(),
        )
        while self._turned == since:
            if self._is_over.wait(0.1):
                return
        log.error("the event loop turns again, after %.1f s", self._turned - since)
