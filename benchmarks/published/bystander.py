"""A second client that asks the same question again and again: what a remembered answer waits for meanwhile.

``python -m benchmarks.published.bystander URL REQUEST`` (the bytes of a GET, in hexadecimal) asks until its standard
input ends, and prints the milliseconds of each answer as JSON. It is a process of its own,
since threads of one Python would wait for each other.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.published.connection import Connection

INTERVAL = 0.002
"""Seconds between two questions."""


@contextmanager
def standing_by(url: str, request: bytes) -> Iterator[list[float]]:
    """Have a process ask a question until the end of the ``with``; the list then holds its milliseconds."""
    command = [sys.executable, "-m", "benchmarks.published.bystander", url, request.hex()]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    milliseconds: list[float] = []
    try:
        process.stdout.readline()  # it says that it has begun
        yield milliseconds
    finally:
        process.stdin.close()
        milliseconds += json.loads(process.stdout.read() or "[]")
        process.stdout.close()
        process.wait()


def main() -> None:
    """Ask until standard input is at its end."""
    url, request = sys.argv[1], bytes.fromhex(sys.argv[2])
    ended = threading.Event()
    threading.Thread(target=_until_the_end, args=(ended,), daemon=True).start()
    milliseconds: list[float] = []
    with Connection(url) as connection:
        connection.ask("GET", request)
        print("begun", flush=True)
        while not milliseconds or not ended.is_set():
            milliseconds.append(round(connection.ask("GET", request)[1], 3))
            time.sleep(INTERVAL)
    print(json.dumps(milliseconds))


def _until_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()
