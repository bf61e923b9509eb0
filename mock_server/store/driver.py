"""What the two databases do each in their own way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal, Protocol, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

Trouble: TypeAlias = Literal["full", "busy", "lost", "wrong"]
"""What an error means: no room; not now, but the connection is well; the connection is not; a mistake of ours."""

PATIENCE = 2.0
"""Seconds that a change waits for those of others."""
SLACK = 1.0
"""Seconds beyond that which a call may take, before its connection is given up."""
LONGEST = PATIENCE + SLACK
"""Seconds that a call may take while the server serves."""
OPENING = 60.0
"""The same while a store is opened: another server may be loading its fixtures."""


class Driver(Protocol):
    """A database. Connections commit each statement, unless it is within an explicit transaction."""

    shown: str
    """The address as people may see it: without user, password and options."""
    begin: str
    """What begins a transaction that is to change something."""
    sees_others: bool
    """Whether :meth:`is_as_it_was` finds out what any program has changed."""

    is_remote: bool
    """Whether a call may take as long as a network likes, however quick the last one was."""

    def connect(self, *, create: bool = False) -> Connection:
        """A connection; ``create`` makes the database where there is none and that is for us to do.

        Raises :class:`StoreError` or one of SQLAlchemy's errors.
        """

    def identify(self) -> None:
        """Take what stands at the address now for what is meant."""

    def be_patient(self, connection: Connection, seconds: float) -> None:
        """Let changes wait that long for those of others, and no call longer than :data:`SLACK` beyond that."""

    def keep_others_out(self, connection: Connection) -> None:
        """Within a transaction: nobody else opens the store until it ends."""

    def check(self, connection: Connection) -> None:
        """Raise :class:`OSError` where the connection leads nowhere any more."""

    def is_as_it_was(self, connection: Connection) -> bool:
        """Whether no other connection has changed anything since the last call; False where nobody knows."""

    def tell(self, connection: Connection) -> None:
        """Within a transaction: let those who listen know of it when it is done."""

    def listen(self, heard: Callable[[], None], ended: Event) -> None:
        """Call ``heard`` for each change that somebody tells of, until the end. Returns at once where nobody does."""

    def mark(self, name: str) -> Path | None:
        """The file for the mark of the store of that name, None where there is no place for it."""

    def trouble(self, error: SQLAlchemyError | OSError) -> Trouble:
        """What an error means."""

    def reason(self, error: Exception) -> str:
        """An error in a line, without a password."""
