"""Round trips of a hub: turns, limits and keys decided, for each engine, alone and by two processes at once.

``python -m benchmarks.hub [redis://HOST:PORT]`` prints the median in microseconds and the decisions a second.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import clock_gettime, perf_counter, pthread_getcpuclockid, sleep, thread_time

from mock_server.hub import Hub, MemoryHub, Question, SharedHub, SharedScenario
from mock_server.hub.model import JournalNote, KeyQuestion, WindowQuestion
from mock_server.hub.sqlite import SqliteHub
from mock_server.hub.valkey import ValkeyHub

COUNT = 5000
RATE = 5000
"""Notes a second."""
NOTES = 50
"""Notes at once."""


def measure(hub: Hub, question: Question, count: int = COUNT) -> tuple[float, float]:
    """Return the median of a decision in microseconds, and decisions a second."""
    times = []
    began = perf_counter()
    for _ in range(count):
        start = perf_counter()
        hub.decide("w", question)
        times.append(perf_counter() - start)
    return median(times) * 1e6, count / (perf_counter() - began)


def questions(hub: Hub) -> dict[str, Question]:
    """Return the questions that are asked, by name."""
    version, scenarios = hub.version("w"), hub.staging("w").scenarios
    limit = WindowQuestion("c", 10**9, 60)
    return {
        "turn": Question(version, matches=scenarios),
        "limit": Question(version, limit),
        "limit and key": Question(version, limit, KeyQuestion("k", "0" * 32)),
    }


def open_hub(place: str) -> SharedHub:
    """Open the hub of a file or an address."""
    hub = ValkeyHub(place, prefix="benchmark:") if "://" in place else SqliteHub(Path(place))
    hub.serve("", ())
    return hub


def measure_apart(place: str, results: multiprocessing.Queue[tuple[float, float]]) -> None:
    """Measure turns in a process of its own."""
    hub = open_hub(place)
    results.put(measure(hub, questions(hub)["turn"]))
    hub.close()


def report(hub: Hub) -> None:
    """Print the figures of one engine in one process."""
    hub.start("w", SharedScenario.from_data("s", {"answers": [{"code": 500, "times": 1000000}, {"code": 503}]}))
    for name, question in questions(hub).items():
        microseconds, rate = measure(hub, question)
        print(f"{hub.scheme:8} {name:20} {microseconds:7.1f} µs {rate:9,.0f}/s")
    began = perf_counter()
    for _ in range(COUNT):
        hub.version("w")
    print(f"{hub.scheme:8} {'version':20} {(perf_counter() - began) / COUNT * 1e6:7.2f} µs")


def report_notes(hub: SharedHub) -> None:
    """Print what a note of 1 KB costs who notes it, and the thread that sends it, in processor time.

    They come as fast as 5,000 requests a second make them, of one world.
    """
    (sender,) = (thread.ident for thread in threading.enumerate() if thread.name == "hub-outbox")
    clock = pthread_getcpuclockid(sender or 0)
    for kind, different in {"equal": [b"x" * 1000], "different": [b"%1000d" % i for i in range(COUNT)]}.items():
        caller: list[float] = []
        began, sending = perf_counter(), clock_gettime(clock)
        for first in range(0, COUNT, NOTES):
            numbers = range(first, first + NOTES)
            notes = [JournalNote("v", number, 0.0, 0.0, different[number % len(different)]) for number in numbers]
            start = thread_time()
            for note in notes:
                hub.note(note)
            caller.append((thread_time() - start) / NOTES)
            sleep(max(0.0, began + (first + NOTES) / RATE - perf_counter()))
        sent = (clock_gettime(clock) - sending) / COUNT
        start = perf_counter()
        hub.arrive()
        arrival = perf_counter() - start
        print(
            f"{hub.scheme:8} {f'note, {kind}':20} {median(caller) * 1e6:7.1f} µs {sent * 1e6:7.1f} µs to send,"
            f" {arrival * 1e3:.1f} ms to arrive"
        )


def report_shared(place: str) -> None:
    """Print the figures of an engine that processes share, in one process and in two."""
    hub = open_hub(place)
    hub.reset("w")
    report(hub)
    report_notes(hub)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[tuple[float, float]] = context.Queue()
    processes = [context.Process(target=measure_apart, args=(place, results)) for _ in range(2)]
    for process in processes:
        process.start()
    figures = [results.get() for _ in processes]
    for process in processes:
        process.join()
    total = sum(rate for _, rate in figures)
    print(f"{hub.scheme:8} {'turn, two processes':20} {median(pair[0] for pair in figures):7.1f} µs {total:9,.0f}/s")
    hub.close()


def main() -> None:
    """Print the figures of all engines."""
    report(MemoryHub())
    with TemporaryDirectory() as directory:
        report_shared(str(Path(directory) / "hub.db"))
    for address in sys.argv[1:]:
        report_shared(address)


if __name__ == "__main__":
    main()
