"""uvicorn's HTTP/1.1, whose scopes know their connection: a scenario may want to close it."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.wire import CONNECTION


class ReachableConnection(HttpToolsProtocol):
    """A connection whose scopes have its transport among their extensions."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"transport": self.transport}}
