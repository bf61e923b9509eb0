"""CORS around an API: what a page of another origin may do (Fetch, 3.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property

from mock_server.http.asgi import Receive, Scope, Send
from mock_server.openapi.model import Contract
from mock_server.settings import Settings

OWN_REQUEST_HEADERS = ("Prefer", "Idempotency-Key", "X-Request-Id", "traceparent", "tracestate", "baggage")
"""What this server reads of requests to any contract, and what tracing adds to them (W3C Trace Context, Baggage)."""
OWN_RESPONSE_HEADERS = (
    "Idempotency-Replayed",
    "Mock-Findings",
    "Preference-Applied",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Mock-Violation",
)
"""What this server adds to responses of any contract."""

App = Callable[[Scope, Receive, Send], Awaitable[None]]


def control_cors(control: App, settings: Settings) -> App:
    """Return the admin API for pages of the origins that ``--admin-origin`` names, by Starlette.

    A preflight has no token (Fetch, 4.8), and is answered without one; what follows it needs access as ever. No
    cookies are let in.
    """
    from starlette.middleware.cors import CORSMiddleware  # 0.1 s that few servers need

    return CORSMiddleware(
        control,
        allow_origins=list(settings.admin_origin),
        allow_methods=["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"],
        allow_headers=["*"],
        allow_private_network=True,
        expose_headers=["*"],
    )


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
            allow_headers=[*cors.allow_headers, *OWN_REQUEST_HEADERS],
            allow_credentials=cors.allow_credentials,
            # A browser asks before a public page may reach this machine; a mock that is served there is meant to be
            # reached.
            allow_private_network=True,
            expose_headers=_exposed(self._contract),
            max_age=cors.max_age,
        )


def _exposed(contract: Contract) -> list[str]:
    """Return the headers that a page may read.

    Those that this server adds are always among them: no contract knows of them. ``*`` is all there are, but not for a
    request with credentials (Fetch, 3.3.5), so all known names are listed too.
    """
    named = contract.extensions.cors.expose_headers
    if named is not None:
        return [*dict.fromkeys([*named, *OWN_RESPONSE_HEADERS])]
    responses = [response for operation in contract.operations.values() for response in operation.responses.values()]
    documented = {header.name.lower(): header.name for response in responses for header in response.headers}
    own = {name.lower(): name for name in ("Deprecation", "Location", *OWN_RESPONSE_HEADERS)}
    return ["*", *sorted({**own, **documented}.values())]
