"""Where other processes ask this one: ``POST /__admin/peers/QUESTION``, JSON to JSON."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mock_server.http.asgi import Receive, Scope, Send, read_body, send_answer
from mock_server.http.messages import Response
from mock_server.server.cluster.client import PATH

log = logging.getLogger("mock_server")

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of a question: what is staged in ten thousand worlds takes a tenth of that."""

Handler: TypeAlias = Callable[[Any], Awaitable[object]]
"""What answers a question: JSON from JSON, to which ``source`` was added, the IP address of who asks."""


class Endpoint:
    """An ASGI application for others of one's own. With a ``token`` it answers those alone who have it.

    Without one it must be where nobody else comes: at a socket in a directory of this user's alone.
    """

    def __init__(self, handlers: Mapping[str, Handler], token: str = "") -> None:
        self._handlers = handlers
        self._token = f"Bearer {token}".encode() if token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send_answer(await self._answer(scope, receive), send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if self._token and not any(
            name == b"authorization" and hmac.compare_digest(value, self._token) for name, value in scope["headers"]
        ):
            return Response(401, (("www-authenticate", 'Bearer realm="peers"'),))
        handler = self._handlers.get(scope["path"].removeprefix(PATH))
        if handler is None or scope["method"] != "POST":
            return Response(404)
        body = await read_body(scope, receive, MOST_BYTES)
        if body is None:
            return Response(413)
        try:
            source = (scope.get("client") or ("",))[0]
            told = await handler({**json.loads(body), "source": source})
        except Exception:
            log.exception("peers: %s failed", scope["path"])
            return Response(500)
        data = json.dumps(told, separators=(",", ":")).encode("ascii")
        return Response(200, (("content-type", "application/json"),), data)


class SocketServer:
    """An endpoint at a Unix domain socket."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._config = uvicorn.Config(
            endpoint, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False
        )
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def open(self, place: Path) -> None:
        """Listen at a file, which has its name from then on."""
        self._config.load()
        new = place.with_suffix(".new")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(
            lambda: HttpToolsProtocol(config=self._config, server_state=self._state, app_state={}), str(new)
        )
        os.rename(new, place)

    def close(self) -> None:
        """Listen no more; what was asked is answered."""
        if self._server is not None:
            self._server.close()
        for connection in [*self._state.connections]:
            connection.shutdown()
