"""First answers of one server, over one contract: each a process that nobody asked anything before."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import PEERS, Peer
from benchmarks.published.bystander import standing_by
from benchmarks.published.connection import Connection
from benchmarks.published.request import Call
from benchmarks.published.survey import Latencies, Outcome, Survey, counted
from benchmarks.servers import Place, Server

OURS = "this server"
STEADY = next(peer for peer in PEERS if peer.name == "Steady")
_NOTHING = b"GET /__nothing__ HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""A request by which a server is known to be there, which is none for the contract."""


@dataclass(frozen=True)
class Start:
    """Seconds from the spawn to the first answer: with nothing remembered of the contract, and with what is."""

    cold: float
    warm: float


@dataclass(frozen=True)
class FirstAnswers:
    """What a server made of the GETs of a contract."""

    contract: str
    server: str
    outcomes: tuple[Outcome, ...]
    start: Start
    memory: float
    """Resident memory afterwards, in MB (10⁶ bytes)."""
    waited: float
    """The longest that a remembered answer took meanwhile, in milliseconds."""

    @property
    def latencies(self) -> Latencies:
        """Return what the answers took."""
        return Latencies.of([outcome.milliseconds for outcome in self.outcomes])

    @property
    def good(self) -> int:
        """Return how many answers keep the contract."""
        faults = counted(self.outcomes)
        return len(self.outcomes) - sum(faults.values()) + faults["large"]


class Candidate:
    """A server that is measured: this one, or a peer."""

    def __init__(self, place: Place, file: Path, peer: Peer | None = None, arguments: Sequence[str] = ()) -> None:
        """Take a place to run in, the contract, and whose server it is; ``arguments`` are those of this one."""
        self._arguments = arguments
        self._place = place
        self._file = file
        self._peer = peer

    @property
    def name(self) -> str:
        """Return what the server is called in reports."""
        return f"{self._peer.name} {self._peer.version}" if self._peer else OURS

    @contextmanager
    def started(self) -> Iterator[Server]:
        """Start the server, and wait until it answers anything: what a start costs is a figure of its own."""
        with self._spawned(_NOTHING) as server:
            with Connection(server.url) as connection:
                connection.ask("GET", _NOTHING)
            yield server

    def _spawned(self, first: bytes) -> AbstractContextManager[Server]:
        """Return the server in a process of its own; a peer is there when it answers ``first``."""
        if self._peer is None:
            return self._place.mock_server(str(self._file), *self._arguments)
        command = [part.replace("{contract}", str(self._file)) for part in self._peer.command]
        return self._place.program(command, first)

    def first_answer(self, call: Call) -> float:
        """Return the seconds from the spawn to the answer to a call."""
        with self._spawned(call.text()) as server:
            if self._peer is not None:
                return server.ready
            begun = time.perf_counter()
            with Connection(server.url) as connection:
                connection.ask("GET", call.text())
            return server.ready + time.perf_counter() - begun


def measured(survey: Survey, candidate: Candidate) -> FirstAnswers:
    """Return the first answers of a server. Raises :class:`NotMeasuredError` where it does not start."""
    calls = [call for call in survey.reads() if isinstance(call, Call)]
    start = Start(candidate.first_answer(calls[0]), candidate.first_answer(calls[0]))
    with candidate.started() as server:
        outcomes = survey.asked(server.url, calls)
        memory = server.memory()
    with candidate.started() as server:
        waited = _waited(server, calls, outcomes)
    return FirstAnswers(survey.contract.name, candidate.name, tuple(outcomes), start, memory, waited)


def _waited(server: Server, calls: Sequence[Call], outcomes: Sequence[Outcome]) -> float:
    """Return the longest that one answer took again and again while the others were given for the first time."""
    known = next((call for call, outcome in zip(calls, outcomes, strict=True) if 200 <= outcome.status < 300), calls[0])
    with standing_by(server.url, known.text()) as milliseconds, Connection(server.url) as connection:
        for call in calls:
            if call is not known:
                connection.ask("GET", call.text())
    return max(milliseconds, default=0.0)
