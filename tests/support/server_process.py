"""A server in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from tests.support.valkey_server import RunningValkey


class RunningServer:
    """A server in a process of its own, on a free port, until the end of the ``with``.

    It has as many workers as ``pytest --workers`` says, where the arguments have no say in that, and the hub of
    ``pytest --hub``: ``valkey`` is a server of its own, any other goes to its ``--hub``, and none leaves it alone.
    """

    workers = "1"
    hub = ""
    finds_anew = False

    def __init__(self, *arguments: str, env: dict[str, str] | None = None, program: list[str] | None = None) -> None:
        if not {"--workers", "--reload"} & {*arguments}:
            arguments = ("--workers", self.workers, *arguments)
        if self.finds_anew:
            arguments = ("--no-fast-path", *arguments)
        self._hub = ExitStack()
        if self.hub and not {"--hub", "MOCK_SERVER_HUB"} & {*arguments, *(env or ())}:
            env = {**(env or {}), "MOCK_SERVER_HUB": opened_hub(self.hub, self._hub)}
        self.process = subprocess.Popen(
            [*(program or [sys.executable, "-m", "mock_server"]), "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline()
        match = re.search(r"http://\S+", self.ready_line)
        if match is None:
            self.process.kill()
            _, errors = self.process.communicate()
            self._hub.close()
            raise AssertionError(f"the server did not start: {errors}")
        self.url = match.group()

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop the server; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.output, self.errors = self.process.communicate(timeout=30)
        self._hub.close()
        return self.process.returncode

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def opened_hub(hub: str, stack: ExitStack) -> str:
    """Return the address of a hub; one that is ``valkey`` runs as long as the stack."""
    if hub != "valkey":
        return hub
    directory = Path(stack.enter_context(TemporaryDirectory(prefix="mock-hub-")))
    return stack.enter_context(RunningValkey(directory)).url
