"""A server for tests: started and stopped by a ``with``, controlled through its admin API."""

from __future__ import annotations

import asyncio
import os
from typing import Unpack
from uuid import uuid4

from mock_server.testing.admin_client import ControlClient
from mock_server.testing.managed_server import ManagedServer
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

    def __init__(self, runner: ServerRunner | None = None, /, **options: Unpack[Options]) -> None:
        # The runner is for subprocess() and at(): what users give is a keyword.
        if isinstance(runner, (str, os.PathLike)):
            raise TypeError(f"MockServer: found {runner!r} without a name; expected keywords, such as contract=...")
        self._server = ManagedServer(runner or ThreadServer(options), str(options.get("admin_token") or ""))
        super().__init__(self._server)

    @classmethod
    def subprocess(cls, **options: Unpack[Options]) -> MockServer:
        """Return the same in a process of its own, ``python -m mock_server serve``; it logs to standard error."""
        return cls(ProcessServer(options), **options)

    @classmethod
    def at(cls, url: str, *, admin_token: str = "", known: bool = False) -> MockServer:
        """Return the handle of a server that is running already, in a service container say. Leaving it stops nothing.

        Entering it checks that the server is ready, unless it is ``known`` to be.
        """
        return cls(ExternalServer(url, known=known), admin_token=admin_token)

    def start(self) -> MockServer:
        """Start the server; it answers when this returns."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop the server, in less than two seconds; answers under way get one of them."""
        self._server.stop()

    def world(self, name: str | None = None) -> World:
        """Return the world of that name, or a new one; it exists from its first request."""
        chosen = f"world-{uuid4().hex}" if name is None else checked_name(name)
        return World(ControlClient(f"{self.url}/~{chosen}", self._server.admin_token), chosen)

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
        return f"<MockServer {self.url if self._server.is_started else 'not started'}>"
