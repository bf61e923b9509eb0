"""Records in PostgreSQL; the only importer of psycopg."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from mock_server.core.errors import StoreError
from mock_server.core.extras import install_command
from mock_server.storage.sql.driver import PATIENCE, SLACK, Trouble

CHANNEL = "mock_server"
CONNECT_SECONDS = 3
_LOCK = 5_063_412_877_123_894
"""The advisory lock for opening a store: an arbitrary number, always the same."""
_TICK = 0.25
"""Seconds between two checks of a listening thread for other work."""
_FULL = {"53100"}
_BUSY = {"25006", "40001", "40P01", "55P03", "57014"}
_LOST = {"25P03", "42P01", "53300", "3D000", "28000", "28P01"}
_LOST_CLASSES = {"08", "57", "58", "XX"}


class Postgresql:
    """A database of a PostgreSQL server. Changes come one after the other, by the lock on the row of the state."""

    sees_others = False
    is_remote = True
    begin = "BEGIN"

    def __init__(self, address: str, display: str) -> None:
        self.shown = display
        self._url = _url(address)
        self._engine: Engine | None = None

    def connect(self, *, create: bool = False) -> Connection:
        """Return a connection, within :data:`CONNECT_SECONDS`.

        Raises :class:`StoreError` for a database in another encoding than UTF8.
        """
        connection = self._made_engine().connect()
        try:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
            if encoding != "UTF8":
                raise StoreError(f"found a database in {encoding}; expected one in UTF8. Make one with that encoding.")
            self.be_patient(connection, PATIENCE)
        except BaseException:
            connection.close()
            raise
        return connection

    def identify(self) -> None:
        """Do nothing: a server is known by its address."""

    def be_patient(self, connection: Connection, seconds: float) -> None:
        """Let a change wait for others that long, and a call for its answer a second longer, but three at least.

        A transaction that nobody goes on with is ended by the server as soon: this machine may have been frozen or
        cut off in the middle of one, and everybody else waits for its lock.
        """
        longest = max(seconds, PATIENCE) + SLACK
        driver: Any = connection.connection.driver_connection
        driver.longest = longest
        options = {"lock_timeout": max(0.001, seconds), "idle_in_transaction_session_timeout": longest}
        calls = (f"set_config('{name}', '{int(value * 1000)}', false)" for name, value in options.items())
        connection.exec_driver_sql(f"SELECT {', '.join(calls)}")

    def keep_others_out(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def check(self, connection: Connection) -> None:
        """Do nothing: the connection itself fails when the server is gone."""

    def is_as_it_was(self, connection: Connection) -> bool:
        return False

    def tell(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})

    def listen(self, heard: Callable[[], None], ended: Event) -> None:
        """Listen until the end, on a connection of its own; a lost one is replaced."""
        while not ended.is_set():
            with (
                contextlib.suppress(SQLAlchemyError, StoreError, _errors()),
                self._made_engine().connect() as connection,
            ):
                connection.exec_driver_sql(f"LISTEN {CHANNEL}")
                heard()  # changes that came before the connection listened
                driver: Any = connection.connection.driver_connection
                while not ended.is_set():
                    for _ in driver.notifies(timeout=_TICK, stop_after=1):
                        heard()
            ended.wait(_TICK)

    def mark(self, name: str) -> Path | None:
        """Return a file in a directory of this user alone: processes on this machine find it by the store's name."""
        if not hasattr(os, "getuid"):
            return None
        directory = Path(tempfile.gettempdir()) / f"mock-server-{os.getuid()}"
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            status = directory.lstat()
        except OSError:
            return None
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
        return directory / f"{name}.mark" if is_ours else None

    def trouble(self, error: SQLAlchemyError | OSError) -> Trouble:
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        if state in _FULL:
            return "full"
        if state in _BUSY:
            return "busy"
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return "lost"
        without_word = state is None and isinstance(error, (DBAPIError, OSError))
        return "lost" if without_word or state in _LOST or str(state)[:2] in _LOST_CLASSES else "wrong"

    def reason(self, error: Exception) -> str:
        said = str(error.orig if isinstance(error, DBAPIError) else error)
        passwords = self._url.query.get("password")
        for secret in (self._url.password, *((passwords,) if isinstance(passwords, str) else passwords or ())):
            said = said.replace(secret, "***") if secret else said
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return re.sub(r"\s+", " ", lines[0] if lines else type(error).__name__)

    def _made_engine(self) -> Engine:
        if self._engine is None:
            options = {"connect_timeout": CONNECT_SECONDS, "application_name": "mock-server", "client_encoding": "utf8"}
            # A server that is cut off does not close its connections.
            options |= {"tcp_user_timeout": 3000, "keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 3}
            arguments = {name: value for name, value in options.items() if name not in self._url.query}
            try:
                self._engine = create_engine(
                    self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
                )
                connect = _impatient().connect
            except ImportError:
                raise StoreError(
                    "found no psycopg, which talks to PostgreSQL; expected it installed:"
                    f" {install_command('postgresql')}"
                ) from None
            event.listen(self._engine, "do_connect", lambda _dialect, _record, args, options: connect(*args, **options))
        return self._engine


def _url(address: str) -> URL:
    """Return the address as SQLAlchemy's URL; raises :class:`StoreError`, since its own message shows the password."""
    try:
        url = make_url(address).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise StoreError(
            "found an address that cannot be read; expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
            " Encode what is special in a password (@ is %40, / is %2F)."
        ) from None
    return url


def _impatient() -> Any:
    """Return the class of psycopg's connections, but for a call that is not answered in time: it ends the connection.

    libpq bounds how long connecting takes, and the system how long what was sent may stay without a receipt. A server
    that is frozen, or whose connection something on the way has forgotten, gives receipts and no answers.
    """
    import psycopg

    class Impatient(psycopg.Connection[Any]):
        longest = PATIENCE + SLACK
        """Seconds that a call may take."""

        def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
            return super().wait(self._bounded(gen), *args, **options)

        def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            """Go on with ``gen``, which is looked after several times a second, as long as there is time."""
            end = monotonic() + self.longest
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and monotonic() > end:
                        self.pgconn.finish()
                        raise psycopg.OperationalError(f"no answer within {self.longest:g} s")
                    wanted = gen.send(ready)
            except StopIteration as result:
                return result.value

    return Impatient


def _errors() -> type[Exception]:
    """Return the root of psycopg's errors; psycopg is imported once there is a connection."""
    import psycopg

    return psycopg.Error
