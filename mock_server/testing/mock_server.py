"""A server for tests: started and stopped by a ``with``, controlled through its admin API."""

from __future__ import annotations

import asyncio
import os
from typing import Unpack, cast
from uuid import uuid4

from mock_server.testing.admin_client import ControlClient
from mock_server.testing.managed_server import ManagedServer
from mock_server.testing.runners import ExternalServer, Options, Place, ProcessServer, ServerRunner, ThreadServer
from mock_server.testing.world import World, checked_name


class MockServer(World):
    """A server for tests, in a thread of this process, on a free port.

    ::

        with MockServer("pets.yaml", seed=7) as mock:
            client = Client(base_url=mock.url)

    It answers when the ``with`` is entered (``async with`` does too, without holding up the loop) and is gone when
    it is left; :meth:`start` and :meth:`stop` do the same by hand. First come paths or URLs of contracts, or ``polar``;
    without any it is Polar's Get Customer. The keywords are the settings of ``mock-server serve``; variables of the
    environment count for nothing here. Of itself it is the world without a prefix; :meth:`world` gives others.

    Raises :class:`TypeError` for a contract that is no path and a keyword that is no setting,
    :class:`mock_server.core.errors.UsageError` for a value that does not fit, and, when it is entered, any
    :class:`mock_server.core.errors.MockServerError` that stands in the way of serving.
    """

    def __init__(self, *contracts: Place, **options: Unpack[Options]) -> None:
        self._run_by(ThreadServer(_with_contracts(contracts, options)), options.get("admin_token"))

    @classmethod
    def subprocess(cls, *contracts: Place, **options: Unpack[Options]) -> MockServer:
        """Return the same in a process of its own, ``python -m mock_server serve``; it logs to standard error."""
        server = cls.__new__(cls)
        server._run_by(ProcessServer(_with_contracts(contracts, options)), options.get("admin_token"))
        return server

    @classmethod
    def at(cls, url: str, *, admin_token: str = "", known: bool = False) -> MockServer:
        """Return the handle of a server that is running already, in a service container say. Leaving it stops nothing.

        Entering it checks that the server is ready, unless it is ``known`` to be.
        """
        server = cls.__new__(cls)
        server._run_by(ExternalServer(url, known=known), admin_token)
        return server

    def _run_by(self, runner: ServerRunner, admin_token: str | None) -> None:
        """Take what runs the server, and the token that its admin API asks for."""
        self._server = ManagedServer(runner, admin_token or "")
        World.__init__(self, self._server)

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


def _with_contracts(contracts: tuple[object, ...], options: Options) -> Options:
    """Return the settings with the contracts that stand before them.

    Raises :class:`TypeError` for what is no path, and where the keyword is given too.
    """
    for contract in contracts:
        if not isinstance(contract, (str, os.PathLike)) or not os.fspath(contract):
            raise TypeError(
                f"MockServer: found the contract {contract!r}; expected the path or the URL of an OpenAPI document,"
                " each as an argument of its own"
            )
    if not contracts:
        return options
    if options.get("contract"):
        raise TypeError("MockServer: found a contract in addition to contract=...; expected one of the two")
    return {**options, "contract": [os.fspath(contract) for contract in cast("tuple[Place, ...]", contracts)]}
