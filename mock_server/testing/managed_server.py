"""A server that is started and stopped by hand, and its admin API in between."""

from __future__ import annotations

from typing import Any

from mock_server.core.errors import UsageError
from mock_server.testing.admin_client import ControlClient
from mock_server.testing.runners import ServerRunner


class ManagedServer:
    """A server and what runs it. ``admin_token`` is the one that its admin API asks for; empty for none."""

    def __init__(self, runner: ServerRunner, admin_token: str = "") -> None:
        self.admin_token = admin_token
        self._runner = runner
        self._client: ControlClient | None = None

    @property
    def is_started(self) -> bool:
        """Whether the server is started, and not stopped yet."""
        return self._client is not None

    @property
    def url(self) -> str:
        """The base URL. Raises :class:`UsageError` where the server is not started."""
        return self._started().url

    def ask(self, method: str, path: str, body: object = None, *, expect: tuple[int, ...] = ()) -> Any:
        """Send an admin request as :meth:`ControlClient.ask` does; :class:`UsageError` where it is not started."""
        return self._started().ask(method, path, body, expect=expect)

    def start(self) -> None:
        """Start the server unless it is started; it answers when this returns. One that fails to start is stopped."""
        if self._client is None:
            try:
                self._client = ControlClient(self._runner.start(), self.admin_token)
            except BaseException:
                self._runner.stop()
                raise

    def stop(self) -> None:
        """Stop the server; it may be stopped already."""
        self._client = None
        self._runner.stop()

    def _started(self) -> ControlClient:
        if self._client is None:
            raise UsageError("MockServer: found a server that is not started; expected it within its with, or start()")
        return self._client
