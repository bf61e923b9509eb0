"""What operations that keep state cost: each verb in this process, without sockets, in processor time.

``python -m benchmarks.state [CONTRACT]`` prints microseconds of each operation on customers (of all of Polar).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import process_time

from benchmarks import contracts
from mock_server.http.messages import Request
from mock_server.mocking.engine import Engine
from mock_server.mocking.mounts import build_mounts
from mock_server.settings import Settings
from mock_server.worlds.world import World

CUSTOMERS = "/v1/customers/"
SEEDS = 1000
OWN = 10_000
WORLDS = 100
ROUNDS = 5
_HEADERS = (("host", "localhost"), ("authorization", "Bearer polar_oat_x"), ("content-type", "application/json"))


class Client:
    """A client of one world, without a connection."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._world = World(name)

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """Return the body of an answer. Raises AssertionError for a status of failure."""
        target, _, query = path.partition("?")
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._engine.handle(Request(method, target, query, _HEADERS, data), self._world).answer
        assert answer.status < 400, answer
        return answer.body

    def create(self, number: int) -> str:
        """Create a customer and return the id."""
        return str(json.loads(self.ask("POST", CUSTOMERS, {"email": f"c{number}@example.com", "name": "Ada"}))["id"])


def costs(number: int, act: Callable[[int], object]) -> float:
    """Return the microseconds of processor time that each of so many calls takes."""
    began = process_time()
    for index in range(number):
        act(index)
    return (process_time() - began) / number * 1e6


def cycle(clients: list[Client], number: int) -> None:
    """Create, read, list, update and delete in one of the worlds."""
    client = clients[number % len(clients)]
    key = client.create(number)
    client.ask("GET", CUSTOMERS + key)
    client.ask("GET", f"{CUSTOMERS}?limit=10")
    client.ask("PATCH", CUSTOMERS + key, {"name": "Eve"})
    client.ask("DELETE", CUSTOMERS + key)


def main(given: list[str]) -> int:
    """Measure and print; the exit code, 0."""
    if not given and not contracts.FULL.exists():
        print("found no contract of all of Polar on this machine; expected one. Name a contract.")
        return 2
    settings = Settings(contract=(given[0] if given else str(contracts.FULL),), records=str(SEEDS))
    engine = build_mounts(settings)[0].engine
    warm = Client(engine, "warm")
    cycle([warm], 0)
    client = Client(engine, "first")
    keys: list[str] = []
    rows = {
        "page of 10 of 1,000 seeds, first": costs(
            50, lambda n: client.ask("GET", f"{CUSTOMERS}?limit=10&page={n + 2}")
        ),
        "create": costs(OWN - 500, lambda n: keys.append(client.create(n))),
        "read, first": costs(2000, lambda n: client.ask("GET", CUSTOMERS + keys[n])),
        "filter of 10,000 own records and 1,000 seeds": costs(
            200, lambda n: client.ask("GET", f"{CUSTOMERS}?limit=10&email=c{n}@example.com")
        ),
        "update": costs(400, lambda n: client.ask("PATCH", CUSTOMERS + keys[n], {"name": f"Eve {n}"})),
        "delete": costs(400, lambda n: client.ask("DELETE", CUSTOMERS + keys[n])),
    }
    clients = [Client(engine, f"w{number}") for number in range(WORLDS)]
    rows["crud, five operations in 100 worlds"] = costs(1000, lambda n: cycle(clients, n))
    for name, microseconds in rows.items():
        print(f"{name:40} {microseconds:9,.0f} µs")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
