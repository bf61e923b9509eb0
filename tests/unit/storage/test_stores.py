"""What every store does, wherever it keeps its records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mock_server.core.types import JSON
from mock_server.storage import Record, RecordQuery, RecordWriter, Store
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens, loaded, revision_of

pytestmark = pytest.mark.parametrize("kind", KINDS)

TOM = Record("pets", "tom", {"name": "Tom"}, "pets.yaml")
REX = Record("pets", "rex", {"name": "Rex"}, "pets.yaml")
BALL = Record("toys", "tom", {"name": "Ball"}, "toys.yaml")
IDA = Record("pets", "ida", {"name": "Ida"})


@pytest.fixture
def store(opens: Opens) -> Store:
    return loaded(opens().store("Pets"), TOM, BALL, REX)


@pytest.fixture
def layer(store: Store) -> RecordWriter:
    return store.layer("one")


def handles(records: Store | RecordWriter, search: RecordQuery | None = None) -> list[str]:
    return [record.handle for record in records.records("pets", search or RecordQuery())]


def test_record_is_found_by_key(store: Store) -> None:
    assert (store.get("pets", "tom"), store.get("toys", "tom")) == (TOM, BALL)


@pytest.mark.parametrize(
    ("resource", "handle"),
    [
        ("pets", "ball"),
        ("birds", "tom"),
        ("", ""),
        ("pets", "to"),
        ("pets", "TOM"),
        ("pets", "t\0m"),
        ("pets", "\ud800"),
        ("pets", "tom' OR '1'='1"),
        ("pets", "t%"),
        ("pets", "x" * 100_000),
    ],
)
def test_missing_record_is_none(resource: str, handle: str, store: Store) -> None:
    assert store.get(resource, handle) is None
    assert store.layer("one").get(resource, handle) is None


def test_records_of_resource_come_in_order_they_were_put(store: Store, layer: RecordWriter) -> None:
    assert [*store.records("pets")] == [TOM, REX]
    assert [*store.records("birds")] == []
    layer.add(IDA)
    layer.put(Record("pets", "ann", {}))
    layer.put(Record("pets", "tom", {"name": "Thomas"}))
    assert handles(layer) == ["tom", "rex", "ida", "ann"]
    layer.put(Record("pets", "ida", {"name": "Ada"}))
    assert handles(layer) == ["tom", "rex", "ida", "ann"]


def test_record_that_comes_again_comes_last(store: Store, layer: RecordWriter) -> None:
    layer.put(IDA)
    layer.put(Record("pets", "ann", {}))
    for again in (TOM, IDA):
        layer.delete("pets", again.handle)
        layer.put(again)
    assert handles(layer) == ["rex", "ann", "tom", "ida"]
    assert handles(layer, RecordQuery(offset=1, limit=2)) == ["ann", "tom"]
    assert handles(store) == ["tom", "rex"]


def test_loading_replaces_everything(store: Store) -> None:
    loaded(store, REX)
    assert ([*store.records("pets")], [*store.records("toys")], store.get("pets", "tom")) == ([REX], [], None)


def test_what_is_to_go_into_empty_store_leaves_other_alone(store: Store) -> None:
    assert not store.load(lambda: pytest.fail("asked for records"), only_into_empty=True)
    assert handles(store) == ["tom", "rex"]


def test_empty_store_is_loaded(opens: Opens) -> None:
    store = opens().store("Pets")
    assert store.load(lambda: [TOM], only_into_empty=True)
    assert store.get("pets", "tom") == TOM


def test_every_change_has_a_new_revision(store: Store, layer: RecordWriter) -> None:
    seen = [revision_of(layer)]
    for change in (
        lambda: loaded(store, TOM),
        lambda: layer.put(REX),
        lambda: layer.put(REX),
        lambda: layer.change(REX, IDA),
        lambda: layer.delete("pets", "tom"),
        lambda: layer.clear(),
        lambda: layer.add(IDA),
        lambda: loaded(store),
    ):
        change()
        assert revision_of(layer) not in seen[-1:]
        seen.append(revision_of(layer))
    assert len({*seen}) >= len(seen) - 1, "a world that was cleared may show what it once showed"


def test_asking_and_what_changes_nothing_are_no_change(store: Store, layer: RecordWriter) -> None:
    layer.put(IDA)
    before = (revision_of(store), revision_of(layer))
    store.get("pets", "tom")
    layer.records("pets", RecordQuery("tom"))
    assert not layer.add(TOM)
    assert not layer.delete("pets", "nobody")
    assert not layer.change(Record("pets", "ida", {"name": "Ada"}), TOM)
    assert (revision_of(store), revision_of(layer)) == before


def test_failed_load_changes_nothing(store: Store) -> None:
    def failing() -> Iterator[Record]:
        yield IDA
        raise ValueError("no more")

    before = revision_of(store)
    with pytest.raises(ValueError, match="no more"):
        store.load(failing, only_into_empty=False)
    assert ([*store.records("pets")], revision_of(store)) == ([TOM, REX], before)


def test_world_changes_own_records_only(store: Store, layer: RecordWriter) -> None:
    other, plain = store.layer("other"), store.layer("")
    before = (revision_of(store), revision_of(other), revision_of(plain))
    assert layer.put(IDA)
    assert not layer.put(Record("pets", "tom", {"name": "Thomas"}))
    assert layer.delete("pets", "rex")
    assert (handles(layer), layer.count("pets")) == (["tom", "ida"], 2)
    assert layer.get("pets", "tom") == Record("pets", "tom", {"name": "Thomas"})
    assert layer.get("pets", "rex") is None
    for one in (store, other, plain):
        assert [*one.records("pets")] == [TOM, REX]
    assert (revision_of(store), revision_of(other), revision_of(plain)) == before


def test_world_is_taken_back_to_fixtures(store: Store, layer: RecordWriter) -> None:
    layer.put(IDA)
    layer.delete("pets", "tom")
    layer.clear()
    assert [*layer.records("pets")] == [TOM, REX]
    assert layer.get("pets", "tom") == TOM
    layer.clear()


def test_handle_is_added_once_and_again_after_it_was_deleted(layer: RecordWriter) -> None:
    assert not layer.add(TOM)
    assert layer.delete("pets", "tom")
    assert not layer.delete("pets", "tom")
    assert layer.add(IDA)
    assert not layer.add(IDA)
    assert layer.add(TOM)
    assert layer.get("pets", "tom") == TOM


def test_record_is_changed_only_while_it_is_what_was_read(layer: RecordWriter) -> None:
    thomas = Record("pets", "tom", {"name": "Thomas"})
    assert layer.change(TOM, thomas)
    assert not layer.change(TOM, Record("pets", "tom", {"name": "Tim"}))
    assert not layer.change(IDA, IDA)
    assert layer.get("pets", "tom") == thomas


VALUES: list[dict[str, JSON]] = [
    {},
    {"z": 1, "a": {"y": [None, True, 1.5, 10**30, ""], "b": {}}},
    {"text": "line\nend\0 \u2028 'quote\" \\ % _ é 東京 🎉"},
    {"half": "\ud83c", "ключ": "\x7f"},
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_value_comes_back_as_it_was(value: dict[str, JSON], store: Store, layer: RecordWriter) -> None:
    record = Record("pets", "x", value, "file\udcff.yaml")
    layer.put(record)
    for records in (layer, store.layer("one") if store.is_shared else layer):
        got = records.get("pets", "x")
        assert got is not None
        assert repr(got.value) == repr(value)
    assert repr(layer.records("pets")[-1].value) == repr(value)


PEOPLE = (("Arger", "Köln"), ("bob", "100%"), ("Bob", "a_b"), ("cy", "KÖLN"), ("do", ""))
MANY = [
    Record("pets", f"{name}-{age}", {"name": name, "home": {"city": city}, "age": age, "tags": ["x", {"y": "Zoë"}]})
    for age, (name, city) in enumerate(PEOPLE)
]


@pytest.mark.parametrize(
    ("search", "indexes"),
    [
        (RecordQuery("köln"), [0, 3]),
        (RecordQuery("KÖLN"), [0, 3]),
        (RecordQuery("BOB"), [1, 2]),
        (RecordQuery("%"), [1]),
        (RecordQuery("_"), [2]),
        (RecordQuery("zoë"), [0, 1, 2, 3, 4]),
        (RecordQuery("3"), [3]),
        (RecordQuery("city"), []),
        (RecordQuery("'"), []),
        (RecordQuery("\0bob"), [1, 2]),
        (RecordQuery(handle="bob"), [1]),
        (RecordQuery(handle="Bob-"), [2]),
        (RecordQuery(handle="%"), []),
        (RecordQuery("bob", handle="B"), [2]),
        (RecordQuery(limit=2), [0, 1]),
        (RecordQuery(limit=2, offset=3), [3, 4]),
        (RecordQuery(offset=3), [3, 4]),
        (RecordQuery(offset=9, limit=1), []),
        (RecordQuery("zoë", offset=1, limit=2), [1, 2]),
    ],
    ids=repr,
)
def test_search_finds_what_it_means(search: RecordQuery, indexes: list[int], store: Store, layer: RecordWriter) -> None:
    loaded(store, *MANY)
    expected = [MANY[index].handle for index in indexes]
    assert handles(store, search) == expected
    assert handles(layer, search) == expected
    layer.put(Record("pets", "nobody", {"name": "None"}))
    layer.put(MANY[1])
    layer.delete("pets", "nobody")
    assert handles(layer, search) == expected
    whole = len(expected) if not search.offset and search.limit is None else None
    assert whole is None or (store.count("pets", search), layer.count("pets", search)) == (whole, whole)


def test_count_is_of_all_parts(store: Store, layer: RecordWriter) -> None:
    loaded(store, *MANY)
    layer.delete("pets", MANY[0].handle)
    assert (store.count("pets", RecordQuery(limit=1)), layer.count("pets", RecordQuery("zoë", limit=1, offset=2))) == (
        5,
        4,
    )


def test_contracts_have_separate_records(opens: Opens) -> None:
    stores = opens()
    pets, cars = loaded(stores.store("Pets"), TOM), loaded(stores.store("Cars"), REX)
    pets.layer("one").put(IDA)
    assert (handles(pets), handles(cars), handles(cars.layer("one"))) == (["tom"], ["rex"], ["rex"])
