"""requests: ``HTTPAdapter.send``, which sessions send everything through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from mock_server.testing.rerouting.library_patches import Patch

if TYPE_CHECKING:
    from mock_server.testing.rerouting.route_table import RouteTable


def patches(routes: RouteTable) -> Sequence[Patch]:
    """Return the patches of requests."""
    original = HTTPAdapter.send

    def send(
        adapter: HTTPAdapter,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        route = routes.of_url(request.url or "")
        if route is None:
            return original(adapter, request, stream, timeout, verify, cert, proxies)
        led = request.copy()
        led.url = route.url(request.url or "")
        led.headers["Host"] = route.host
        # A proxy has nothing to do with a server of the test.
        response = original(adapter, led, stream, timeout, verify, cert, {})
        response.url, response.request = request.url or "", request
        if "location" in response.headers:
            response.headers["location"] = route.location(response.headers["location"])
        return response

    return (Patch(HTTPAdapter, "send", send),)
