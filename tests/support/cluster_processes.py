"""Several processes in one: each an application with a socket of its own, asked without a port."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from mock_server.server.application import Application
from mock_server.server.cluster import Peers
from mock_server.settings import Settings, read_settings
from tests.support.customers import INDIVIDUAL, ME


class Process:
    """One of the processes: its application, and a client of it."""

    def __init__(self, settings: Settings, sockets: Path) -> None:
        self.application = Application(settings, shares_process=True, sockets=sockets)
        transport = httpx.ASGITransport(self.application, client=("127.0.0.1", 1))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30)

    @property
    def peers(self) -> Peers:
        assert self.application.peers is not None
        return self.application.peers

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._client.request(method, path, **options)

    async def status(self, method: str, path: str, **options: Any) -> int:
        return (await self.ask(method, path, **options)).status_code

    async def told(self, path: str) -> Any:
        return (await self.ask("GET", path)).json()

    async def me(self, world: str, *, times: int = 1) -> list[int]:
        """The statuses of requests for the customer in a world."""
        return [await self.status("GET", f"/~{world}{ME}", headers=INDIVIDUAL) for _ in range(times)]

    async def start(self, world: str, *answers: Any, **scenario: Any) -> None:
        """Start a scenario."""
        started = await self.ask("POST", f"/~{world}/__admin/scenarios", json={"answers": [*answers], **scenario})
        assert started.status_code == 201, started.text

    async def world(self) -> str:
        """A world that belongs to this process."""
        for number in range(1000):
            told = await self.told(f"/~w{number}/__admin/peers")
            if told["owner"] == told["name"]:
                return f"w{number}"
        raise AssertionError("no world belongs to the process")


class Processes:
    """Starts processes that find each other."""

    def __init__(self, sockets: Path) -> None:
        self.sockets = sockets
        self._all: list[Process] = []

    async def start(self, **settings: Any) -> Process:
        flags = {name: str(value) for name, value in settings.items()}
        process = Process(read_settings(flags, {}), self.sockets)
        await process.peers.open()
        self._all.append(process)
        return process

    def end(self) -> None:
        for one in self._all:
            one.peers.end()


@asynccontextmanager
async def some_processes(count: int, **settings: Any) -> AsyncIterator[tuple[Processes, list[Process]]]:
    """So many processes, and what starts more of them."""
    with tempfile.TemporaryDirectory() as directory:  # a path of pytest's is too long for a socket
        processes = Processes(Path(directory))
        try:
            yield processes, [await processes.start(**settings) for _ in range(count)]
        finally:
            processes.end()
            await settled()


async def settled() -> None:
    """Return when nothing is under way in the loop beside this."""
    while asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.sleep(0)
    await asyncio.sleep(0)  # a transport is closed a turn after it was told to
