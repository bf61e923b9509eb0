"""A way to a server that can be cut and joined again: nothing is refused or closed, nothing arrives."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from types import TracebackType


class Relay:
    """A TCP port of loopback that leads to another one, in a thread of its own, until the end of the ``with``."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay")
        self._way = asyncio.Event()
        """Set while the way is open; each connection goes by that of the time when it was made."""
        self._lines: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self.port = 0

    def cut(self) -> None:
        """Hold what is sent, in both directions; connections are accepted, and lead nowhere yet."""
        self._call(self._way.clear)

    def join(self, *, forgotten: bool = False) -> None:
        """Let what was held arrive. Where connections are ``forgotten``, new ones alone lead somewhere from now on."""
        if forgotten:
            self._way = asyncio.Event()
        self._call(self._way.set)

    def _call(self, step: object) -> None:
        assert callable(step)
        self._loop.call_soon_threadsafe(step)

    async def _open(self) -> None:
        self._way.set()
        self._server = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        way = self._way
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await way.wait()
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
                await asyncio.gather(_pass_on(reader, far_writer, way), _pass_on(far_reader, writer, way))
        finally:
            writer.close()
            self._lines.discard(task)

    async def _close(self) -> None:
        self._server.close()
        lines = [*self._lines]
        for task in lines:
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._call(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: asyncio.Event) -> None:
    """Pass on what comes, and the end, while the way is open."""
    try:
        with contextlib.suppress(OSError):
            while content := await reader.read(65536):
                await way.wait()
                writer.write(content)
                await writer.drain()
            await way.wait()
    finally:
        writer.close()
