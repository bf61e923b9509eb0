"""Changes that are made all or not at all, and the rows that a world has itself; wherever a store keeps its records."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from mock_server.core.types import JSON
from mock_server.storage import Absence, OwnRow, Record, RecordChange, RecordQuery, RecordWriter, Store
from tests.support.store_kinds import KINDS
from tests.support.stores import Opens, loaded, revision_of

pytestmark = pytest.mark.parametrize("kind", KINDS)

TOM = Record("pets", "tom", {"name": "Tom"}, "pets.yaml")
REX = Record("pets", "rex", {"name": "Rex"}, "pets.yaml")
IDA = Record("pets", "ida", {"name": "Ida"}, hidden={"scope": {"owners": "1"}})
UNTOUCHED, DELETED = Absence.UNTOUCHED, Absence.DELETED


@pytest.fixture
def store(opens: Opens) -> Store:
    return loaded(opens().store("Pets"), TOM, REX)


@pytest.fixture
def layer(store: Store) -> RecordWriter:
    return store.layer("one")


def change(before: OwnRow, after: OwnRow, handle: str = "", resource: str = "pets") -> RecordChange:
    record = after if isinstance(after, Record) else before
    if isinstance(record, Record):
        resource, handle = record.resource, record.handle
    return RecordChange(resource, handle, before, after)


def named(handle: str, resource: str = "pets", **value: JSON) -> Record:
    return Record(resource, handle, value)


def handles(records: RecordWriter | Store) -> list[str]:
    return [record.handle for record in records.records("pets")]


def test_changes_are_made_together(layer: RecordWriter) -> None:
    thomas = named("tom", name="Thomas")
    key = named("email.ada", "pets#keys", record="ida")
    assert layer.apply([change(UNTOUCHED, thomas), change(UNTOUCHED, IDA), change(UNTOUCHED, key)])
    assert [layer.get("pets", handle) for handle in ("tom", "rex", "ida")] == [thomas, REX, IDA]
    assert layer.get("pets#keys", "email.ada") == key
    assert handles(layer) == ["tom", "rex", "ida"]


@pytest.mark.parametrize(
    "wrong",
    [
        change(named("tom", name="Tim"), named("tom", name="Thomas")),
        change(UNTOUCHED, named("ida")),
        change(DELETED, named("ann")),
        change(named("ann"), UNTOUCHED),
        change(UNTOUCHED, DELETED, "rex"),
        change(Record("pets", "ida", IDA.value), named("ida")),
        change(Record("pets", "ida", IDA.value, hidden={"scope": {"owners": "2"}}), named("ida")),
        change(Record("pets", "ida", {}, hidden=IDA.hidden), named("ida")),
    ],
    ids=str,
)
def test_nothing_is_changed_where_a_row_is_not_what_it_was(wrong: RecordChange, layer: RecordWriter) -> None:
    layer.put(IDA)
    layer.delete("pets", "rex")
    before, rows = revision_of(layer), layer.own("pets")
    assert not layer.apply([change(UNTOUCHED, named("new")), wrong])
    assert not layer.apply([wrong, change(UNTOUCHED, named("new"))])
    assert (revision_of(layer), layer.own("pets")) == (before, rows)


def test_where_a_record_came_from_does_not_matter(layer: RecordWriter) -> None:
    layer.put(Record("pets", "ida", {"name": "Ida"}, "here.yaml:3"))
    assert layer.apply([change(named("ida", name="Ida"), named("ida", name="Ada"))])


def test_a_row_may_be_changed_twice(layer: RecordWriter) -> None:
    first, second = named("ida", number=1), named("ida", number=2)
    assert layer.apply([change(UNTOUCHED, first), change(first, second)])
    assert layer.get("pets", "ida") == second
    assert not layer.apply([change(second, first), change(second, first)])
    assert layer.get("pets", "ida") == second


def test_of_threads_that_take_a_key_one_gets_it(layer: RecordWriter) -> None:
    def take(number: int) -> bool:
        key = named(f"key-{number % 20}", "pets#keys", by=number)
        return layer.apply([change(UNTOUCHED, named(f"pet-{number}")), change(UNTOUCHED, key)])

    with ThreadPoolExecutor(4) as threads:
        outcomes = [*threads.map(take, range(80))]
    assert outcomes.count(True) == len(layer.own("pets")) == len(layer.own("pets#keys")) == 20
    taken = {row.value["by"] for row in layer.own("pets#keys").values() if isinstance(row, Record)}
    assert taken == {number for number, is_taken in enumerate(outcomes) if is_taken}


def test_no_changes_are_always_made(layer: RecordWriter) -> None:
    assert layer.apply([])
    assert layer.own("pets") == {}


def test_rows_of_its_own_are_told_from_those_it_began_with(store: Store, layer: RecordWriter) -> None:
    assert [layer.own_row("pets", handle) for handle in ("tom", "ida", "")] == [UNTOUCHED] * 3
    layer.put(IDA)
    layer.delete("pets", "rex")
    store.layer("two").put(named("ann"))
    layer.put(named("ann", "toys"))
    expected: Mapping[str, OwnRow] = {"rex": DELETED, "ida": IDA}
    assert dict(layer.own("pets")) == expected
    assert [layer.own_row("pets", handle) for handle in ("rex", "ida", "ann")] == [DELETED, IDA, UNTOUCHED]
    assert dict(store.own("pets")) == {}
    assert store.own_row("pets", "tom") is UNTOUCHED


def test_own_rows_come_in_the_order_in_which_they_came(layer: RecordWriter) -> None:
    new = [named(handle) for handle in ("z", "b", "y", "a")]
    assert layer.apply([change(UNTOUCHED, record) for record in new])
    layer.put(named("m"))
    layer.put(named("b", name="Bea"))
    assert [*layer.own("pets")] == ["z", "b", "y", "a", "m"]
    assert handles(layer) == ["tom", "rex", "z", "b", "y", "a", "m"]
    layer.delete("pets", "z")
    layer.put(named("z"))
    assert [handle for handle, row in layer.own("pets").items() if isinstance(row, Record)] == ["b", "y", "a", "m", "z"]


def test_own_rows_stay_as_they_were_read(layer: RecordWriter) -> None:
    layer.put(IDA)
    rows = layer.own("pets")
    layer.put(named("ida", name="Ada"))
    layer.put(named("ann"))
    assert dict(rows) == {"ida": IDA}
    rows = layer.own("pets")
    layer.clear()
    assert [*rows] == ["ida", "ann"]
    assert dict(layer.own("pets")) == {}


def test_what_it_began_with_is_shown_again(layer: RecordWriter) -> None:
    thomas = named("tom", name="Thomas")
    layer.put(thomas)
    layer.put(IDA)
    layer.delete("pets", "rex")
    assert layer.apply([change(thomas, UNTOUCHED), change(IDA, UNTOUCHED), change(DELETED, UNTOUCHED, "rex")])
    assert ([*layer.records("pets")], layer.count("pets"), dict(layer.own("pets"))) == ([TOM, REX], 2, {})
    assert layer.get("pets", "ida") is None


def test_a_handle_that_was_never_there_may_be_deleted(layer: RecordWriter) -> None:
    assert layer.apply([change(UNTOUCHED, DELETED, "ann")])
    assert layer.own_row("pets", "ann") is DELETED
    assert (layer.get("pets", "ann"), handles(layer), layer.count("pets")) == (None, ["tom", "rex"], 2)


def test_hidden_members_are_kept_beside_the_value(store: Store, layer: RecordWriter) -> None:
    layer.put(IDA)
    for records in (layer, store.layer("one") if store.is_shared else layer):
        for record in (records.get("pets", "ida"), records.records("pets")[-1], records.own("pets")["ida"]):
            assert isinstance(record, Record)
            assert (record, dict(record.hidden)) == (IDA, {"scope": {"owners": "1"}})
    assert layer.records("pets", RecordQuery("owners")) == []
    layer.put(named("ida", name="Ida"))
    ida = layer.get("pets", "ida")
    assert ida is not None
    assert dict(ida.hidden) == {}


def test_every_state_of_a_resource_has_a_version(store: Store, layer: RecordWriter) -> None:
    seen = [version_of(layer, "pets")]
    for step in (
        lambda: layer.apply([change(UNTOUCHED, IDA)]),
        lambda: layer.apply([change(IDA, DELETED)]),
        lambda: layer.apply([change(DELETED, UNTOUCHED, "ida"), change(UNTOUCHED, TOM)]),
        lambda: layer.put(named("tom")),
        lambda: loaded(store, REX),
        lambda: layer.delete("pets", "rex"),
    ):
        step()
        assert version_of(layer, "pets") not in seen
        seen.append(version_of(layer, "pets"))
    assert version_of(layer, "pets") == seen[-1]


def test_version_is_of_one_resource_where_that_is_known(store: Store, layer: RecordWriter) -> None:
    before = version_of(layer, "pets")
    layer.put(named("ball", "toys"))
    layer.get("pets", "tom")
    assert (version_of(layer, "pets") == before) is not store.is_shared
    assert version_of(store.layer("two"), "pets") == before


def test_refused_changes_leave_versions_alone(layer: RecordWriter) -> None:
    layer.put(IDA)
    before = version_of(layer, "pets")
    assert not layer.apply([change(UNTOUCHED, named("ann")), change(UNTOUCHED, IDA)])
    assert version_of(layer, "pets") == before


def version_of(records: RecordWriter | Store, resource: str) -> int:
    revision_of(records)
    return records.version(resource)
