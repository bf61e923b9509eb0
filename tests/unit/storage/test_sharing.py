"""Stores that several processes use: each sees at once what any of them changed, and all is there after a restart."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from functools import partial

import pytest

from mock_server.storage import Absence, Record, RecordQuery, RecordReader
from mock_server.storage.sql import database
from mock_server.storage.sql.cache_state import CacheState
from mock_server.storage.sql.postgresql import Postgresql
from mock_server.storage.sql.row_cache import LIMIT, Missing
from mock_server.storage.sql.sqlite import Sqlite
from tests.support.polling import until
from tests.support.store_kinds import each_kind, on_postgresql, on_sqlite
from tests.support.stores import Opens, loaded, revision_of

TOM = Record("pets", "tom", {"name": "Tom"}, "pets.yaml")
REX = Record("pets", "rex", {"name": "Rex"}, "pets.yaml")
IDA = Record("pets", "ida", {"name": "Ida"})
OLDEST = 0.2
"""Seconds that no read may be old."""


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a store has a mark of its own, as on a machine of its own."""
    for driver in (Sqlite, Postgresql):
        monkeypatch.setattr(driver, "mark", lambda _self, _name: None)


def shows(records: RecordReader, expected: Record) -> bool:
    return records.get(expected.resource, expected.handle) == expected


@each_kind
def test_all_of_it_is_there_after_a_restart(opens: Opens) -> None:
    first = opens()
    store = loaded(first.store("Pets"), TOM, REX)
    store.layer("").put(IDA)
    store.layer("one").delete("pets", "tom")
    first.close()
    again = opens().store("Pets")
    assert [*again.records("pets")] == [TOM, REX]
    assert [*again.layer("").records("pets")] == [TOM, REX, IDA]
    assert [*again.layer("one").records("pets")] == [REX]
    assert not again.load(list, only_into_empty=True)


@each_kind
def test_change_is_seen_at_once(opens: Opens) -> None:
    mine, others = loaded(opens().store("Pets"), TOM), opens().store("Pets")
    here, there = mine.layer("one"), others.layer("one")
    assert there.get("pets", "ida") is None
    assert there.get("pets", "tom") == TOM
    for number in range(20):
        ida = Record("pets", "ida", {"number": number})
        (here if number % 2 else there).put(ida)
        assert (there if number % 2 else here).get("pets", "ida") == ida
    here.delete("pets", "tom")
    assert there.get("pets", "tom") is None
    assert [record.handle for record in there.records("pets")] == ["ida"]
    there.clear()
    assert here.get("pets", "tom") == TOM
    loaded(mine, REX)
    assert (others.get("pets", "tom"), there.get("pets", "rex")) == (None, REX)


@each_kind
def test_own_rows_that_others_changed_are_seen_at_once(opens: Opens) -> None:
    here = loaded(opens().store("Pets"), TOM).layer("one")
    there = opens().store("Pets").layer("one")
    assert dict(there.own("pets")) == {}
    for number in range(5):
        ida = Record("pets", "ida", {"number": number})
        (here if number % 2 else there).put(ida)
        assert dict((there if number % 2 else here).own("pets")) == {"ida": ida}
    there.delete("pets", "tom")
    assert dict(here.own("pets")) == {"ida": ida, "tom": Absence.DELETED}
    assert dict(there.own("toys")) == {}
    here.clear()
    assert dict(there.own("pets")) == {}


@each_kind
def test_change_elsewhere_is_seen_in_time(opens: Opens, apart: None) -> None:
    here, there = loaded(opens().store("Pets"), TOM).layer("one"), opens().store("Pets").layer("one")
    revision = revision_of(there)
    for number in range(5):
        ida = Record("pets", "ida", {"number": number})
        here.put(ida)
        assert until(partial(shows, there, ida)) < OLDEST
        assert revision_of(there) not in (revision, revision_of(here))
        revision = revision_of(there)


