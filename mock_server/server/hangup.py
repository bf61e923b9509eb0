"""SIGHUP: what a server does when it is told of a hang-up.

To programs without a terminal it is a word to read their files anew. To those of a terminal it says that this has gone,
and that it is time to end (termios(3), nohup(1)): a server that nobody can reach any more would keep its port.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)


class HangupHandler:
    """The hang-ups of this process. One that ignores them (nohup) goes on doing so."""

    def __init__(self) -> None:
        self._terminals = [number for number in range(3) if _is_terminal(number)]

    @property
    def is_terminal_gone(self) -> bool:
        """Whether the process began with a terminal that is none any more."""
        return any(not _is_terminal(number) for number in self._terminals)

    def handle(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Have a function called at each hang-up. Return one that undoes this."""
        if HANG_UP is None or signal.getsignal(HANG_UP) is signal.SIG_IGN:
            return lambda: None
        number = HANG_UP
        former = signal.signal(number, lambda *_: heard())
        return lambda: _restore(number, former)


def _restore(number: signal.Signals, former: object) -> None:
    signal.signal(number, former)  # type: ignore[arg-type]  # what signal() gave back


def _is_terminal(number: int) -> bool:
    with suppress(OSError):
        return os.isatty(number)
    return False
