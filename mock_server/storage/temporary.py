"""Records in memory for several processes: a temporary file, which is removed with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mock_server.storage.urls import sqlite_address


@contextmanager
def temporary_database(address: str) -> Iterator[str]:
    """Yield the address under which several processes find the same records.

    For ``memory`` that is a SQLite file in a directory of this user alone, which is removed afterwards.
    """
    if address != "memory":
        yield address
        return
    with TemporaryDirectory(prefix="mock-server-", ignore_cleanup_errors=True) as directory:
        yield sqlite_address(Path(directory) / "records.db")
