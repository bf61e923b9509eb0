"""The SQLite file of a hub: its tables, its transactions, and what becomes of its errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from mock_server.core.errors import HubError, HubFullError, HubLostError

PATIENCE = 3.0
"""Seconds that a transaction waits for those of others."""
_SPIN = 0.00005
"""Seconds between two tries: a transaction takes about as long. SQLite's own tries are a millisecond apart and more."""
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)

_TABLES = """
CREATE TABLE IF NOT EXISTS counter (
    version INTEGER NOT NULL, process INTEGER NOT NULL, worlds INTEGER NOT NULL, entries INTEGER NOT NULL,
    entry_bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS ring (name TEXT PRIMARY KEY, arrived INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS world (
    name TEXT PRIMARY KEY, used REAL NOT NULL, has_changes INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0,
    named INTEGER NOT NULL DEFAULT 0, stands_at REAL, ahead REAL NOT NULL DEFAULT 0, progress TEXT, scenarios TEXT,
    noted INTEGER NOT NULL DEFAULT 0, removed TEXT NOT NULL DEFAULT '[]'
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS world_used ON world (has_changes, used);
CREATE INDEX IF NOT EXISTS world_staged ON world (version) WHERE version > 0;
CREATE TABLE IF NOT EXISTS caller_window (
    world TEXT, caller TEXT, window INTEGER NOT NULL, used INTEGER NOT NULL, seen REAL NOT NULL,
    PRIMARY KEY (world, caller)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
    number INTEGER PRIMARY KEY, world TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, claim TEXT NOT NULL,
    until REAL NOT NULL, answer BLOB, UNIQUE (world, key)
);
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY, world TEXT NOT NULL, upto INTEGER NOT NULL, entries INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_world ON journal (world, upto);
CREATE TABLE IF NOT EXISTS coverage (
    world TEXT, target TEXT, count INTEGER NOT NULL, PRIMARY KEY (world, target)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS covered (world TEXT, target TEXT, key TEXT, PRIMARY KEY (world, target, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, text TEXT NOT NULL);
INSERT INTO counter SELECT 0, 0, 0, 0, 0 WHERE NOT EXISTS (SELECT * FROM counter);
"""

_TRIGGERS = (
    "CREATE TRIGGER IF NOT EXISTS world_begins AFTER INSERT ON world BEGIN UPDATE counter SET worlds = worlds + 1; END",
    "CREATE TRIGGER IF NOT EXISTS world_ends AFTER DELETE ON world BEGIN UPDATE counter SET worlds = worlds - 1; END",
    "CREATE TRIGGER IF NOT EXISTS journal_grows AFTER INSERT ON journal BEGIN UPDATE counter SET"
    " entries = entries + new.entries, entry_bytes = entry_bytes + length(new.content); END",
    "CREATE TRIGGER IF NOT EXISTS journal_shrinks AFTER DELETE ON journal BEGIN UPDATE counter SET"
    " entries = entries - old.entries, entry_bytes = entry_bytes - length(old.content); END",
)


class SqliteFile:
    """A connection to a private file in WAL mode. It outlives killed processes, and not the loss of power."""

    def __init__(self, file: Path) -> None:
        self.place = str(file)
        self._lock = Lock()
        with self._reported():
            self.connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            # Of several processes that open a new file at once, SQLite lets one change the mode and has none wait.
            self._patiently("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=OFF")
        with self.changing() as connection:
            for statement in (*_TABLES.split(";"), *_TRIGGERS):
                connection.execute(statement)
        self.connection.execute("PRAGMA busy_timeout=0")

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one transaction with changes. Raises :class:`HubError`; nothing is then changed."""
        with self._lock, self._reported():
            self._patiently("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold one state of the file to read. Raises :class:`HubError`."""
        with self._lock, self._reported():
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("COMMIT")

    def _patiently(self, statement: str) -> None:
        until = monotonic() + PATIENCE
        while True:
            try:
                self.connection.execute(statement)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                    raise
                sleep(_SPIN)
            else:
                return

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _FULL:
                raise HubFullError(
                    f"hub {self.place}: found {error}; expected a file with room. Make room where temporary files are."
                ) from error
            if code == sqlite3.SQLITE_BUSY:
                raise HubLostError(
                    f"hub {self.place}: found another process that has kept it for {PATIENCE:g} s; expected a"
                    " millisecond. See what that process waits for."
                ) from error
            raise HubError(
                f"hub {self.place}: found {error}; expected a file of this server's own. Start the server again."
            ) from error

    def close(self) -> None:
        """Close the file, when what runs has ended."""
        with self._lock:
            self.connection.close()
