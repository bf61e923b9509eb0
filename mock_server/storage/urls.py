"""The address of a store: ``memory``, ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from mock_server.core.errors import StoreError
from mock_server.core.extras import needed_extra
from mock_server.plugins import Registry, registry
from mock_server.storage.interfaces import StoreFactory
from mock_server.storage.memory import MemoryStores
from mock_server.storage.sql.row_cache import LIMIT
from mock_server.storage.state_budget import StateBudget

PRIVATE = "private"
"""The query of a SQLite address whose file exists only as long as its server."""


def open_stores(address: str, worlds: int, memory: int = LIMIT, budget: StateBudget | None = None) -> StoreFactory:
    """Open what stands at an address, by the opener that is registered for its scheme.

    ``worlds`` bounds the worlds that have records of their own there, ``memory`` the bytes of what was read of a
    database and is remembered, ``budget`` what worlds have of their own in the memory of this process.

    Raises :class:`StoreError` where it cannot be opened, and :class:`MissingExtraError`. The libraries behind it are
    imported here and not before.
    """
    if address == "memory":
        return MemoryStores(budget)
    scheme = address.partition(":")[0]
    openers = registry().stores
    opener = openers.get(scheme)
    if opener is None:
        expected = ", ".join(name if name == "memory" else f"{name}:" for name in openers)
        raise StoreError(
            f"--store {redact_url(address)}: found the scheme {scheme!r}{openers.suggestion(scheme)};"
            f" expected one of {expected}. A plugin may register others."
        )
    stores: StoreFactory = opener(address, worlds, memory)
    return stores


def register(registry: Registry) -> None:
    """Register the stores that come with the server, by the scheme of their address."""
    registry.stores.add("memory", lambda address, worlds, memory: MemoryStores())
    registry.stores.add("sqlite", _open_sqlite)
    registry.stores.add("postgresql", _open_postgresql)


def _open_sqlite(address: str, worlds: int, memory: int) -> StoreFactory:
    with needed_extra("--store sqlite, or records of several workers", "sqlalchemy", "sql"):
        from mock_server.storage.sql.database import Database
        from mock_server.storage.sql.sqlite import Sqlite
        from mock_server.storage.sql.store import SqlStores
    file, _, options = address.removeprefix("sqlite:///").partition("?")
    if not file or file == ":memory:" or options not in ("", PRIVATE):
        raise StoreError(
            f"--store {address}: found no file; expected sqlite:///FILE (sqlite:////FILE for one from the root)."
            " Records in the process alone are --store memory."
        )
    driver = Sqlite(Path(unquote(file)), redact_url(address), durable=options != PRIVATE)
    return SqlStores(Database(driver, memory), worlds)


def _open_postgresql(address: str, worlds: int, memory: int) -> StoreFactory:
    with needed_extra("--store postgresql", "sqlalchemy", "postgresql"):
        from mock_server.storage.sql.database import Database
        from mock_server.storage.sql.postgresql import Postgresql
        from mock_server.storage.sql.store import SqlStores
    try:
        server = Postgresql(address, redact_url(address))
    except StoreError as error:
        raise StoreError(f"--store {redact_url(address)}: {error}") from None
    return SqlStores(Database(server, memory), worlds)


def sqlite_address(file: Path) -> str:
    """Return the address of a file that exists only as long as its server."""
    from urllib.parse import quote

    return f"sqlite:///{quote(str(file))}?{PRIVATE}"


def redact_url(address: str) -> str:
    """Return an address without user, password and options: everything that may be one of them is left out."""
    plain = address.partition("?")[0]
    scheme, separator, rest = plain.partition("://")
    if scheme == "sqlite" or not separator:
        return plain if separator else re.sub(r":.*", ":...", plain, flags=re.DOTALL)
    return f"{scheme}://{rest.rpartition('@')[2]}"
