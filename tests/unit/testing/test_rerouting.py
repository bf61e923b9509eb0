"""Requests of clients that have a host written into them, led to a world."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import httpx
import pytest
import requests
import urllib3

from mock_server import MockServer, World
from mock_server.core.errors import UsageError
from tests.support.customers import ME

API, SANDBOX = "https://api.polar.sh", "https://sandbox.polar.sh:8443"
TOKEN = {"Authorization": "Bearer polar_cst_individual", "X-Client": "shop"}
NAME = "Harriet Winslade"
Get = Callable[[str], "tuple[int, str, str]"]
"""Gets a URL with a token; the status, the body, the URL as the client has it of the answer."""


def by_httpx(url: str) -> tuple[int, str, str]:
    answer = httpx.get(url, headers=TOKEN, follow_redirects=True)
    return answer.status_code, answer.text, str(answer.url)


def by_async_httpx(url: str) -> tuple[int, str, str]:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(headers=TOKEN, follow_redirects=True) as client:
            return await client.get(url)

    answer = asyncio.run(get())
    return answer.status_code, answer.text, str(answer.url)


def by_requests(url: str) -> tuple[int, str, str]:
    answer = requests.get(url, headers=TOKEN, timeout=30)
    assert answer.request.url == answer.url
    return answer.status_code, answer.text, answer.url


def by_urllib3(url: str) -> tuple[int, str, str]:
    answer = urllib3.request("GET", url, headers=TOKEN)
    return answer.status, answer.data.decode(), url


def by_aiohttp(url: str) -> tuple[int, str, str]:
    async def get() -> tuple[int, str]:
        async with aiohttp.ClientSession(headers=TOKEN) as session, session.get(url) as answer:
            return answer.status, await answer.text()

    return (*asyncio.run(get()), url)


CLIENTS = pytest.mark.parametrize("get", [by_httpx, by_async_httpx, by_requests, by_urllib3, by_aiohttp])


@pytest.fixture(scope="module")
def mock(own_cache: None) -> Iterator[MockServer]:
    with MockServer() as mock:
        yield mock


@pytest.fixture
def world(mock: MockServer) -> Iterator[World]:
    with mock.world() as world:
        yield world


@CLIENTS
def test_request_to_routed_origin_reaches_world(get: Get, world: World) -> None:
    with world.route(API):
        status, body, url = get(f"{API}{ME}?page=1&name=%C3%A9%2F")
    assert (status, NAME in body, url.partition("?")[0]) == (200, True, f"{API}{ME}")
    (request,) = world.requests
    assert (request.path, request.query) == (ME, {"page": ["1"], "name": ["é/"]})
    assert request.headers["x-client"] == "shop"
    assert request.headers["host"] == world.url.split("/")[2]


@CLIENTS
def test_redirect_of_world_keeps_credentials(get: Get, world: World) -> None:
    with world.route(API):
        assert get(f"{API}{ME}/")[0] == 200
    assert [request.status for request in world.requests] == [307, 200]


@CLIENTS
def test_request_to_other_origin_goes_where_it_would(get: Get, mock: MockServer, world: World) -> None:
    others = ("http://api.polar.sh", "https://api.polar.sh:444", "https://sh")
    with world.route(API, *others), mock.world() as other:
        assert get(f"{other.url}{ME}")[0] == 200
        assert other.count() == 1
    assert world.requests == []


@CLIENTS
def test_of_two_routes_the_inner_one_counts(get: Get, mock: MockServer, world: World) -> None:
    with mock.world() as inner, world.route(API, SANDBOX):
        with inner.route("HTTPS://API.polar.sh:443/"):
            get(f"{API}{ME}")
            get(f"{SANDBOX}{ME}")
        get(f"{API}{ME}")
        assert (inner.count(), world.count()) == (1, 2)


@CLIENTS
def test_proxy_has_nothing_to_do_with_world(get: Get, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with world.route(API):
        assert get(f"{API}{ME}")[0] == 200


def patched() -> list[object]:
    return [
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        requests.adapters.HTTPAdapter.send,
        urllib3.HTTPConnectionPool.urlopen,
        aiohttp.ClientSession._request,
    ]


def test_libraries_are_as_before_after_the_last_route(world: World) -> None:
    before, finders = patched(), [*sys.meta_path]
    with world.route(API), world.route(SANDBOX):
        assert all(now is not then for now, then in zip(patched(), before, strict=True))
    assert (patched(), sys.meta_path) == (before, finders)
    with pytest.raises(ZeroDivisionError), world.route(API):
        raise ZeroDivisionError
    assert (patched(), sys.meta_path) == (before, finders)


def test_patch_that_others_made_later_stays_theirs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def theirs(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return httpx.Response(418)

    with monkeypatch.context() as patch, world.route(API):
        patch.setattr(httpx.HTTPTransport, "handle_request", theirs)
        assert httpx.get(f"{API}{ME}").status_code == 418
    assert httpx.HTTPTransport.handle_request is not theirs


def test_threads_and_tasks_share_route(world: World) -> None:
    async def many() -> list[int]:
        async with httpx.AsyncClient(headers=TOKEN) as client:
            answers = await asyncio.gather(*(client.get(f"{API}{ME}") for _ in range(8)))
        return [answer.status_code for answer in answers]

    barrier = threading.Barrier(4)

    def together(get: Get) -> int:
        barrier.wait()
        return get(f"{API}{ME}")[0]

    with world.route(API), ThreadPoolExecutor(4) as pool:
        assert [*pool.map(together, (by_httpx, by_requests, by_urllib3, by_aiohttp))] == [200] * 4
        assert asyncio.run(many()) == [200] * 8
    assert world.count() == 12


def test_clients_made_before_are_routed_and_bodies_are_sent(world: World) -> None:
    with httpx.Client(base_url=API) as client, requests.Session() as session, world.route(API):
        client.post("/v1/orders", content=iter([b"a" * 70_000, b"b"]))
        session.post(f"{API}/v1/orders", data=b"c" * 70_001)
        with client.stream("GET", ME, headers=TOKEN) as answer:
            assert NAME.encode() in b"".join(answer.iter_bytes())
    assert [(request.method, len(request.body)) for request in world.requests] == [
        ("POST", 65536),
        ("POST", 65536),
        ("GET", 0),
    ]


LATER = """
import sys
from mock_server import MockServer

with MockServer.at(sys.argv[1], known=True) as mock, mock.world() as world:
    with world.route("https://api.polar.sh"):
        assert not {"httpx", "requests", "urllib3", "aiohttp"} & sys.modules.keys()
        import httpx, requests
        answers = [get("https://api.polar.sh/nowhere").status_code for get in (httpx.get, requests.get)]
        assert type(httpx.__spec__.loader).__name__ == type(httpx.__loader__).__name__ == "SourceFileLoader"
    assert answers == [404, 404], answers
    assert world.count() == 2
    assert httpx.HTTPTransport.handle_request.__module__.startswith("httpx")
"""


def test_library_that_is_imported_later_is_routed_too(mock: MockServer) -> None:
    done = subprocess.run([sys.executable, "-c", LATER, mock.url], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "origin",
    ["", "api.polar.sh", "https://", "https://api.polar.sh/v1", "https://a?b", "ftp://a", "https://*.polar.sh"],
)
def test_what_is_no_origin_is_refused(origin: str, world: World) -> None:
    with pytest.raises(UsageError, match="expected an origin: http or https, a host, perhaps a port, and no path"):
        world.route(origin)


def test_route_of_nothing_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="found no origin"):
        world.route()
