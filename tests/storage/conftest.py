"""The stores that the tests of this room run over: in memory, in a SQLite file, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from mock_server.storage import Record, RecordReader, Store, StoreFactory, open_stores
from tests.postgresql import Postgres, running

KINDS = ("memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.store))
SHARED = KINDS[1:]


class Opens(Protocol):
    """Opens the store of a test once more, as another process would."""

    def __call__(self, capacity: int = 100) -> StoreFactory: ...


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture
def address(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty store of a kind."""
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        with server.database() as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path}/records.db" if kind == "sqlite" else kind


@pytest.fixture
def opens(address: str) -> Iterator[Opens]:
    """Open the store, as often as one likes: as so many processes would."""
    opened: list[StoreFactory] = []

    def open_one(capacity: int = 100) -> StoreFactory:
        opened.append(open_stores(address, capacity))
        return opened[-1]

    yield open_one
    for stores in opened:
        stores.close()


def loaded(store: Store, *records: Record) -> Store:
    """The store, holding these records."""
    assert store.load(lambda: records, only_into_empty=False)
    return store


def revision_of(records: RecordReader) -> int:
    """Return the number of what records show; it is known as soon as they were asked for one of late."""
    while True:
        records.get("pets", "tom")
        if (revision := records.revision) >= 0:
            return revision
