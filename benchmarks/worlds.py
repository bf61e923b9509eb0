"""What worlds cost: an idle one in bytes, an entry of the journal and the notes for coverage in microseconds.

The time is that of this process, whatever else the machine does.
``python -m benchmarks.worlds``; exit code 1 where a bound does not hold.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from time import process_time

from mock_server.http.messages import Exchange, Request
from mock_server.mocking.mounts import ApiMount, build_mounts
from mock_server.settings import Settings
from mock_server.worlds.journal import JournaledExchange
from mock_server.worlds.world import World, Worlds

ROUNDS = 20_000
REPEATS = 7
IDLE = 10_000
MOST_MICROSECONDS = 5.0
MOST_BYTES = 2048
ME = "/v1/customer-portal/customers/me"


def exchange_of(served: ApiMount) -> Exchange:
    """Return an exchange as an SDK makes it."""
    headers = (
        ("host", "localhost:4010"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate"),
        ("connection", "keep-alive"),
        ("user-agent", "speakeasy-sdk/python 0.32.0 2.788.4 0.1.0 polar-sdk"),
        ("authorization", "Bearer polar_cst_individual"),
    )
    return served.engine.handle(Request("GET", ME, "", headers, b"", "http://localhost:4010", ME))


def microseconds_of_an_entry(served: ApiMount) -> tuple[float, float]:
    """Return what a request costs for its journal entry, and for its coverage; the best of several rounds."""
    exchange = exchange_of(served)
    operation = served.contract.operations[exchange.route.operation or ""]
    entries, notes = [], []
    for _ in range(REPEATS):
        world = Worlds().get("a")
        started = process_time()
        for _ in range(ROUNDS):
            world.journal.add(JournaledExchange(exchange, operation), 0.0, 0.0)
        entries.append(process_time() - started)
        started = process_time()
        for _ in range(ROUNDS):
            world.coverage.note(served.coverage_target(operation.key).shown(exchange))
        notes.append(process_time() - started)
    return min(entries) / ROUNDS * 1e6, min(notes) / ROUNDS * 1e6


def bytes_of_an_idle_world() -> float:
    """Return the bytes of a world that got no request."""
    worlds = Worlds(capacity=IDLE)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(IDLE):
        world: World = worlds.get(f"test-{number}")
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert world is worlds.get(f"test-{IDLE - 1}")
    return (after - before) / IDLE


def main() -> int:
    """Measure and tell."""
    (served,) = build_mounts(Settings())
    entry, note = microseconds_of_an_entry(served)
    idle = bytes_of_an_idle_world()
    print(f"an entry of the journal  {entry:8.2f} µs  (at most {MOST_MICROSECONDS})")
    print(f"the notes for coverage   {note:8.2f} µs")
    print(f"an idle world            {idle:8.0f} bytes  (at most {MOST_BYTES})")
    return 0 if entry < MOST_MICROSECONDS and idle < MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
