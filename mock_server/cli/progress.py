"""Progress of work that takes more than a second: on standard error, for people at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

from mock_server.core.terminal import fitted, is_terminal

PATIENCE = 1.0
"""Seconds of work that nobody is told of."""
_FRAME = 0.1
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"
_CLEAR = "\r\x1b[K"


@contextmanager
def shown(what: str, total: int = 0) -> Iterator[Callable[[int], None]]:
    """Show that work goes on while it does; yield what counts a number of steps, of ``total`` where that is known."""
    stream = sys.stderr
    if not is_terminal(stream):
        yield lambda steps: None
        return
    indicator = _Indicator(what, total)
    indicator.start()
    try:
        yield indicator.count
    finally:
        indicator.end()


class _Indicator(Thread):
    """Writes one line again and again, after a while, and takes it away at the end."""

    def __init__(self, what: str, total: int) -> None:
        super().__init__(name="mock-server-progress", daemon=True)
        self._what = what
        self._total = total
        self._steps = 0
        self._ended = Event()

    def count(self, steps: int) -> None:
        self._steps += steps

    def end(self) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        if self._ended.wait(PATIENCE):
            return
        stream, began = sys.stderr, monotonic() - PATIENCE
        can_draw = "utf" in (stream.encoding or "").lower()
        frames = _FRAMES if can_draw else _PLAIN_FRAMES
        turn = 0
        while not self._ended.is_set():
            line = f"{frames[turn % len(frames)]} {self._what}{self._counted()} ({monotonic() - began:.0f} s)"
            stream.write(_CLEAR + fitted(line, 79))
            stream.flush()
            turn += 1
            self._ended.wait(_FRAME)
        stream.write(_CLEAR)
        stream.flush()

    def _counted(self) -> str:
        if self._total:
            return f" {self._steps:,} of {self._total:,} ({100 * self._steps // self._total} %)"
        return f" {self._steps:,}" if self._steps else ""
