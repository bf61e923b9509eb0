"""The server of a suite on the wire: a process, workers or replicas behind a load balancer, as pytest's options say."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from tests.support.haproxy import HAProxy
from tests.support.replicas import Replicas
from tests.support.server_process import RunningServer
from tests.support.valkey_server import RunningValkey


class SuiteServer:
    """Whatever answers at ``url``, until the end of the ``with``: clients need not know how many processes that are.

    ``wire_url`` is for who looks at each byte, which a load balancer tidies: one of the replicas. ``hub`` is that of
    ``pytest --hub``: ``valkey`` is a server of its own, any other goes to ``--hub``, and none leaves it to the server.
    """

    hub = ""
    replicas = 1

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._arguments = arguments
        self._env = env or {}
        self._stack = ExitStack()
        self._servers: RunningServer | Replicas
        self.url = self.wire_url = ""

    @property
    def errors(self) -> str:
        """What was written to standard error, once all is stopped."""
        return self._servers.errors

    def __enter__(self) -> SuiteServer:
        with ExitStack() as stack:
            env = self._shared(stack) if self.hub or self.replicas > 1 else self._env
            if self.replicas == 1:
                server = self._servers = stack.enter_context(RunningServer(*self._arguments, env=env))
                self.url = self.wire_url = server.url
            else:
                replicas = self._servers = stack.enter_context(Replicas(self.replicas, *self._arguments, env=env))
                self.url, self.wire_url = stack.enter_context(HAProxy(replicas.ports)).url, replicas.urls[0]
            self._stack = stack.pop_all()
        return self

    def _shared(self, stack: ExitStack) -> dict[str, str]:
        """Return the variables that name a hub, and a store which those who share that can share too."""
        env = {**self._env, "MOCK_SERVER_HUB": _opened_hub(self.hub or "valkey", stack)}
        if env.get("MOCK_SERVER_STORE", "memory") == "memory":
            directory = stack.enter_context(TemporaryDirectory(prefix="mock-records-"))
            env["MOCK_SERVER_STORE"] = f"sqlite:///{directory}/records.db"
        return env

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def _opened_hub(hub: str, stack: ExitStack) -> str:
    """Return the address of a hub; one that is ``valkey`` runs as long as the stack."""
    if hub != "valkey":
        return hub
    directory = Path(stack.enter_context(TemporaryDirectory(prefix="mock-hub-")))
    return stack.enter_context(RunningValkey(directory)).url
