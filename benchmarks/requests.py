"""The requests that are measured, as the bytes that are sent: what wrk sends and what Python sends is the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

ME = "/v1/customer-portal/customers/me"
TOKEN = "polar_cst_individual"
"""A customer of the fixtures."""
MANY = 10_000
"""Different requests that are asked in turn."""
MORE = 2 * MANY
WORLDS = 500

_SEPARATOR = b"\0"
_NUMBER = "#" * 9
"""Where the script puts its number, in as many digits."""
_ORDER = {
    "customer": {"email": "lucia.ferraro@example.com", "name": "Lucia Ferraro", "country": "IT"},
    "currency": "EUR",
    "lines": [
        {"product": "notebook", "quantity": 2, "price": 490},
        {"product": "fountain-pen", "quantity": 1, "price": 3900},
    ],
    "gift": False,
    "placed_at": "2026-03-14T09:26:53Z",
}


def customer(token: str, world: str = "") -> bytes:
    """Return a request for the customer of a token, in a world."""
    prefix = f"/~{world}" if world else ""
    return f"GET {prefix}{ME} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def traced(name: str) -> bytes:
    """Return a request for one customer as clients with tracing send it: the ids are those of a name."""
    number = name[-len(_NUMBER) :]
    return (
        f"GET {ME} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nUser-Agent: benchmark/1.0\r\n"
        f"Authorization: Bearer {TOKEN}\r\nTraceparent: 00-{'0' * 22}1{number}-{'0' * 6}1{number}-01\r\n"
        f"X-Request-Id: {name}\r\n\r\n"
    ).encode()


def scenario() -> bytes:
    """Return a request that starts a scenario in the world ``bench``: each tenth answer has one more header."""
    body = json.dumps({"name": "bench", "answers": [{"headers": {"X-Turn": "tenth"}, "every": 10}, {"pass": True}]})
    head = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST /~bench/__admin/scenarios HTTP/1.1\r\n{head}\r\n{body}".encode()


def order(reference: str) -> bytes:
    """Return a request for a new order, of the contract ``orders.yaml``."""
    body = json.dumps({"reference": reference, **_ORDER})
    head = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST /orders HTTP/1.1\r\n{head}\r\n{body}".encode()


@dataclass(frozen=True)
class Cycle:
    """Requests that are sent in turn, again and again."""

    requests: tuple[bytes, ...]
    script = "cycle.lua"

    def text(self) -> bytes:
        """Return the file that the script reads: the requests, a zero byte between them."""
        return _SEPARATOR.join(self.requests)


class Fresh:
    """Requests of which none was sent before: ``made`` gives one for a name, and each gets a name of its own.

    A name ends in a number of nine digits, which a request may have by itself too. Raises :class:`ValueError` where a
    request has it nowhere.
    """

    script = "fresh.lua"

    def __init__(self, make: Callable[[str], bytes]) -> None:
        self._made = make
        self._run = f"{time.time_ns() // 1_000_000:x}"
        self._uses = count()

    def text(self) -> bytes:
        """Return the file that the script reads: the parts between which the number stands, new with each call."""
        parts = self._made(self._prefix() + _NUMBER).split(_NUMBER.encode())
        if len(parts) == 1:
            raise ValueError("found no name in a request; expected one")
        return _SEPARATOR.join(parts)

    def some(self, number: int) -> Iterator[bytes]:
        """So many of these requests, to be sent one by one."""
        prefix = self._prefix()
        return (self._made(f"{prefix}{index:0{len(_NUMBER)}d}") for index in range(number))

    def _prefix(self) -> str:
        return f"bench-{self._run}-{next(self._uses)}-"


Load = Cycle | Fresh


def one_customer(world: str = "") -> Cycle:
    """Return the same request again and again, in a world."""
    return Cycle((customer(TOKEN, world),))


def many_customers(worlds: int = 0, number: int = MANY) -> Cycle:
    """As many tokens as requests; of so many worlds, each takes its turn."""
    return Cycle(
        tuple(
            customer(f"polar_cst_bench-{index}", f"bench-{index % worlds}" if worlds else "") for index in range(number)
        )
    )


def new_customers() -> Fresh:
    """Tokens that were never seen."""
    return Fresh(lambda name: customer(f"polar_cst_{name}"))


def other_headers() -> Fresh:
    """One customer again and again, with other ids in the headers each time."""
    return Fresh(traced)


def new_orders() -> Fresh:
    """JSON bodies that were never seen."""
    return Fresh(order)
