"""A program at a terminal of its own: what a person sees, and the keys that a person presses."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from types import TracebackType

_SECONDS = 60
"""Seconds after which a program that says nothing of what is waited for has failed."""
_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class PseudoTerminal:
    """``mock-server`` with a terminal as standard input, output and error, until the end of the ``with``."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None, columns: int = 100, lines: int = 30) -> None:
        self._fd, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (lines, columns))
        quiet = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
        environment = {name: value for name, value in os.environ.items() if name not in quiet}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**environment, "TERM": "xterm-256color", **(env or {})},
        )
        os.close(theirs)
        self.raw = ""

    @property
    def text(self) -> str:
        """What was written until now, without colours, and of a line that was written anew the last text."""
        return re.sub(r"[^\n]*\r", "", _STYLES.sub("", self.raw).replace("\r\n", "\n"))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match in what is written; fail where the program ends, or a minute passes, without it."""
        deadline = time.monotonic() + _SECONDS
        while (match := re.search(pattern, self.text, re.MULTILINE)) is None:
            assert self._read(deadline), f"no {pattern!r} in {self.text!r}"
        return match

    def press_interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end of the program, and return its exit code."""
        deadline = time.monotonic() + _SECONDS
        while self._read(deadline):
            pass
        return self.process.wait(_SECONDS)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))
        data = b""
        if ready:
            with contextlib.suppress(OSError):  # Linux' way to say that nobody writes any more
                data = os.read(self._fd, 65536)
        self.raw += data.decode("utf-8", "replace")
        return bool(data)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.end()
        os.close(self._fd)
