"""The application with observers: each request as seen from outside, with what is known of it inside.

Used only for an access log, traces or lines on a terminal: it costs a request ten times what a remembered answer
costs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from time import perf_counter
from typing import Protocol, TypeAlias
from urllib.parse import quote
from uuid import uuid4

from mock_server.http.asgi import Message, Receive, Scope, Send, field_of
from mock_server.http.request_id import client_request_id
from mock_server.worlds.journal import LoggedExchange
from mock_server.worlds.world import World

App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""

_PATH = "%/:@!$&'()*+,;=~"
SEEN = "mock_server.seen"
"""The key of an observed request's scope that has its :class:`RequestObservation`."""


class RequestObservation:
    """One observed request. ``status`` is 0 until an answer begins; ``operation`` is empty where there is none."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self._raw_path: bytes | str = scope["raw_path"] or scope["path"]
        self.status = 0
        self.refusal = b""
        """The beginning of the body of an answer from status 400 on that the journal does not have."""
        self.operation = ""
        self.kept: LoggedExchange | None = None
        """What the journal keeps of the request; None where it is none of the contract's."""
        self._world: World | None = None
        self._number = 0
        self._began = perf_counter()

    def note(self, world: World, journaled: LoggedExchange, operation: str, number: int) -> None:
        """Note the journal's entry of the request: its world, its contents, its operation and its number."""
        self._world, self._number = world, number
        self.kept = journaled
        self.operation = operation

    @cached_property
    def path(self) -> str:
        """The path as it was sent, with the prefix of a world, in the characters of a URI (RFC 3986).

        It has no query, which may have secrets in it.
        """
        return quote(self._raw_path, safe=_PATH)

    @property
    def world(self) -> str:
        """The name of the world of the request; empty for the plain one, or before it is known."""
        return self._world.name if self._world else ""

    @property
    def seconds(self) -> float:
        """Seconds since the request began, delays included."""
        return perf_counter() - self._began

    @cached_property
    def request_id(self) -> str:
        """The id that the client gave, or that of the journal's entry, or a new one."""
        identifier = client_request_id(tuple(field_of(line)[1] for line in self.scope["headers"]))
        return identifier or str(self._world.journal.id_of(self._number) if self._world else uuid4())


class Observer(Protocol):
    """An observer of requests."""

    def watching(self, seen: RequestObservation) -> AbstractContextManager[None]:
        """Return the context manager around a request. When it exits, everything about the request is known."""

    def close(self) -> None:
        """Finish, because the server ends; this takes at most half a second."""


class ObserverMiddleware:
    """An ASGI application with its observers, the outermost first."""

    def __init__(self, app: App, watchers: Sequence[Observer]) -> None:
        self._app = app
        self._watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI 3), within the context managers of all observers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = scope[SEEN] = RequestObservation(scope)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            elif seen.status >= 400 and seen.kept is None and not seen.refusal:
                seen.refusal = message.get("body", b"")
            await send(message)

        with ExitStack() as watching:
            for watcher in self._watchers:
                watching.enter_context(watcher.watching(seen))
            await self._app(scope, receive, noted)
