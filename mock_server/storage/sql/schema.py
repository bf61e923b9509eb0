"""The tables of a store, and the migrations to each version of them.

Records are rows of a contract, a world, a resource and a handle. The world ``*`` has what every world starts with, the
fixtures; a row of another world hides it, and is ``deleted`` where that world has deleted the record. ``position``
orders, a search examines ``texts``; ``hidden`` is empty where a record has nothing hidden. ``mock_worlds`` counts the
records of each world. Each change has the next revision; ``mock_changes`` tells for the last of them what was changed,
so that other processes forget only that. ``mock_history`` has the last change sets of each world and
``mock_snapshots`` its snapshots, whose rows are those of a world of their own: its name begins with ``#`` and stands in
``rows``.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Double, Integer, MetaData, Table, Text, inspect, select

from mock_server.core.errors import StoreError

EVERY_WORLD = "*"
"""The world of the fixtures: no world has this name."""
SNAPSHOT = "#"
"""What the names begin with under which the rows of snapshots are kept: no world's name does."""

_METADATA = MetaData()
SCHEMA = Table("mock_schema", _METADATA, Column("version", Integer, primary_key=True))
STATE = Table(
    "mock_state",
    _METADATA,
    Column("name", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
CONTRACTS = Table(
    "mock_contracts",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)
RECORDS = Table(
    "mock_records",
    _METADATA,
    Column("contract", Integer, primary_key=True),
    Column("world", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("handle", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("value", Text, nullable=False),
    Column("texts", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("hidden", Text, nullable=False),
)
WORLDS = Table(
    "mock_worlds",
    _METADATA,
    Column("contract", Integer, primary_key=True),
    Column("world", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
)
CHANGES = Table(
    "mock_changes",
    _METADATA,
    Column("revision", BigInteger, nullable=False, index=True),
    Column("contract", Integer, nullable=False),
    Column("world", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("handle", Text, nullable=False),
)
HISTORY = Table(
    "mock_history",
    _METADATA,
    Column("contract", Integer, primary_key=True),
    Column("world", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", Double, nullable=False),
    Column("operation", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("changes", Text, nullable=False),
)
SNAPSHOTS = Table(
    "mock_snapshots",
    _METADATA,
    Column("contract", Integer, primary_key=True),
    Column("world", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("rows", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("records", BigInteger, nullable=False),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE mock_state (name TEXT PRIMARY KEY, revision BIGINT NOT NULL)",
        "CREATE TABLE mock_contracts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        """CREATE TABLE mock_records (
            contract INTEGER NOT NULL REFERENCES mock_contracts (id),
            world TEXT NOT NULL CHECK (length(world) <= 64),
            resource TEXT NOT NULL,
            handle TEXT NOT NULL CHECK (length(handle) BETWEEN 1 AND 64),
            position BIGINT NOT NULL,
            deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
            value TEXT NOT NULL,
            texts TEXT NOT NULL,
            location TEXT NOT NULL,
            PRIMARY KEY (contract, world, resource, handle)
        )""",
        "CREATE INDEX mock_records_in_order ON mock_records (contract, world, resource, position, handle)",
        """CREATE TABLE mock_worlds (
            contract INTEGER NOT NULL REFERENCES mock_contracts (id),
            world TEXT NOT NULL,
            revision BIGINT NOT NULL,
            PRIMARY KEY (contract, world)
        )""",
        """CREATE TABLE mock_changes (
            revision BIGINT NOT NULL,
            contract INTEGER NOT NULL,
            world TEXT NOT NULL,
            resource TEXT NOT NULL,
            handle TEXT NOT NULL
        )""",
        "CREATE INDEX mock_changes_in_order ON mock_changes (revision)",
    ),
    (
        "ALTER TABLE mock_records ADD COLUMN hidden TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE mock_worlds ADD COLUMN records BIGINT NOT NULL DEFAULT 0",
        """UPDATE mock_worlds SET records = (
            SELECT count(*) FROM mock_records
            WHERE mock_records.contract = mock_worlds.contract AND mock_records.world = mock_worlds.world
            AND mock_records.deleted = 0
        )""",
        """CREATE TABLE mock_history (
            contract INTEGER NOT NULL REFERENCES mock_contracts (id),
            world TEXT NOT NULL,
            number BIGINT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            operation TEXT NOT NULL,
            entry TEXT NOT NULL,
            changes TEXT NOT NULL,
            PRIMARY KEY (contract, world, number)
        )""",
        """CREATE TABLE mock_snapshots (
            contract INTEGER NOT NULL REFERENCES mock_contracts (id),
            world TEXT NOT NULL,
            name TEXT NOT NULL,
            rows TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            records BIGINT NOT NULL,
            PRIMARY KEY (contract, world, name)
        )""",
    ),
)
"""The statements of each version, in order, for both databases. A version that was released is never changed."""


def version_of(connection: Connection) -> int:
    """Return the version of the tables, 0 where there are none.

    Raises :class:`StoreError` for one that this program does not know.
    """
    if not inspect(connection).has_table(SCHEMA.name):
        return 0
    version = max(connection.execute(select(SCHEMA.c.version)).scalars(), default=0)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"found tables of version {version}; expected at most {len(MIGRATIONS)}, which is what this mock-server"
            " knows. Use the mock-server that wrote them or a newer one, or another store."
        )
    return version


def migrate(connection: Connection) -> bool:
    """Migrate the tables to the next version, in a transaction that keeps others out; return whether there was one."""
    version = version_of(connection)
    if version == len(MIGRATIONS):
        return False
    if version == 0 and not inspect(connection).has_table(SCHEMA.name):
        connection.exec_driver_sql("CREATE TABLE mock_schema (version INTEGER PRIMARY KEY)")
    for statement in MIGRATIONS[version]:
        connection.exec_driver_sql(statement)
    connection.execute(SCHEMA.insert().values(version=version + 1))
    return True
