"""Records in a SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from urllib.parse import quote

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from mock_server.core.errors import StoreError
from mock_server.storage.sql.driver import OPENING, PATIENCE, Trouble

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE}
_LOST = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOTADB}
_CHECKED_BYTES = 64 * 1024 * 1024
"""Most bytes of a file that is checked when it is opened, which takes a tenth of a second at most."""


class Sqlite:
    """A file, in WAL mode: readers wait for nothing, and changes come one after the other.

    ``durable`` has each change on the disk before it is acknowledged (``synchronous=FULL``), so that it outlives a loss
    of power and not only the end of the process. Changes are few, and each takes about a millisecond.
    """

    sees_others = True
    is_remote = False
    begin = "BEGIN IMMEDIATE"

    def __init__(self, file: Path, display: str, *, durable: bool = True) -> None:
        self._file = file.absolute()
        self.shown = display
        self._durable = durable
        self._identity: tuple[int, int] | None = None
        self._data_version: object = None

    def connect(self, *, create: bool = False) -> Connection:
        """Return a connection to the file; refuse a file that is not a database, or a damaged one."""
        if create:
            self._refuse_unusable()
        place = f"file:{quote(str(self._file))}?mode={'rwc' if create else 'rw'}"

        def open_file() -> sqlite3.Connection:
            # Several threads use the connection, one after the other, under the lock of Database.
            return sqlite3.connect(place, uri=True, timeout=OPENING, isolation_level=None, check_same_thread=False)

        engine = create_engine("sqlite://", creator=open_file, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        connection = engine.connect()
        try:
            self._begin_wal(connection)
            connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            if create and self._file.stat().st_size <= _CHECKED_BYTES:
                self._refuse_damaged(connection)
            self.be_patient(connection, PATIENCE)
        except BaseException:
            connection.close()
            raise
        return connection

    def identify(self) -> None:
        """Remember the file that is at the path now as the right one."""
        status = os.stat(self._file)
        self._identity, self._data_version = (status.st_dev, status.st_ino), None

    def be_patient(self, connection: Connection, seconds: float) -> None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}").all()

    def keep_others_out(self, connection: Connection) -> None:
        """Do nothing: a transaction with changes keeps others out already."""

    def check(self, connection: Connection) -> None:
        """Raise :class:`FileNotFoundError` where another file is at the path.

        SQLite would go on with a file that was moved away or replaced.
        """
        status = os.stat(self._file)
        if (status.st_dev, status.st_ino) != self._identity:
            raise FileNotFoundError(f"another file stands in the place of {self._file.name}")

    def is_as_it_was(self, connection: Connection) -> bool:
        (version,) = connection.exec_driver_sql("PRAGMA data_version").one()
        is_same = bool(version == self._data_version)
        self._data_version = version
        return is_same

    def tell(self, connection: Connection) -> None:
        """Do nothing: others find changes by ``data_version``."""

    def listen(self, heard: Callable[[], None], ended: Event) -> None:
        """Return at once: SQLite does not notify."""

    def mark(self, name: str) -> Path | None:
        return self._file.with_name(self._file.name + "-mark")

    def trouble(self, error: SQLAlchemyError | OSError) -> Trouble:
        if isinstance(error, OSError):
            return "lost"
        code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
        if code in _FULL or code & 0xFF in _FULL:
            return "full"
        if code & 0xFF in _BUSY:
            return "busy"
        return "lost" if code & 0xFF in _LOST else "wrong"

    def reason(self, error: Exception) -> str:
        if isinstance(error, OSError):
            return (error.strerror or str(error)).lower()
        return str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]

    def _begin_wal(self, connection: Connection) -> None:
        """Switch to WAL mode; wait for others that make the same file, since SQLite does not wait by itself here."""
        until = monotonic() + OPENING
        while True:
            try:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL").all()
            except OperationalError as error:
                if self.trouble(error) != "busy" or monotonic() > until:
                    raise
                sleep(0.01)
            else:
                return

    def _refuse_unusable(self) -> None:
        directory = self._file.parent
        if not directory.is_dir():
            raise StoreError(f"found no directory {directory}; expected one to write into. Make it, or name another.")
        if self._file.is_dir():
            raise StoreError("found a directory; expected a file, or the name of one to be made.")
        for place in (directory, self._file):
            if place.exists() and not os.access(place, os.W_OK):
                raise StoreError(f"found {place}, which this user may not write; expected a file of one's own.")

    def _refuse_damaged(self, connection: Connection) -> None:
        report = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if report != "ok":
            raise StoreError(f"found a damaged database ({report}); expected a sound one. Restore it from a copy.")
