"""The interfaces of hubs, in parts that are asked for apart.

:class:`Hub` is all that a server needs which is one process. :class:`SharedHub` has in addition what only several
processes need: their journal and coverage, the worlds that there are, and events.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol, runtime_checkable

from mock_server.hub.model import (
    ClockState,
    Covered,
    Decision,
    HubFigures,
    JournalEntry,
    Note,
    Question,
    SharedScenario,
    WorldStaging,
)


class Stagings(Protocol):
    """What tests have staged in worlds. Whoever changes it returns when every other process has heard of it."""

    def version(self, world: str) -> int:
        """Return the version of what is staged, 0 for nothing: from this process's memory, without a round trip."""

    def staging(self, world: str) -> WorldStaging:
        """Return what is staged, and how far it has come."""

    def start(self, world: str, scenario: SharedScenario) -> bool:
        """Start a scenario in place of one of the same name; return False where too many are running."""

    def end(self, world: str, name: str | None = None) -> bool:
        """End the scenario of that name, or all; return whether there was one."""

    def new_name(self, world: str) -> str:
        """Return a name for a scenario without one."""

    def set_clock(self, world: str, clock: ClockState) -> None:
        """Replace the clock: one that stands, or a running one."""

    def advance_clock(self, world: str, seconds: float) -> ClockState:
        """Move the clock; a running one keeps running. Raises :class:`ValueError` before 1970 or after 9999."""

    def now(self) -> float:
        """Return the hub's time in seconds since 1970, the same for all processes, without a round trip."""


class Decisions(Protocol):
    """What only one of two requests can have, whichever processes they reached: each is one atomic round trip."""

    def decide(self, world: str, question: Question) -> Decision | None:
        """Decide all that is asked; None where another version is staged by now: nothing is decided, read it again."""

    def keep(self, world: str, key: str, claim: str, answer: bytes) -> bool:
        """Keep the answer of a claimed key; return False where the claim has passed to another."""

    def release(self, world: str, key: str, claim: str) -> None:
        """Give a claimed key back, since its request failed and has to be a new one."""


class Hub(Stagings, Decisions, Protocol):
    """What a world has that is no record: scenarios and how far each has come, clock, windows, kept answers."""

    scheme: str
    is_remote: bool
    """Whether a round trip goes to another machine, so that the event loop must not wait for it."""

    def serve(self, digest: str, standing: Sequence[SharedScenario]) -> None:
        """Serve contracts from now on, with the scenarios that run in every world. Called before all else.

        Servers with different digests share nothing.
        """

    def reset(self, world: str) -> None:
        """Take a world back to how it began; its coverage counts on in total."""

    def has_changes(self, world: str) -> bool:
        """Return whether something is staged or was decided in a world that only this process knows of."""

    def trouble(self) -> str:
        """Return what is in the way of asking the hub, in words that follow ``found``; empty where nothing is."""

    def close(self) -> None:
        """Send what was noted, and let go of files, connections and threads."""


class Notes(Protocol):
    """Journals and coverage: noted off the request's way, in batches, and whole for who reads."""

    process: int
    """A number of 24 bits that no other process has which notes here: it keeps the numbers of entries apart."""

    def note(self, note: Note) -> None:
        """Note what was answered; nothing is waited for. Raises nothing.

        An entry of a journal is there when this returns, even if the process is killed then.
        """

    def arrive(self) -> bool:
        """Wait until all that any process has noted so far is there; return False after 50 ms."""

    def journal(self, world: str) -> Sequence[JournalEntry]:
        """Return the entries, the oldest first, when all notes have arrived."""

    def remove(self, world: str, numbers: Collection[int]) -> None:
        """Remove the entries of these numbers from a journal."""

    def clear_journal(self, world: str) -> None:
        """Remove all entries of a journal, when all notes have arrived."""

    def coverage(self, world: str | None = None) -> Covered:
        """Return what was covered in a world, or in all that there are and were, when all notes have arrived."""


class WorldRegister(Protocol):
    """Which worlds there are. A world is there from its first request on, by any process."""

    def worlds(self) -> Sequence[str]:
        """Return the names of all worlds, the least recently used first, those with something staged last."""

    def has_world(self, world: str) -> bool:
        """Return whether there is a world of that name."""

    def figures(self) -> HubFigures:
        """Return how much the hub holds."""


Listener = Callable[[str, str], None]
"""Take the name of an event and its text, in a thread of the hub's."""


class Events(Protocol):
    """Named events between processes: ``reset`` and ``forgotten`` of worlds are the hub's own."""

    def publish(self, event: str, text: str) -> int:
        """Tell an event to the listeners of all processes, this one's too; return how many other processes there are.

        With a remote hub they were told when it returns; else they hear of it within 10 ms.
        """

    def listen(self, listener: Listener) -> None:
        """Have a listener told from now on."""


@runtime_checkable
class SharedHub(Hub, Notes, WorldRegister, Events, Protocol):
    """What the processes of a server share, apart from records."""
