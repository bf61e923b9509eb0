"""A server in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from types import TracebackType


class RunningServer:
    """A server in a process of its own, on a free port, until the end of the ``with``.

    It has as many workers as ``pytest --workers`` says, where the arguments have no say in that.
    """

    workers = "1"
    finds_anew = False

    def __init__(self, *arguments: str, env: dict[str, str] | None = None, program: list[str] | None = None) -> None:
        if not {"--workers", "--reload"} & {*arguments}:
            arguments = ("--workers", self.workers, *arguments)
        if self.finds_anew:
            arguments = ("--no-fast-path", *arguments)
        self.process = subprocess.Popen(
            [*(program or [sys.executable, "-m", "mock_server"]), "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline()
        match = re.search(r"https?://\S+", self.ready_line)
        if match is None:
            self.process.kill()
            _, errors = self.process.communicate()
            raise AssertionError(f"the server did not start: {errors}")
        self.url = match.group()

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop the server; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.output, self.errors = self.process.communicate(timeout=30)
        return self.process.returncode

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
