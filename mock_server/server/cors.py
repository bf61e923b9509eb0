"""CORS around an API: what a page of another origin may do (Fetch, 3.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property

from mock_server.http.asgi import Receive, Scope, Send
from mock_server.openapi.model import Contract

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Cors:
    """CORS around an API, by Starlette: for requests that come from a web page, and no others."""

    def __init__(self, api: App, contract: Contract) -> None:
        self._api = api
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI 3).

        Without an Origin nothing is added (Fetch, 3.3.2), and the middleware is not made.
        """
        for name, _ in scope["headers"]:
            if name == b"origin":
                await self._middleware(scope, receive, send)
                return
        await self._api(scope, receive, send)

    @cached_property
    def _middleware(self) -> App:
        from starlette.middleware.cors import CORSMiddleware  # 0.1 s that few servers need

        cors = self._contract.extensions.cors
        return CORSMiddleware(
            self._api,
            allow_origins=["*"],
            allow_methods=list(cors.allow_methods),
            allow_headers=list(cors.allow_headers),
            allow_credentials=cors.allow_credentials,
            # A browser asks before a public page may reach this machine; a mock that is served there is meant to be
            # reached.
            allow_private_network=True,
            expose_headers=_exposed(self._contract),
            max_age=cors.max_age,
        )


def _exposed(contract: Contract) -> list[str]:
    """Return the headers that a page may read.

    ``*`` is all of them, but not for a request with credentials (Fetch, 3.3.5), so all known names are listed too.
    """
    if contract.extensions.cors.expose_headers is not None:
        return list(contract.extensions.cors.expose_headers)
    responses = [response for operation in contract.operations.values() for response in operation.responses.values()]
    documented = {header.name.lower(): header.name for response in responses for header in response.headers}
    own = {name.lower(): name for name in ("Deprecation", "Location", "Mock-Findings", "Preference-Applied")}
    return ["*", *sorted({**own, **documented}.values())]
