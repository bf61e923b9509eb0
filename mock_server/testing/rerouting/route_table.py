"""The routes of this process, and the patches of libraries that follow them. All threads and tasks share them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mock_server.testing.rerouting.host_route import HostRoute, origin_of, origin_of_url
from mock_server.testing.rerouting.library_patches import LibraryPatches, Patch


class RouteTable:
    """Routes by origin; of several for one origin the one that was begun last counts."""

    def __init__(self) -> None:
        self._routes: dict[str, list[HostRoute]] = {}
        self._lock = threading.Lock()
        self._patches = LibraryPatches(patches_of)

    def of(self, scheme: str, host: str, port: int | None) -> HostRoute | None:
        """Return the route of an origin; None where there is none."""
        return self._last(origin_of(scheme, host, port))

    def of_url(self, url: str) -> HostRoute | None:
        """Return the route of the origin of a URL; None where there is none."""
        return self._last(origin_of_url(url))

    def _last(self, origin: str) -> HostRoute | None:
        routes = self._routes.get(origin)
        return routes[-1] if routes else None

    @contextmanager
    def with_routes(self, routes: Sequence[HostRoute]) -> Iterator[None]:
        """Follow the routes until the end of the ``with``; libraries are patched while there are any."""
        with self._lock:
            if not self._routes:
                self._patches.apply()
            for route in routes:
                self._routes[route.origin] = [*self._routes.get(route.origin, ()), route]
        try:
            yield
        finally:
            with self._lock:
                for route in routes:
                    rest = [other for other in self._routes[route.origin] if other is not route]
                    if rest:
                        self._routes[route.origin] = rest
                    else:
                        del self._routes[route.origin]
                if not self._routes:
                    self._patches.undo()


def patches_of(library: str) -> Sequence[Patch]:
    """Return the patches of a library that is imported, by the name of its package."""
    if library == "httpx":
        from mock_server.testing.rerouting import httpx_transports

        return httpx_transports.patches(ROUTES)
    if library == "requests":
        from mock_server.testing.rerouting import requests_adapter

        return requests_adapter.patches(ROUTES)
    if library == "urllib3":
        from mock_server.testing.rerouting import urllib3_pool

        return urllib3_pool.patches(ROUTES)
    from mock_server.testing.rerouting import aiohttp_session

    return aiohttp_session.patches(ROUTES)


ROUTES = RouteTable()
"""The routes of this process."""
