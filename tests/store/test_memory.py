from __future__ import annotations

from collections.abc import Iterator

import pytest

from mock_server.store import MemoryStore, Record, Store

TOM = Record("pets", "tom", {"name": "Tom"})
REX = Record("pets", "rex", {"name": "Rex"})
BALL = Record("toys", "tom", {"name": "Ball"})


@pytest.fixture
def store() -> Store:
    return MemoryStore([TOM, BALL, REX])


def test_a_record_is_got_by_resource_and_handle(store: Store) -> None:
    assert (store.get("pets", "tom"), store.get("toys", "tom")) == (TOM, BALL)


@pytest.mark.parametrize(("resource", "handle"), [("pets", "ball"), ("birds", "tom"), ("", "")])
def test_there_is_nothing_where_no_record_is(resource: str, handle: str, store: Store) -> None:
    assert store.get(resource, handle) is None


def test_the_records_of_a_resource_come_in_the_order_they_were_put(store: Store) -> None:
    assert [*store.records("pets")] == [TOM, REX]
    assert [*store.records("birds")] == []


def test_replacing_leaves_nothing_of_what_was_before(store: Store) -> None:
    store.replace([REX])
    assert ([*store.records("pets")], [*store.records("toys")], store.get("pets", "tom")) == ([REX], [], None)


def test_the_revision_grows_with_every_change(store: Store) -> None:
    revisions = [store.revision]
    for records in ([TOM], [TOM], []):
        store.replace(records)
        revisions.append(store.revision)
    assert revisions == sorted(set(revisions))


def test_asking_is_no_change(store: Store) -> None:
    before = store.revision
    store.get("pets", "tom")
    store.records("pets")
    assert store.revision == before


def test_what_was_there_stays_where_replacing_fails(store: Store) -> None:
    def failing() -> Iterator[Record]:
        yield REX
        raise ValueError("no more")

    before = store.revision
    with pytest.raises(ValueError, match="no more"):
        store.replace(failing())
    assert ([*store.records("pets")], store.revision) == ([TOM, REX], before)
