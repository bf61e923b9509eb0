"""A server for tests: started and stopped by a ``with``, controlled through its admin API."""

from __future__ import annotations

import asyncio
from typing import Unpack
from uuid import uuid4

from mock_server.core.errors import UsageError
from mock_server.testing.admin_client import ControlClient
from mock_server.testing.runners import ExternalServer, Options, ProcessServer, ServerRunner, ThreadServer
from mock_server.testing.world import World, checked_name


class MockServer(World):
    """A server for tests, in a thread of this process, on a free port.

    ::

        with MockServer(contract="pets.yaml", seed=7) as mock:
            client = Client(base_url=mock.url)

    It answers when the ``with`` is entered (``async with`` does too, without holding up the loop) and is gone when
    it is left; :meth:`start` and :meth:`stop` do the same by hand. The keywords are the settings of
    ``mock-server serve``; variables of the environment count for nothing here. Of itself it is the world without a
    prefix; :meth:`world` gives others.

    Raises :class:`TypeError` for a keyword that is no setting, :class:`mock_server.core.errors.UsageError` for a value
    that does not fit, and, when it is entered, any :class:`mock_server.core.errors.MockServerError` that stands in the
    way of serving.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self._run_by(ThreadServer(options), str(options.get("admin_token") or ""))

    @classmethod
    def subprocess(cls, **options: Unpack[Options]) -> MockServer:
        """Return the same in a process of its own, ``python -m mock_server serve``; it logs to standard error."""
        return cls._run(ProcessServer(options), str(options.get("admin_token") or ""))

    @classmethod
    def at(cls, url: str, *, admin_token: str = "", known: bool = False) -> MockServer:
        """Return the handle of a server that is running already, in a service container say. Leaving it stops nothing.

        Entering it checks that the server is ready, unless it is ``known`` to be.
        """
        return cls._run(ExternalServer(url, known=known), admin_token)

    @classmethod
    def _run(cls, running: ServerRunner, admin_token: str) -> MockServer:
        server = cls.__new__(cls)
        server._run_by(running, admin_token)
        return server

    def _run_by(self, running: ServerRunner, admin_token: str) -> None:
        self.name = ""
        self._running = running
        self._admin_token = admin_token
        self._started: ControlClient | None = None

    @property
    def _client(self) -> ControlClient:
        if self._started is None:
            raise UsageError("MockServer: found a server that is not started; expected it within its with, or start()")
        return self._started

    @_client.setter
    def _client(self, client: ControlClient) -> None:
        self._started = client

    def start(self) -> MockServer:
        """Start the server; it answers when this returns."""
        if self._started is None:
            try:
                self._client = ControlClient(self._running.start(), self._admin_token)
            except BaseException:
                self._running.stop()
                raise
        return self

    def stop(self) -> None:
        """Stop the server, in less than two seconds; answers under way get one of them."""
        self._started = None
        self._running.stop()

    def world(self, name: str | None = None) -> World:
        """Return the world of that name, or a new one; it exists from its first request."""
        chosen = f"world-{uuid4().hex}" if name is None else checked_name(name)
        return World(ControlClient(f"{self.url}/~{chosen}", self._admin_token), chosen)

    def forget(self) -> None:
        """Reset the world without a prefix; the others stay as they are."""
        super().forget()

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> MockServer:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        return f"<MockServer {self._started.url if self._started else 'not started'}>"
