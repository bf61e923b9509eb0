"""Fixtures of tests that run over stores: in memory, in a SQLite file, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.storage import StoreFactory, open_stores
from tests.support.postgresql import Postgres, running
from tests.support.stores import Opens


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
