"""urllib3: ``urlopen`` of its pools of connections, below ``urllib3.request`` and pool managers."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool
from urllib3.connectionpool import connection_from_url
from urllib3.response import BaseHTTPResponse

from mock_server.testing.rerouting.host_route import origin_of_url
from mock_server.testing.rerouting.library_patches import Patch

if TYPE_CHECKING:
    from mock_server.testing.rerouting.route_table import RouteTable


def patches(routes: RouteTable) -> Sequence[Patch]:
    """Return the patches of urllib3."""
    original = HTTPConnectionPool.urlopen
    # What a pool led elsewhere has in place of its own connections goes with it.
    targets: weakref.WeakKeyDictionary[HTTPConnectionPool, dict[str, HTTPConnectionPool]] = weakref.WeakKeyDictionary()

    def urlopen(
        pool: HTTPConnectionPool,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        *more: Any,
        **options: Any,
    ) -> BaseHTTPResponse:
        # A pool of a proxy gets whole URLs.
        is_whole = bool(origin_of_url(url))
        route = routes.of_url(url) if is_whole else routes.of(pool.scheme or "http", pool.host, pool.port)
        if route is None:
            return original(pool, method, url, body, headers, *more, **options)
        target = targets.setdefault(pool, {}).get(route.target)
        if target is None:
            target = targets[pool][route.target] = connection_from_url(route.target)
        sent = {**(pool.headers if headers is None else headers)}
        sent = {name: value for name, value in sent.items() if name.lower() != "host"} | {"Host": route.host}
        address = route.url(url).removeprefix(origin_of_url(route.target))
        response = original(target, method, address, body, sent, *more, **options)
        if "location" in response.headers:
            response.headers["location"] = route.location(response.headers["location"])
        return response

    return (Patch(HTTPConnectionPool, "urlopen", urlopen),)
