"""aiohttp: ``_request`` of its sessions, behind every method of them; it follows redirects itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import ClientResponse, ClientSession
from yarl import URL

from mock_server.testing.rerouting.library_patches import Patch

if TYPE_CHECKING:
    from mock_server.testing.rerouting.route_table import RouteTable


def patches(routes: RouteTable) -> Sequence[Patch]:
    """Return the patches of aiohttp."""
    original = ClientSession._request

    async def request(session: ClientSession, method: str, str_or_url: str | URL, **options: Any) -> ClientResponse:
        url = session._build_url(str_or_url)
        route = routes.of_url(str(url))
        if route is None:
            return await original(session, method, str_or_url, **options)
        options.pop("proxy", None)  # a proxy has nothing to do with a server of the test
        return await original(session, method, URL(route.url(str(url)), encoded=True), **options)

    return (Patch(ClientSession, "_request", request),)
