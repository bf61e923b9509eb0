"""Hubs as several processes have them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic, sleep
from typing import TypeAlias

from mock_server.hub import Hub, SharedHub
from mock_server.hub.model import CoverageNote, Covering, JournalNote
from mock_server.hub.ring import directory_of
from mock_server.hub.sqlite import SqliteHub
from mock_server.hub.valkey import ValkeyHub

Pair: TypeAlias = tuple[Hub, Hub]
OpensPair: TypeAlias = Callable[..., Pair]
SharedPair: TypeAlias = tuple[SharedHub, SharedHub]
OpensSharedPair: TypeAlias = Callable[..., SharedPair]


def journal_note(world: str, number: int, exchange: bytes = b"") -> JournalNote:
    return JournalNote(world, number, 1.5, 0.25, exchange)


def coverage_note(world: str, *keys: str) -> CoverageNote:
    return CoverageNote(world, Covering("GET /", frozenset(keys)))


def wait_until(is_true: Callable[[], bool]) -> None:
    until = monotonic() + 30
    while not is_true():
        assert monotonic() < until
        sleep(0.005)


def open_hub(place: str) -> SharedHub:
    """Open the hub of a file, or of an address and, after a space, a prefix."""
    address, _, prefix = place.partition(" ")
    hub = ValkeyHub(address, prefix=prefix) if prefix else SqliteHub(Path(place))
    hub.serve("d", ())
    return hub


def note_and_die(place: str, first: int, ready: Event | None = None) -> None:
    """Note 300 entries, and end as a process does that is killed, or wait for that."""
    hub = open_hub(place)
    for number in range(first, first + 300):
        hub.note(JournalNote("w", number, 0.0, 0.0, b"x" * (number % 7), Covering("GET /", frozenset({"200"}))))
    if ready is not None:
        ready.set()
        signal.pause()
    os.kill(os.getpid(), signal.SIGKILL)


class OpensPlace:
    """Open hubs of one place, and close them."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._hubs: list[SharedHub] = []

    @property
    def rings(self) -> Path:
        """Where the rings of its processes are."""
        address, _, prefix = self.place.partition(" ")
        if not prefix:
            return Path(f"{self.place}-rings")
        return directory_of(f"{address.partition('://')[2]}/0 {prefix}")

    @property
    def text(self) -> str:
        """What is said of a ring."""
        _, _, prefix = self.place.partition(" ")
        return f"{prefix}d:"

    def open(self) -> SharedHub:
        hub = open_hub(self.place)
        self._hubs.append(hub)
        return hub

    def close(self) -> None:
        for hub in self._hubs:
            hub.close()
