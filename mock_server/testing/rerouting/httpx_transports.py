"""httpx: ``handle_request`` of its transports, behind clients of both kinds and in front of the connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

import httpcore
import httpx

from mock_server.testing.rerouting.host_route import HostRoute
from mock_server.testing.rerouting.library_patches import Patch

if TYPE_CHECKING:
    from mock_server.testing.rerouting.route_table import RouteTable

_PROXIES = (httpcore.HTTPProxy, httpcore.SOCKSProxy, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy)


def patches(routes: RouteTable) -> Sequence[Patch]:
    """Return the patches of httpx."""
    send, send_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        route = routes.of(request.url.scheme, request.url.host, request.url.port)
        if route is None:
            return send(transport, request)
        if not _has_proxy(transport):
            return _answered(route, send(transport, _led(route, request)))
        direct = httpx.HTTPTransport()  # a proxy has nothing to do with a server of the test
        response = _answered(route, send(direct, _led(route, request)))
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _ClosingStream(response.stream, direct)
        return response

    async def handle_async_request(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        route = routes.of(request.url.scheme, request.url.host, request.url.port)
        if route is None:
            return await send_async(transport, request)
        if not _has_proxy(transport):
            return _answered(route, await send_async(transport, _led(route, request)))
        direct = httpx.AsyncHTTPTransport()
        response = _answered(route, await send_async(direct, _led(route, request)))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _ClosingAsyncStream(response.stream, direct)
        return response

    return (
        Patch(httpx.HTTPTransport, "handle_request", handle_request),
        Patch(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request),
    )


def _has_proxy(transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport) -> bool:
    return isinstance(getattr(transport, "_pool", None), _PROXIES)


def _led(route: HostRoute, request: httpx.Request) -> httpx.Request:
    """Return the request as it is sent; the client keeps its own."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
    return httpx.Request(
        request.method,
        route.url(str(request.url)),
        headers=[(b"Host", route.host.encode("ascii")), *headers],
        stream=request.stream,
        extensions={name: value for name, value in request.extensions.items() if name != "sni_hostname"},
    )


def _answered(route: HostRoute, response: httpx.Response) -> httpx.Response:
    if "location" in response.headers:
        response.headers["location"] = route.location(response.headers["location"])
    return response


class _ClosingStream(httpx.SyncByteStream):
    """A body whose end is that of its transport too."""

    def __init__(self, stream: httpx.SyncByteStream, transport: httpx.HTTPTransport) -> None:
        self._stream = stream
        self._transport = transport

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
        self._transport.close()


class _ClosingAsyncStream(httpx.AsyncByteStream):
    """The same of an asynchronous client."""

    def __init__(self, stream: httpx.AsyncByteStream, transport: httpx.AsyncHTTPTransport) -> None:
        self._stream = stream
        self._transport = transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
        await self._transport.aclose()
