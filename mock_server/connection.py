"""uvicorn's HTTP/1.1, whose scopes know their connection: a scenario may want to close it."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.wire import CONNECTION


class ReachableConnection(HttpToolsProtocol):
    """A connection whose scopes have its transport among their extensions."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions: dict[str, dict[object, object]] = {CONNECTION: {"transport": transport}}

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # the same for all requests of the connection
