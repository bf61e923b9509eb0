"""Applications called as a server would call them, without a port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from mock_server.http.asgi import Message, Scope
from mock_server.server.observability.middleware import App
from tests.support.customers import ME
from tests.support.http_exchange import Got


def scope_of(path: str = ME, *, method: str = "GET", peer: str = "127.0.0.1", **headers: str) -> Scope:
    """The scope of a request. The names of headers are written with underscores."""
    fields = {"host": "localhost", **{name.replace("_", "-").lower(): value for name, value in headers.items()}}
    target, _, query = path.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "scheme": "http",
        "http_version": "1.1",
        "client": (peer, 1),
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
    }


async def sent(app: App, scope: Scope, body: bytes = b"") -> Got:
    """The answer to one request; status 0 where none was sent."""
    messages: list[Message] = []
    arrived = asyncio.Event()
    if body:
        scope["headers"] = [*scope["headers"], (b"content-length", b"%d" % len(body))]

    async def receive() -> Message:
        if arrived.is_set():
            await asyncio.Event().wait()  # the client stays, and sends no more
        arrived.set()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    if not messages:
        return Got(0, {}, b"")
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return Got(messages[0]["status"], headers, b"".join(message.get("body", b"") for message in messages[1:]))


def answered(app: App, *scopes: Scope) -> list[Got]:
    """The answers to requests, one after the other."""

    async def all_of() -> list[Got]:
        return [await sent(app, scope) for scope in scopes]

    return asyncio.run(all_of())


def told(app: App, path: str, **options: Any) -> Any:
    """The JSON of the answer to one request."""
    (got,) = answered(app, scope_of(path, **options))
    return json.loads(got.body)


def tokens(suffixes: Iterable[str]) -> list[Scope]:
    """Requests for the customers of these suffixes."""
    return [scope_of(authorization=f"Bearer polar_cst_{suffix}") for suffix in suffixes]
