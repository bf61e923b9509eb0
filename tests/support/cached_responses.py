"""Responses put into the cache of a server, as the server would."""

from __future__ import annotations

from mock_server.http.asgi import Scope
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.mocking.request_metrics import RequestMetric
from mock_server.mocking.response_cache import ResponseCache
from mock_server.storage import MemoryStore
from mock_server.worlds.coverage import CoverageHits
from mock_server.worlds.world import World
from tests.support.customers import ME


def scope_of(token: str = "individual", path: str = ME, *fields: tuple[bytes, bytes], method: str = "GET") -> Scope:
    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer polar_cst_{token}".encode()), *fields]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": headers,
    }


SHOWN = CoverageHits(None, frozenset({("status", "", "200")}))  # type: ignore[arg-type]


def remember(
    fast: ResponseCache, answer: Response, headers: tuple[tuple[str, str], ...] = (), number: int = 0
) -> Scope:
    """Let an answer be remembered; the request."""
    exchange = Exchange(Request("GET", ME, headers=(("host", "localhost"), *headers)), Route(), answer)
    scope = scope_of(str(number), ME, *((name.encode(), value.encode()) for name, value in headers))
    metric = RequestMetric("", "GET", answer.status)
    fast.remember(scope, World(), MemoryStore(), 0, exchange, None, SHOWN, metric, None)
    return scope
