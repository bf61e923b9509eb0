"""Replicas: several servers that share a hub, each of which can be killed and started again at its port."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from tests.support.loopback import lasting_port
from tests.support.server_process import RunningServer


class Replica:
    """A server at a port that stays its own."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.port = lasting_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = ("--port", str(self.port), *arguments)
        self._env = env
        self.server: RunningServer | None = None
        self.errors = ""
        """What it wrote to standard error until it was last stopped."""

    def start(self) -> None:
        """Start it; it answers when this returns."""
        assert self.server is None
        self.server = RunningServer(*self._arguments, env=self._env)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and wait for that; its exit code, 0 where it did not run."""
        server, self.server = self.server, None
        if server is None:
            return 0
        code = server.stop(how)
        self.errors += server.errors
        return code

    def restart(self) -> None:
        """Kill it at once, and start it again."""
        self.stop(signal.SIGKILL)
        self.start()


class Replicas:
    """So many replicas with the same arguments, until the end of the ``with``; then ``errors`` is what they wrote.

    The arguments name the hub and the store that they share.
    """

    def __init__(self, count: int, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.all = [Replica(*arguments, env=env) for _ in range(count)]

    @property
    def urls(self) -> list[str]:
        return [replica.url for replica in self.all]

    @property
    def ports(self) -> list[int]:
        return [replica.port for replica in self.all]

    @property
    def errors(self) -> str:
        return "".join(replica.errors for replica in self.all)

    def __enter__(self) -> Replicas:
        try:
            with ThreadPoolExecutor() as pool:
                [*pool.map(Replica.start, self.all)]
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        for replica in self.all:
            replica.stop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
