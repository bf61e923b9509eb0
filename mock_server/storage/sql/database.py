"""A database as one process uses it: a connection, the rows that were read, and how long they are valid.

Rows that were read are valid until something changes. Processes on the same machine renew the
:class:`SharedChangeMarker`; changes of
others are found by asking the database, once its last answer is :data:`LEASE` old. So no read is older than that, and
most cost what memory costs.

A thread tries to reconnect to a lost database until it is back; meanwhile reads and changes raise at once.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import TypeAlias

from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from mock_server.core.deadline import WaitNeeded, has_changed, may_wait, waits
from mock_server.core.errors import StoreError, StoreFullError, StoreLostError
from mock_server.storage.revision import next_revision
from mock_server.storage.sql.cache_state import CacheState, Changed
from mock_server.storage.sql.change_marker import SharedChangeMarker
from mock_server.storage.sql.driver import OPENING, PATIENCE, SLACK, Driver, Trouble
from mock_server.storage.sql.lease_keeper import Keeper
from mock_server.storage.sql.schema import CHANGES, CONTRACTS, MIGRATIONS, STATE, WORLDS, migrate, version_of

log = logging.getLogger("mock_server")

LEASE = 0.1
"""Seconds for which an answer of the database is valid."""
RETRY = 0.25
"""Seconds between two tries to have a lost database back."""
BRIEF = 0.05
"""Seconds that a change waits for a lock while it keeps this process's other calls from the connection."""
PAUSE = 0.01
"""Seconds after which it tries again."""
REMEMBERED = 1024
"""Changes that the database lists one by one. A process that has missed more forgets all rows that it read."""

_NEXT = text("UPDATE mock_state SET revision = revision + 1 RETURNING revision")

Alter: TypeAlias = Callable[[Connection, int], Sequence[Changed]]
"""Changes something within a transaction, whose revision it gets; where nothing changed, it is rolled back."""


