"""The one interface of all hubs, in parts that are asked for apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from mock_server.hub.model import (
    ClockState,
    Covered,
    Decision,
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

    def set_clock(self, world: str, moment: float) -> None:
        """Stop the clock at a moment, in seconds since 1970."""

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


class Notes(Protocol):
    """Journals and coverage: noted off the request's way, in batches, and whole for who reads."""

    def note(self, note: Note) -> None:
        """Note what was answered; nothing is waited for. Raises nothing."""

    def arrive(self) -> bool:
        """Wait until all that any process has noted so far is there; return False after 50 ms."""

    def journal(self, world: str, after: str = "") -> Sequence[JournalEntry]:
        """Return the entries after a sequence, the oldest first, when all notes have arrived."""

    def remove(self, world: str, sequences: Sequence[str]) -> None:
        """Remove entries of a journal."""

    def clear_journal(self, world: str) -> None:
        """Remove all entries of a journal."""

    def coverage(self, world: str | None = None) -> Covered:
        """Return what was covered in a world, or in all that there are and were, when all notes have arrived."""


class WorldRegister(Protocol):
    """Which worlds there are."""

    def worlds(self) -> Sequence[str]:
        """Return the names of all worlds, the least recently used first, those with something staged last."""

    def reset(self, world: str) -> None:
        """Take a world back to how it began, and let all processes hear ``reset``; its coverage counts on in total."""


Listener = Callable[[str, str], None]
"""Take the name of an event and its text, in a thread of the hub's."""


class Events(Protocol):
    """Named events between processes: ``reset`` and ``forgotten`` of worlds are the hub's own."""

    def publish(self, event: str, text: str) -> None:
        """Tell an event to the listeners of all processes, this one's too; return when they were told."""

    def listen(self, listener: Listener) -> None:
        """Have a listener told from now on."""


class Hub(Stagings, Decisions, Notes, WorldRegister, Events, Protocol):
    """What the processes of a server share, apart from records."""

    scheme: str
    is_remote: bool
    """Whether a round trip goes to another machine, so that the event loop must not wait for it."""

    def close(self) -> None:
        """Send what was noted, and let go of files, connections and threads."""
