"""What a hub is asked and what it answers: scenarios, turns, windows, keys, and notes for journals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

if TYPE_CHECKING:
    from mock_server.scenarios.model import Scenario

BLOCK = 64
"""Requests for which the draws of a share are sent at once."""

Draw: TypeAlias = Callable[[str, int, int], bool]
"""Tell by a scenario's name, the index of its answer and the number of the request whether the share has it."""


def _drawn(name: str, answer: int, met: int) -> bool:
    return True


class AnswerRule(NamedTuple):
    """When an answer of a scenario is used; without its contents. ``times`` is 0 where there is no bound."""

    times: int = 0
    every: int = 1
    has_share: bool = False
    required_state: str = ""
    new_state: str = ""


@value_class
class SharedScenario:
    """A scenario as a hub knows it: when which of its answers is used, and its data for those who match requests."""

    name: str
    machine: str
    answers: tuple[AnswerRule, ...]
    repeats: bool = False
    required_state: str = ""
    new_state: str = ""
    data: JSON = None

    @classmethod
    def of(cls, scenario: Scenario) -> SharedScenario:
        """Return what is shared of a scenario."""
        return cls(
            name=scenario.name,
            machine=scenario.machine,
            answers=tuple(
                AnswerRule(stub.times or 0, stub.every, stub.share < 1, stub.required_state or "", stub.new_state or "")
                for stub in scenario.answers
            ),
            repeats=scenario.repeats,
            required_state=scenario.required_state or "",
            new_state=scenario.new_state or "",
            data=scenario.data,
        )

    @classmethod
    def from_data(cls, name: str, data: JSON) -> SharedScenario:
        """Return what is shared of the scenario with that data. Raises :class:`InstructionError`."""
        from mock_server.scenarios.model import Scenario  # imported here, so that the start does not wait for it

        return cls.of(Scenario.from_json(data, name))


class ClockState(NamedTuple):
    """The clock of a world: the moment at which it stands, or how many seconds it is ahead of the hub's time."""

    stands_at: float | None = None
    ahead: float = 0.0

    def now(self, time: float) -> float:
        """Return the time of the world, where the hub's is ``time``; both in seconds since 1970."""
        return time + self.ahead if self.stands_at is None else self.stands_at


class Progress(NamedTuple):
    """How far a scenario has come: requests that it matched, and how often each answer was given."""

    met: int
    used: tuple[int, ...]


@value_class
class WorldStaging:
    """What is staged in a world: scenarios in the order in which they are tried, states, clock.

    ``version`` is 0 where nothing but the standing scenarios is; no other version ever comes again.
    """

    version: int
    scenarios: tuple[SharedScenario, ...]
    progress: Mapping[str, Progress]
    states: Mapping[str, str]
    clock: ClockState


@value_class
class WindowQuestion:
    """Count a request of a caller. ``limit`` is requests, ``seconds`` the length of the window."""

    caller: str
    limit: int
    seconds: int


@value_class
class KeyQuestion:
    """Claim an idempotency key. ``fingerprint`` has 32 hexadecimal digits, by which requests are equal."""

    key: str
    fingerprint: str


@value_class
class Question:
    """All that is to be decided for one request, in this order: window, key, turn.

    ``matches`` are the scenarios of ``version`` that the request is for, in their order. What is decided ends the
    question: a request above its limit claims no key, and one that is replayed takes no turn.
    """

    version: int = 0
    window: WindowQuestion | None = None
    key: KeyQuestion | None = None
    matches: tuple[SharedScenario, ...] = ()
    draw: Draw = field(default=_drawn)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to decide."""
        return self.window is None and self.key is None and not self.matches


class Window(NamedTuple):
    """A caller's window: requests so far, and whole seconds until the next window."""

    used: int
    reset: int


class Key(NamedTuple):
    """What became of a key. ``claim`` is the right to keep an answer for it, ``answer`` what is to be sent again."""

    state: Literal["claimed", "pending", "replay", "conflict"]
    claim: str = ""
    answer: bytes = b""


class Turn(NamedTuple):
    """Whose turn it is: a scenario's name, the index of its answer, and the number of the request there."""

    scenario: str
    answer: int
    met: int


@value_class
class Decision:
    """What was decided for a request: None where it was not asked, or where an earlier decision ended the question."""

    window: Window | None = None
    key: Key | None = None
    turn: Turn | None = None


class Covering:
    """Keys of an operation that exchanges cover: one object for all exchanges that cover the same."""

    __slots__ = ("_hash", "encoded", "keys", "target")

    def __init__(self, target: str, keys: frozenset[str]) -> None:
        self.target = target
        self.keys = keys
        self.encoded = "\0".join((target, *keys)).encode()
        self._hash = hash((target, keys))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Covering) and (self.target, self.keys) == (other.target, other.keys))

    @classmethod
    def decoded(cls, data: bytes) -> Covering:
        """Return what :attr:`encoded` is of."""
        target, *keys = data.decode().split("\0")
        return cls(target, frozenset(keys))


class JournalNote(NamedTuple):
    """An exchange for the journal of a world.

    ``number`` is the process's own name for it, ``started`` in seconds since 1970, ``elapsed`` in seconds.
    ``exchange`` is the exchange as bytes; those of equal requests are mostly one object. ``covering`` is what it covers
    of an operation; None for no operation.
    """

    world: str
    number: int
    started: float
    elapsed: float
    exchange: bytes
    covering: Covering | None = None


class CoverageNote(NamedTuple):
    """What a request has covered of an operation, in a world whose journal has no entry of it."""

    world: str
    covering: Covering


Note: TypeAlias = "JournalNote | CoverageNote"


class JournalEntry(NamedTuple):
    """An entry of a journal as it came back. Entries of equal requests mostly share one object ``exchange``."""

    number: int
    started: float
    elapsed: float
    exchange: bytes


class HubFigures(NamedTuple):
    """How much a hub holds: worlds, entries of all journals, and bytes of all journals, about."""

    worlds: int
    entries: int
    entry_bytes: int


Covered: TypeAlias = "Mapping[str, tuple[int, frozenset[str]]]"
"""By operation, how many requests there were and what they covered."""


@value_class
class HubBounds:
    """What a hub takes on. Worlds above it go by last use, those first that have nothing but a journal."""

    worlds: int = 10_000
    entries: int = 1000
    """Entries of one world's journal."""
    entry_bytes: int = 256 * 1024 * 1024
    """Bytes of all journals together: above it those of the least recently used worlds lose their older halves."""
    scenarios: int = 100
    """Scenarios that run in one world."""
    callers: int = 10_000
    keys: int = 1000
    key_bytes: int = 8 * 1024 * 1024
    idle_seconds: int = 7 * 24 * 3600
    """After so long without use a world is removed by an engine that outlives its servers."""
    claim_seconds: int = 10
    """After so long a claimed key without an answer may be claimed anew: its process was killed."""