class Database:
    """The tables of a store, opened: migrated where they are of an older version, made where there are none.

    Raises :class:`StoreError` where that fails, without a password in the message.
    """

    def __init__(self, driver: Driver, memory: int) -> None:
        self.knowledge = CacheState(memory)
        self.seen: int | None = None
        """The mark at the time when the database was last asked; None where it has to be asked."""
        self.fresh_until = 0.0
        """Until when its last answer is valid, by the monotonic clock."""
        self.absence = 0
        """The revision of everything while the database is lost: a number that no state has."""
        self._driver = driver
        self._lock = threading.RLock()
        self._patience = PATIENCE
        """How long the connection waits for a lock now."""
        self._ended = threading.Event()
        self._revision = 0
        self._connection: Connection | None = None
        """None where it is lost, or was closed."""
        self._listener: threading.Thread | None = None
        self._began: float | None = None
        """When the call began that is under way."""
        self._keeper: Keeper | None = None
        self.is_used = False
        """Whether anybody went by what is known since the keeper looked last."""
        try:
            self._connection, self.name = self._opened()
        except StoreError as error:
            raise StoreError(f"--store {driver.shown}: {error}") from None
        except (SQLAlchemyError, OSError) as error:
            expected = "expected a database that can be used. docs/store.md says what that takes."
            raise StoreError(f"--store {driver.shown}: found {driver.reason(error)}; {expected}") from None
        self._mark = SharedChangeMarker(driver.mark(self.name))
        self.mark = self._mark.value
        _OPEN.add(self)

    @property
    def shown(self) -> str:
        """The address, without user, password and options."""
        return self._driver.shown

    @property
    def is_held_up(self) -> bool:
        """Whether a call takes longer than the word of the database holds."""
        began = self._began
        return began is not None and monotonic() - began > LEASE

    def confirm(self) -> None:
        """Make sure that all changes acknowledged on this machine are known, and others that are older than a lease.

        Raises :class:`StoreLostError`.
        """
        # The usual case compares numbers and needs no lock.
        if self.mark[0] != self.seen or monotonic() >= self.fresh_until:
            with self._alone():
                self._catch_up()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads from the connection. Where waiting is forbidden and one has it, that is told.

        So it is where the database is another machine's, which may take any time to answer; one that is lost does not.
        """
        if self._driver.is_remote and self._connection is not None and not may_wait():
            if self._keeper is not None:
                self._keeper.wake()
            raise WaitNeeded(self.confirm)
        if not self._lock.acquire(blocking=may_wait()):
            waits()
        outermost = self._began is None
        if outermost:
            self._began = monotonic()
        try:
            yield
        finally:
            if outermost:
                self._began = None
            self._lock.release()

    def renew(self) -> None:
        """Ask what has changed, whether the last word holds or not. Raises :class:`StoreLostError`."""
        with self._alone():
            self._catch_up()

    @contextlib.contextmanager
    def asking(self) -> Iterator[Connection]:
        """Yield a connection for reading, whatever is known."""
        with self._alone(), self._asked() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading, with knowledge up to date.

        No other thread of this process changes what is known meanwhile.
        """
        with self._alone():
            self.confirm()
            with self._asked() as connection:
                yield connection

    def _catch_up(self) -> None:
        """Ask for the changes since the last time, and forget the rows that they changed.

        A database server that was started anew has closed the connection of a process that did not use it: that is
        found here, before anything is read or changed, and a new connection asks once more.
        """
        self._listen()
        was_lost, until = self._connection is None, monotonic() + SLACK
        try:
            self._learn_changes()
        except StoreLostError:
            # One that is silent would keep a second connection waiting too.
            if was_lost or monotonic() > until or not self._reconnects():
                raise
            self._learn_changes()

    def _learn_changes(self) -> None:
        # Read before the database is asked, so that a later change is found the next time.
        mark, now = self.mark[0], monotonic()
        with self._asked() as connection:
            self._driver.check(connection)
            is_as_it_was = self._driver.is_as_it_was(connection)
            if not is_as_it_was or mark != self.seen:
                known = CHANGES.c.revision > self._revision
                # What is told of a whole world comes first of a revision: its rows may have been written after that.
                query = select(CHANGES).where(known).order_by(CHANGES.c.revision, CHANGES.c.handle)
                rows = connection.execute(query).all()
                # The list of changes has no gap, so only what has changed is forgotten.
                if rows and rows[0].revision == self._revision + 1:
                    self.knowledge.learn([(row.contract, row.world, row.resource, row.handle) for row in rows])
                    self._revision = rows[-1].revision
                elif rows or (self._driver.sees_others and not is_as_it_was):
                    self._forget(connection)  # too many changes, or one by a program that keeps no list of them
        self.seen, self.fresh_until = mark, now + LEASE

    def _forget(self, connection: Connection) -> None:
        self._revision = connection.execute(select(STATE.c.revision)).scalar_one()
        worlds = connection.execute(select(WORLDS.c.contract, WORLDS.c.world))
        self.knowledge.forget((row.contract, row.world) for row in worlds)

    def change(self, alter: Alter) -> bool:
        """Change something, all or nothing of it; return whether there was anything to change.

        When this returns, the change is on the disk, and every later read on this machine sees it. Raises
        :class:`StoreLostError` and :class:`StoreFullError`.
        """
        until = monotonic() + PATIENCE
        while True:
            try:
                return self._changed_now(alter)
            except _BusyError:
                if monotonic() > until:
                    raise
            self._ended.wait(PAUSE)  # who only reads goes on meanwhile

    def _changed_now(self, alter: Alter) -> bool:
        with self._alone():
            if self._driver.is_remote and monotonic() >= self.fresh_until:
                self._catch_up()  # so that a lost connection is found before it is used for a change
            with self._asked(BRIEF) as connection:
                self._driver.check(connection)
                changed = self._changed(connection, alter)
                if changed:
                    self._driver.check(connection)  # what went into a file that was moved away is not acknowledged
                    self._mark.renew()
                    has_changed()
        return changed

    def load(self, alter: Callable[[Connection], Sequence[Changed]]) -> bool:
        """Change much at once, on a connection of its own; return whether anything was changed.

        Others may read meanwhile, but not load.
        """

        def alone(connection: Connection, _: int) -> Sequence[Changed]:
            self._driver.keep_others_out(connection)
            return alter(connection)

        try:
            with contextlib.closing(self._driver.connect()) as connection:
                self._driver.be_patient(connection, OPENING)
                changed = self._changed(connection, alone, is_numbered_last=True)
        except (SQLAlchemyError, OSError) as error:
            raise self._failure(error) from None
        if changed:
            self._mark.renew()
        return changed

    def _changed(self, connection: Connection, alter: Alter, *, is_numbered_last: bool = False) -> bool:
        with _transaction(connection, self._driver.begin) as end:
            # Taking a revision keeps all other changes waiting, so a long load takes it at its end.
            revision = 0 if is_numbered_last else _next(connection)
            changed = alter(connection, revision)
            if not changed:
                end("ROLLBACK")
                return False
            revision = revision or _next(connection)
            names = ("contract", "world", "resource", "handle")
            rows = [{"revision": revision, **dict(zip(names, change, strict=True))} for change in changed]
            connection.execute(insert(CHANGES), rows)
            # The list of changes is shortened now and then, since each time costs a query.
            if revision % 64 == 0:
                connection.execute(delete(CHANGES).where(CHANGES.c.revision <= revision - REMEMBERED))
            self._driver.tell(connection)
            end("COMMIT")
        return True

    def _opened(self) -> tuple[Connection, str]:
        """Return a first connection, and the name of the store."""
        connection = self._driver.connect(create=True)
        try:
            self._driver.identify()
            self._driver.be_patient(connection, OPENING)
            # Each version is a transaction of its own; another server may be migrating at the same time.
            while version_of(connection) < len(MIGRATIONS):
                self._prepared(connection, migrate)
            if connection.execute(select(STATE.c.name)).first() is None:
                self._prepared(connection, _named)
            self._driver.be_patient(connection, PATIENCE)
            self._forget(connection)
            return connection, connection.execute(select(STATE.c.name)).scalar_one()
        except BaseException:
            connection.close()
            raise

    def _prepared(self, connection: Connection, step: Callable[[Connection], bool]) -> None:
        """Take a step while no other process does; one that returns False, as done already, is rolled back."""
        with _transaction(connection, self._driver.begin) as end:
            self._driver.keep_others_out(connection)
            end("COMMIT" if step(connection) else "ROLLBACK")

    def number_of(self, contract: str) -> int:
        """Return the number of a contract in the tables; give it one where it has none."""
        query = select(CONTRACTS.c.id).where(CONTRACTS.c.name == contract)

        def numbered(connection: Connection) -> bool:
            if connection.execute(query).first() is not None:
                return False
            number = connection.execute(select(func.coalesce(func.max(CONTRACTS.c.id), 0) + 1)).scalar_one()
            connection.execute(insert(CONTRACTS).values(id=number, name=contract))
            return True

        with self._lock, self._asked() as connection:
            if connection.execute(query).first() is None:
                self._prepared(connection, numbered)
            return int(connection.execute(query).scalar_one())

    @contextlib.contextmanager
    def _asked(self, patience: float = PATIENCE) -> Iterator[Connection]:
        """Yield the connection, which waits so many seconds for a lock, and does not where waiting is forbidden.

        What goes wrong with it comes out as an error of the store.
        """
        if self._connection is None:
            raise StoreLostError(f"found the store {self._driver.shown} lost; expected it to answer. Try again soon.")
        try:
            self._be_patient(self._connection, patience if may_wait() else 0.0)
            yield self._connection
        except (SQLAlchemyError, OSError) as error:
            if self._trouble(error) == "busy":
                waits()
            raise self._failure(error) from None

    def _trouble(self, error: SQLAlchemyError | OSError) -> Trouble:
        """Return the kind of an error.

        A connection that is busy and then breaks off, so that its transaction cannot even be rolled back, is lost.
        """
        connection = self._connection
        is_broken = connection is not None and not connection.closed and connection.invalidated
        return "lost" if is_broken else self._driver.trouble(error)

    def _failure(self, error: SQLAlchemyError | OSError) -> Exception:
        """Return the exception to raise for an error."""
        trouble, reason = self._trouble(error), self._driver.reason(error)
        store = f"the store {self._driver.shown}"
        if trouble == "wrong":
            return error
        if trouble == "full":
            return StoreFullError(f"found no space left in {store} ({reason}); expected some. Nothing is changed.")
        if trouble == "lost":
            self._lose(reason)
        kind = _BusyError if trouble == "busy" else StoreLostError
        return kind(f"found {store} not answering ({reason}); expected it to. Try again soon.")

    def _be_patient(self, connection: Connection, seconds: float) -> None:
        if seconds != self._patience:
            self._driver.be_patient(connection, seconds)
            self._patience = seconds

    def _lose(self, reason: str) -> None:
        with self._lock:
            if self._connection is None:
                return
            self.seen, self.fresh_until, self.absence = None, 0.0, -next_revision()
            self._hang_up()
        said = "the store %s is lost (%s): what needs its records is answered with 503 meanwhile"
        log.error(said, self._driver.shown, reason)
        threading.Thread(target=self._regain, name="mock-server-store", daemon=True).start()

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()

    def _regain(self) -> None:
        """Try until the store is back, or this server ends. Another store in its place is logged once."""
        is_logged = False
        while not self._ended.wait(RETRY) and self._connection is None:
            try:
                self._adopt(self._driver.connect())
            except StoreError as error:
                if not is_logged:
                    log.error("the store %s: %s", self._driver.shown, error)
                is_logged = True
            except (SQLAlchemyError, OSError):
                continue
            else:
                return

    def _reconnects(self) -> bool:
        """Have a lost database server back at once; return whether it was there."""
        if not self._driver.is_remote:
            return False
        try:
            self._adopt(self._driver.connect())
        except (StoreError, SQLAlchemyError, OSError):
            return False
        return True

    def _adopt(self, connection: Connection) -> None:
        """Take over a connection, if it leads to the same store as before, and no other thread has one by now."""
        try:
            name = connection.execute(select(STATE.c.name)).scalar() if version_of(connection) else None
            if name != self.name:
                raise StoreError("found another store in its place; expected the former one. Restart the server.")
            with self._lock:
                if self._ended.is_set():
                    raise StoreError("found the server ending; expected it to go on.")
                if self._connection is not None:
                    connection.close()
                    return
                self._driver.identify()
                self._forget(connection)
                self._connection, self._patience = connection, PATIENCE
            log.warning("the store %s is back", self._driver.shown)
        except BaseException:
            connection.close()
            raise

    def _listen(self) -> None:
        """Start a thread that listens, at the first read: there must be none in a process that is forked later."""
        if self._listener is not None:
            return
        # The thread must not keep a database alive that is no longer used.
        reference = weakref.ref(self)

        def heard() -> None:
            database = reference()
            if database is not None:
                database.seen = None
                if database._keeper is not None:
                    database._keeper.wake()

        self._listener = threading.Thread(
            target=self._driver.listen, args=(heard, self._ended), name="mock-server-store", daemon=True
        )
        self._listener.start()
        if self._driver.is_remote:
            self._keeper = Keeper(self, self._ended, LEASE / 2)

    def close(self) -> None:
        """Close the connection; it may be called more than once."""
        self._ended.set()
        if self._keeper is not None:
            self._keeper.wake()
        with self._lock:
            self._hang_up()


class _BusyError(StoreLostError):
    """Somebody else has a lock."""


_OPEN: weakref.WeakSet[Database] = weakref.WeakSet()


def _close_all() -> None:
    for database in list(_OPEN):
        database.close()


atexit.register(_close_all)


@contextlib.contextmanager
def _transaction(connection: Connection, begin: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that ends a transaction; where it is not called, and on an error, roll it back."""
    is_open = True

    def end(how: str) -> None:
        nonlocal is_open
        connection.exec_driver_sql(how)
        is_open = False

    connection.exec_driver_sql(begin)
    try:
        yield end
    finally:
        if is_open:
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql("ROLLBACK")


def _next(connection: Connection) -> int:
    """Return the revision of this transaction.

    No other gets one until it ends, so that they become visible in order.
    """
    return int(connection.execute(_NEXT).scalar_one())


def _named(connection: Connection) -> bool:
    """Give a new store its name; return whether it was new."""
    if connection.execute(select(STATE.c.name)).first() is not None:
        return False
    connection.execute(insert(STATE).values(name=str(uuid.uuid4()), revision=0))
    return True
