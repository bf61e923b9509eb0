"""The clients, in a process of their own: threads that draw one kind of request after the other, at a pace."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from types import TracebackType

from benchmarks.soak.client import Client, Findings
from benchmarks.soak.kinds import KINDS, MOST_CUSTOMERS

CLIENTS = 8
_PROCESSES = get_context("spawn")


@dataclass(frozen=True)
class _Signals:
    """How the fleet is told to pause and to end. Both are set for yes."""

    going: Event
    ended: Event


class Fleet:
    """Eight clients of a server, from the beginning of the ``with`` to its end. ``pace`` is kinds a second of each."""

    def __init__(self, url: str, pace: float) -> None:
        self._signals = _Signals(_PROCESSES.Event(), _PROCESSES.Event())
        self._results, sender = _PROCESSES.Pipe(duplex=False)
        self._process = _PROCESSES.Process(target=_work, args=(url, pace, self._signals, sender), daemon=True)

    def __enter__(self) -> Fleet:
        self._process.start()
        self.go_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._signals.ended.set()
        self.go_on()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def pause(self) -> None:
        """Have every client rest once its present kind is through."""
        self._signals.going.clear()

    def go_on(self) -> None:
        """End a pause."""
        self._signals.going.set()

    def findings(self) -> Findings:
        """End the fleet and return what it met; raises :class:`RuntimeError` where it does not come to an end."""
        self._signals.ended.set()
        self.go_on()
        if not self._results.poll(60):
            raise RuntimeError("the clients of the soak did not come to an end within a minute")
        findings = self._results.recv()
        assert isinstance(findings, Findings)
        return findings


def fill(url: str) -> None:
    """Ask for as many customers as a server remembers, so that what it keeps is at its bound from the start."""
    client = Client(url, 0, Findings())
    for number in range(MOST_CUSTOMERS):
        client.ask("/me", token=f"cst_again{number}")
    client.hang_up()


def _work(url: str, pace: float, signals: _Signals, sender: Connection) -> None:
    clients = [Client(url, number, Findings()) for number in range(CLIENTS)]
    threads = [threading.Thread(target=_live, args=(client, pace, signals)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    findings = Findings()
    for client in clients:
        findings.counts += client.findings.counts
        findings.statuses += client.findings.statuses
        findings.surprises += client.findings.surprises
    sender.send(findings)


def _live(client: Client, pace: float, signals: _Signals) -> None:
    """Ask until the end, no faster than the pace; a client that was held up does not make up for it."""
    due = time.monotonic()
    while not signals.ended.is_set():
        signals.going.wait()
        client.turn += 1
        kind = _drawn(client.random)
        try:
            kind(client)
        except Exception as error:  # whatever it is, it is what the soak looks for
            client.findings.surprise(kind.__name__, error)
            client.hang_up()
        client.findings.counts[kind.__name__] += 1
        due = max(due + 1 / pace, time.monotonic() - 1)
        signals.ended.wait(max(0.0, due - time.monotonic()))
    client.hang_up()


def _drawn(source: random.Random) -> Callable[[Client], None]:
    (kind,) = source.choices([*KINDS], [*KINDS.values()])
    return kind