@on_postgresql
def test_postgresql_tells_of_a_change(opens: Opens, apart: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LEASE", 3600.0)
    here, there = loaded(opens().store("Pets"), TOM).layer("one"), opens().store("Pets").layer("one")
    until(lambda: there.get("pets", "tom") == TOM)
    here.put(IDA)
    until(lambda: there.get("pets", "ida") == IDA)


@on_sqlite
def test_foreign_write_is_seen_in_time(opens: Opens, address: str, apart: None) -> None:
    store = loaded(opens().store("Pets"), TOM)
    assert store.get("pets", "tom") == TOM
    with sqlite3.connect(address.removeprefix("sqlite:///")) as other:
        other.execute("UPDATE mock_records SET value = ? WHERE handle = 'tom'", ['{"name": "Thomas"}'])
    other.close()
    changed = Record("pets", "tom", {"name": "Thomas"}, "pets.yaml")
    assert until(lambda: store.get("pets", "tom") == changed) < OLDEST


@each_kind
def test_change_in_one_world_lets_go_of_nothing_in_other(opens: Opens) -> None:
    store = loaded(opens().store("Pets"), TOM)
    one, other, plain = (store.layer(name) for name in ("one", "other", ""))
    before = [revision_of(records) for records in (other, plain, store)]
    elsewhere = opens().store("Pets").layer("one")
    elsewhere.put(IDA)
    assert one.get("pets", "ida") == IDA
    assert [revision_of(records) for records in (other, plain, store)] == before


@each_kind
def test_worlds_that_differ_have_different_revisions(opens: Opens) -> None:
    store = loaded(opens().store("Pets"), TOM)
    for name in ("", "one", "two"):
        store.layer(name).put(Record("pets", "ida", {"world": name}))
    again = opens().store("Pets")
    for base in (store, again):
        layers = [base.layer(name) for name in ("", "one", "two")]
        for _ in range(2):
            revisions = [revision_of(layer) for layer in (*layers, store.layer("other"))]
            assert len({*revisions}) == 4
            loaded(store, REX)
            assert not {revision_of(layer) for layer in (*layers, store.layer("other"))} & {*revisions}
    assert revision_of(again.layer("x")) == revision_of(again.layer("y")) == revision_of(again)


@each_kind
def test_who_missed_many_changes_sees_last(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "REMEMBERED", 8)
    here, there = loaded(opens().store("Pets"), TOM).layer("one"), opens().store("Pets").layer("one")
    assert there.get("pets", "tom") == TOM
    assert there.get("pets", "ida") is None
    here.put(IDA)
    here.put(Record("pets", "tom", {"name": "Thomas"}))
    for _ in range(150):
        here.put(REX)
    assert there.get("pets", "tom") == Record("pets", "tom", {"name": "Thomas"})
    assert there.get("pets", "ida") == IDA


@each_kind
def test_of_several_that_take_handle_at_once_one_gets_it(opens: Opens) -> None:
    loaded(opens().store("Pets"), TOM)
    layers = [opens().store("Pets").layer("one") for _ in range(4)]
    for number in range(10):
        new = Record("pets", f"new-{number}", {})
        added = at_once([partial(layer.add, new) for layer in layers])
        assert sorted(added) == [False, False, False, True]


@each_kind
def test_concurrent_changes_apply_once(opens: Opens) -> None:
    loaded(opens().store("Pets"), TOM)
    layers = [opens().store("Pets").layer("one") for _ in range(4)]
    changes = [Record("pets", "tom", {"number": number}) for number in range(4)]
    changed = at_once([partial(layer.change, TOM, new) for layer, new in zip(layers, changes, strict=True)])
    assert sorted(changed) == [False, False, False, True]


@each_kind
def test_concurrent_load_happens_once(opens: Opens) -> None:
    numbers: list[int] = []

    def start(number: int) -> bool:
        def records() -> list[Record]:
            numbers.append(number)
            return [Record("pets", f"pet-{index}", {"by": number}) for index in range(200)]

        return opens().store("Pets").load(records, only_into_empty=True)

    loads = at_once([partial(start, number) for number in range(4)])
    assert sorted(loads) == [False, False, False, True]
    assert len(numbers) == 1
    assert {record.value["by"] for record in opens().store("Pets").records("pets")} == {*numbers}


def at_once(calls: list[Callable[[], bool]]) -> list[bool]:
    """Make calls at the same time, each in a thread; what they return."""
    gate = threading.Barrier(len(calls))
    outcomes: list[bool | BaseException] = []

    def run(call: Callable[[], bool]) -> None:
        gate.wait()
        try:
            outcomes.append(call())
        except BaseException as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    done = [outcome for outcome in outcomes if isinstance(outcome, bool)]
    assert len(done) == len(calls), outcomes
    return done


@each_kind
def test_least_recently_changed_world_goes(opens: Opens) -> None:
    store = loaded(opens(3).store("Pets"), TOM)
    worlds = {name: store.layer(name) for name in ("", "a", "b", "c", "d")}
    elsewhere = opens().store("Pets").layer("b")
    for name in ("", "a", "b", "c"):
        worlds[name].put(IDA)
    worlds["a"].put(REX)
    assert elsewhere.get("pets", "ida") == IDA
    worlds["d"].put(IDA)
    held = {name: world.get("pets", "ida") is not None for name, world in worlds.items()}
    assert held == {"": True, "a": True, "b": False, "c": True, "d": True}
    assert elsewhere.get("pets", "ida") is None


def test_read_rows_are_cached() -> None:
    rows = CacheState(LIMIT).kept
    for number in range(100_000):
        rows.keep((1, "*", "pets", str(number)), TOM, 1000)
    assert 1000 < len(rows) < 10_000
    assert rows.get((1, "*", "pets", "0")) is Missing.UNKNOWN
    assert rows.get((1, "*", "pets", "99999")) is TOM
    rows.drop((1, "*", "pets", "99999"))
    rows.clear()
    assert (len(rows), rows.size) == (0, 0)


@each_kind
def test_cached_read_asks_no_database(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LEASE", 3600.0)
    layer = loaded(opens().store("Pets"), TOM).layer("one")
    layer.put(IDA)
    until(lambda: _is_read_without_asking(layer, monkeypatch))


def _is_read_without_asking(layer: object, monkeypatch: pytest.MonkeyPatch) -> bool:
    from mock_server.storage.sql import records
    from mock_server.storage.sql.layer import SqlLayer

    assert isinstance(layer, SqlLayer)
    for handle in ("ida", "tom", "nobody"):
        layer.get("pets", handle)
    rows = layer.own("pets")
    reads: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(records, "read_row", lambda *key: reads.append(key))
        patch.setattr(layer, "_own_asked_for", lambda *key: reads.append(key))
        shown = [layer.get("pets", handle) for handle in ("ida", "tom", "nobody")]
        own = layer.own("pets")
    return reads == [] and shown == [IDA, TOM, None] and own == rows == {"ida": IDA}


@each_kind
def test_search_is_of_texts_and_not_of_sql(opens: Opens) -> None:
    layer = loaded(opens().store("Pets"), TOM).layer("one")
    for text in ("'", '"', "\\", ";--", "%s", ":x", "/"):
        layer.put(Record("pets", "odd", {"text": f"a{text}b"}))
        assert [record.handle for record in layer.records("pets", RecordQuery(f"A{text}B"))] == ["odd"]
