"""The server of a suite on the wire: a process, workers or replicas behind a load balancer, as pytest's options say."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import TemporaryDirectory
from types import TracebackType

from tests.support.haproxy import HAProxy
from tests.support.replicas import Replicas
from tests.support.server_process import RunningServer, opened_hub


class SuiteServer:
    """Whatever answers at ``url``, until the end of the ``with``: clients need not know how many processes that are.

    ``wire_url`` is for who looks at each byte: a load balancer that understands HTTP tidies what it passes on.
    """

    replicas = 1

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._arguments = arguments
        self._env = env or {}
        self._stack = ExitStack()
        self.url = self.wire_url = ""

    def __enter__(self) -> SuiteServer:
        with ExitStack() as stack:
            if self.replicas == 1:
                server = stack.enter_context(RunningServer(*self._arguments, env=self._env))
                self.url = self.wire_url = server.url
            else:
                replicas = stack.enter_context(Replicas(self.replicas, *self._arguments, env=self._shared(stack)))
                balancer = stack.enter_context(HAProxy(replicas.ports))
                self.url, self.wire_url = balancer.url, balancer.wire_url
            self._stack = stack.pop_all()
        return self

    def _shared(self, stack: ExitStack) -> dict[str, str]:
        """Return the variables that name a store and a hub which replicas can share."""
        env = {**self._env, "MOCK_SERVER_HUB": opened_hub(RunningServer.hub or "valkey", stack)}
        if env.get("MOCK_SERVER_STORE", "memory") == "memory":
            directory = stack.enter_context(TemporaryDirectory(prefix="mock-records-"))
            env["MOCK_SERVER_STORE"] = f"sqlite:///{directory}/records.db"
        return env

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
