"""What waiting deliveries cost requests: two servers of one contract, of which one has 10,000 waiting, by turns.

``python -m benchmarks.waiting_deliveries`` prints requests a second of a repeated request, and of one that is answered
from records anew each time, with no delivery waiting and with 10,000, and the ratio of the two.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from time import perf_counter
from urllib.parse import urlsplit

from mock_server import MockServer, World

WAITING = 10_000
"""Deliveries that wait at an endpoint that answers nobody."""
REQUESTS = 500
"""Requests of one round."""
ROUNDS = 7
"""Rounds, of which the quickest counts: another program on the machine makes none quicker."""
_HEADERS = {"authorization": "Bearer polar_oat_benchmark", "content-type": "application/json"}


class Client:
    """Sends requests to a world by one connection, one after the other."""

    def __init__(self, world: World) -> None:
        parts = urlsplit(world.url)
        self._prefix = parts.path
        self._connection = HTTPConnection(parts.netloc)

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """Return the body of an answer; raises :class:`RuntimeError` where it is no success."""
        text = None if body is None else json.dumps(body)
        self._connection.request(method, self._prefix + path, text, _HEADERS)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def repeated(self, number: int) -> None:
        """Send the request that is the same each time."""
        self.ask("GET", "/v1/products/?limit=10")

    def fresh(self, number: int) -> None:
        """Send a request that changes a record."""
        self.ask("POST", "/v1/customers/", {"email": f"{number}@{id(self)}.example.com"})


def rate(send: Callable[[int], None], first: int) -> float:
    """Return the requests a second of one round."""
    began = perf_counter()
    for number in range(first, first + REQUESTS):
        send(number)
    return REQUESTS / (perf_counter() - began)


def main() -> int:
    """Measure and print; the exit code, 0."""
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # nobody listens here
        url = f"http://127.0.0.1:{dead.getsockname()[1]}/hook"
        with (
            MockServer(contract="polar") as quiet,
            MockServer(contract="polar", max_deliveries=2 * WAITING) as waiting,
        ):
            clients = [Client(server) for server in (quiet, waiting)]
            waiting.clock.set(datetime(2026, 1, 1, tzinfo=UTC))
            waiting.webhook(url, events=["product.updated"])
            for number in range(WAITING):
                event = {"type": "product.updated", "patch": {"data": {"name": f"Product {number}"}}}
                clients[1].ask("POST", "/__admin/events", event)
            total = json.loads(clients[1].ask("GET", "/__admin/deliveries?status=pending&limit=1"))["total"]
            print(f"{total:,} deliveries wait")
            for name in ("repeated", "fresh"):
                rates = [[rate(getattr(each, name), turn * REQUESTS) for each in clients] for turn in range(ROUNDS)]
                without, with_waiting = (max(column) for column in zip(*rates, strict=True))
                ratio = with_waiting / without
                print(f"{name:<10} {without:>8.0f}/s with none {with_waiting:>8.0f}/s with {total:,}: {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
