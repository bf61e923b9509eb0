"""The differences between the two databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal, Protocol, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

Trouble: TypeAlias = Literal["full", "busy", "lost", "wrong"]
"""The kind of an error: no room; busy, but the connection works; the connection is lost; a mistake of ours."""

PATIENCE = 2.0
"""Seconds that a change waits for those of others."""
SLACK = 1.0
"""Seconds beyond that which a call may take, before its connection is given up."""
LONGEST = PATIENCE + SLACK
"""Seconds that a call may take while the server serves."""
OPENING = 60.0
"""Seconds to wait while a store is opened: another server may be loading its fixtures."""


class Driver(Protocol):
    """A database. Connections commit each statement, unless it is within an explicit transaction."""

    shown: str
    """The address as it may be shown: without user, password and options."""
    begin: str
    """The statement that begins a transaction with changes."""
    sees_others: bool
    """Whether :meth:`is_as_it_was` notices changes of any program."""

    is_remote: bool
    """Whether a call may take as long as a network likes, however quick the last one was."""

    def connect(self, *, create: bool = False) -> Connection:
        """Return a connection; ``create`` makes the database where there is none and that is ours to do.

        Raises :class:`StoreError` or one of SQLAlchemy's errors.
        """

    def identify(self) -> None:
        """Remember what is at the address now as the right database."""

    def be_patient(self, connection: Connection, seconds: float) -> None:
        """Let changes wait that long for those of others, and no call longer than :data:`SLACK` beyond that."""

    def keep_others_out(self, connection: Connection) -> None:
        """Keep others from opening the store until this transaction ends."""

    def check(self, connection: Connection) -> None:
        """Raise :class:`OSError` where the connection is no longer to the right database."""

    def is_as_it_was(self, connection: Connection) -> bool:
        """Tell whether no other connection has changed anything since the last call; False where that is not known."""

    def tell(self, connection: Connection) -> None:
        """Notify listeners when this transaction is committed."""

    def listen(self, heard: Callable[[], None], ended: Event) -> None:
        """Call ``heard`` for each change that somebody tells of, until the end. Returns at once where nobody does."""

    def mark(self, name: str) -> Path | None:
        """Return the file for the mark of the store of that name, None where there is no place for it."""

    def trouble(self, error: SQLAlchemyError | OSError) -> Trouble:
        """Return the kind of an error."""

    def reason(self, error: Exception) -> str:
        """Return an error in a line, without a password."""
