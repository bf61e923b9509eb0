"""Stores opened as several processes would open them."""

from __future__ import annotations

from typing import Protocol

from mock_server.storage import Record, RecordReader, Store, StoreFactory


class Opens(Protocol):
    """Opens the store of a test once more, as another process would."""

    def __call__(self, capacity: int = 100) -> StoreFactory: ...


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
