"""A Valkey or Redis server of the tests' own, at a port of loopback."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.loopback import lasting_port, wait_for_listener

free_port = lasting_port

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
"""What has a server know again, once it is started anew, all that it acknowledged."""


def program() -> str:
    """Return the path of the server."""
    path = shutil.which("valkey-server") or shutil.which("redis-server")
    assert path is not None, "no server: run tests/system/storage/install"
    return path


class RunningValkey:
    """A server in a directory that can be killed, frozen and started again at its port, until the end of the ``with``.

    ``before`` is what its command begins with, to have it in another network.
    """

    def __init__(
        self, directory: Path, *options: str, port: int = 0, host: str = "127.0.0.1", before: tuple[str, ...] = ()
    ) -> None:
        self.port = port or free_port()
        self.host = host
        addresses = ("--port", str(self.port), "--bind", host, "--protected-mode", "no")
        self._command = [*before, program(), *addresses, "--save", "", "--dir", str(directory), *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def place(self) -> str:
        """The host and the port."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"redis://{self.place}"

    def start(self, *, waits: bool = True) -> None:
        """Start it; it takes connections when this returns."""
        assert self._process is None
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        if waits:
            wait_for_listener(self.port, self.host)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait for that."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(10)

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it and start it again at the same port."""
        self.end(how)
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it answer nothing for the time of the ``with``, and close nothing."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def command(self, *words: str) -> Any:
        """Return what it answers to a command."""
        from valkey import Valkey

        with Valkey(host=self.host, port=self.port, socket_timeout=10) as client:
            return client.execute_command(*words)

    def __enter__(self) -> RunningValkey:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


@contextmanager
def running_valkey(directory: Path, *options: str, port: int = 0) -> Iterator[str]:
    """Start a server in a directory, and yield its host and port."""
    with RunningValkey(directory, *options, port=port) as server:
        yield server.place
