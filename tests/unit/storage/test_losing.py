"""Stores that cannot be opened, that go away and come back, and that are full."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine, event

from mock_server.core.errors import StoreError, StoreFullError, StoreLostError
from mock_server.storage import Absence, Record, RecordChange, Store, open_stores, urls
from mock_server.storage.sql import database, schema
from mock_server.storage.sql.driver import LONGEST, PATIENCE
from tests.support.polling import until
from tests.support.postgresql import PASSWORD, WRITTEN, Postgres, running
from tests.support.store_kinds import SHARED, each_kind, on_postgresql, on_sqlite
from tests.support.stores import Opens, loaded

TOM = Record("pets", "tom", {"name": "Tom"})
IDA = Record("pets", "ida", {"name": "Ida"})


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def raw(url: str) -> sqlite3.Connection:
    return sqlite3.connect(file_of(url), isolation_level=None)


def answers(store: Store) -> bool:
    try:
        store.get("pets", "tom")
    except StoreLostError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------------- opening


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("absent/records.db", "found no directory"),
        ("", "found a directory; expected a file"),
        ("text", "file is not a database"),
        ("cut", "damaged|malformed|disk image"),
        ("scribbled", "damaged|malformed|disk image"),
    ],
)
def test_unusable_file_is_refused(place: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database at all" * 100, encoding="utf-8")
    for name in ("cut", "scribbled"):
        sound = open_stores(f"sqlite:///{tmp_path}/{name}", 10)
        loaded(sound.store("Pets"), *(Record("pets", f"pet-{number}", {"text": "x" * 900}) for number in range(200)))
        sound.close()
    whole = (tmp_path / "cut").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "scribbled").write_bytes(whole[:8192] + b"\xff" * 40_000 + whole[48_192:])
    with pytest.raises(StoreError, match=says) as refused:
        open_stores(f"sqlite:///{tmp_path}/{place}", 10)
    assert str(refused.value).startswith(f"--store sqlite:///{tmp_path}/{place}: ")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_read_only_place_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="may not write"):
        open_stores(f"sqlite:///{tmp_path}/records.db", 10)


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro"])
def test_address_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="expected sqlite:///FILE"):
        open_stores(url, 10)


def test_file_may_have_any_name(tmp_path: Path) -> None:
    name = "a b%25c?#ü'.db"
    with closing(open_stores(f"sqlite:///{tmp_path}/a b%2525c%3F%23ü'.db", 10)) as stores:
        loaded(stores.store("Pets"), TOM)
    assert (tmp_path / name).exists()


@each_kind
def test_newer_tables_are_refused(opens: Opens, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE mock_more (one TEXT)",)))
        newer.setattr(database, "MIGRATIONS", schema.MIGRATIONS)
        opens().store("Pets")
    newest = len(schema.MIGRATIONS)
    with pytest.raises(
        StoreError, match=rf"found tables of version {newest + 1}; expected at most {newest}.*newer one"
    ):
        opens()


@each_kind
def test_older_tables_are_migrated_in_order(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opens()
    loaded(first.store("Pets"), TOM)
    first.close()
    later = (("CREATE TABLE mock_more (one TEXT)",), ("INSERT INTO mock_more VALUES ('a')", "DROP TABLE mock_more"))
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, *later))
    monkeypatch.setattr(database, "MIGRATIONS", schema.MIGRATIONS)
    assert opens().store("Pets").get("pets", "tom") == TOM
    assert opens().store("Pets").get("pets", "tom") == TOM


@each_kind
def test_tables_without_hidden_members_keep_their_records(opens: Opens, address: str) -> None:
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    insertions = [
        "INSERT INTO mock_records VALUES"
        f""" (1, '{world}', 'pets', '{handle}', 7, {deleted}, '{{"name" : "X"}}', 'x', '')"""
        for handle, world, deleted in (("tom", "*", 0), ("rex", "*", 0), ("ida", "one", 0), ("rex", "one", 1))
    ]
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE mock_schema (version INTEGER PRIMARY KEY)",
            *schema.MIGRATIONS[0],
            "INSERT INTO mock_schema VALUES (1)",
            "INSERT INTO mock_state VALUES ('a store', 7)",
            "INSERT INTO mock_contracts VALUES (1, 'Pets')",
            "INSERT INTO mock_worlds VALUES (1, 'one', 7)",
            *insertions,
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    layer = opens().store("Pets").layer("one")
    tom, ida = (Record("pets", handle, {"name": "X"}) for handle in ("tom", "ida"))
    assert [*layer.records("pets")] == [ida, tom]
    assert dict(layer.own("pets")) == {"ida": ida, "rex": Absence.DELETED}
    assert layer.apply([RecordChange("pets", "ida", ida, Record("pets", "ida", {}, hidden={"sent": {}}))])


@each_kind
def test_step_that_fails_changes_nothing(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opens()
    loaded(first.store("Pets"), TOM)
    first.close()
    with monkeypatch.context() as broken:
        broken.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("DROP TABLE mock_records", "NONSENSE")))
        broken.setattr(database, "MIGRATIONS", schema.MIGRATIONS)
        with pytest.raises(StoreError, match="NONSENSE"):
            opens()
    assert opens().store("Pets").get("pets", "tom") == TOM


@on_postgresql
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((f":{WRITTEN}@", ":wrong%40word@"), "password authentication failed"),
        (("mock:", "nobody:"), "authentication failed"),
        (("127.0.0.1", "127.0.0.1:1/x?host=127.0.0.1&port=1&y="), "."),
        (("/t", "/absent_t"), "does not exist"),
    ],
    ids=["password", "user", "port", "database"],
)
def test_failed_login_hides_the_password(change: tuple[str, str], says: str, address: str) -> None:
    started = monotonic()
    with pytest.raises(StoreError, match=says) as refused:
        open_stores(address.replace(*change), 10)
    message = str(refused.value)
    assert message.startswith("--store postgresql://127.0.0.1")
    assert not [secret for secret in (PASSWORD, WRITTEN, "wrong@word", "wrong%40word", "sesame") if secret in message]
    assert monotonic() - started < 10


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mock:s3cret@127.0.0.1:1/d",
        "postgresql://mock:s3cret@127.0.0.1:port/d",
        "postgresql://127.0.0.1:1/d?password=s3cret&user=x",
        "postgresql://mock:s3/cr@et@127.0.0.1:1/d",
        "postgresql://mock:s3cret@no-such-host.invalid/d",
        "postgresql://[::1/d?password=s3cret",
    ],
)
def test_no_message_has_a_password(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        open_stores(url, 10)
    assert not [part for part in ("s3cret", "s3", "cr@et") if part in str(refused.value)]


@pytest.mark.parametrize(
    ("url", "display"),
    [
        ("postgresql://mock:s3cret@db:5432/records?sslmode=require", "postgresql://db:5432/records"),
        ("postgresql://mock:a@b@db/records", "postgresql://db/records"),
        ("postgresql:///records?password=x", "postgresql:///records"),
        ("sqlite:///a@b.db", "sqlite:///a@b.db"),
        ("memory", "memory"),
        ("postgres:mock:s3cret", "postgres:..."),
    ],
)
def test_address_is_shown_without_user_password_and_options(url: str, display: str) -> None:
    assert urls.redact_url(url) == display


# ----------------------------------------------------------------------------------------------------------- losing


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server to be stopped."""
    with running() as server:
        yield server


def assert_told_once(caplog: pytest.LogCaptureFixture) -> None:
    said = [record.getMessage() for record in caplog.records]
    assert [("is lost" in message, message.endswith("is back")) for message in said] == [
        (True, False),
        (False, True),
    ], said
    assert "sesame" not in "".join(said)


@pytest.mark.store
def test_server_that_goes_away_is_lost_and_found_again(
    own_postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_stores(own_postgres.url(), 10)) as stores:
        store = loaded(stores.store("Pets"), TOM)
        layer = store.layer("one")
        layer.put(IDA)
        before = layer.revision
        own_postgres.stop()
        until(lambda: not answers(store))
        for call in (lambda: layer.put(TOM), lambda: layer.records("pets"), lambda: layer.count("pets"), layer.clear):
            with pytest.raises(StoreLostError, match="lost"):
                call()
        lost = layer.revision
        assert lost < 0
        assert layer.revision == lost
        own_postgres.start()
        until(lambda: answers(store), 30)
        assert layer.get("pets", "ida") == IDA
        assert layer.revision > before
        assert layer.add(Record("pets", "new", {}))
    assert_told_once(caplog)


@pytest.mark.store
@pytest.mark.parametrize("was_read", [True, False], ids=["read before", "only opened"])
@pytest.mark.parametrize("call", ["read", "change"])
def test_connection_that_the_server_closed_is_replaced(call: str, was_read: bool, own_postgres: Postgres) -> None:
    others = "FROM pg_stat_activity WHERE application_name = 'mock-server'"
    with closing(open_stores(own_postgres.url(), 10)) as stores:
        store = loaded(stores.store("Pets"), TOM)
        if was_read:
            assert store.get("pets", "tom") == TOM
        with psycopg.connect(own_postgres.url(), autocommit=True) as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {others}")
        if call == "read":
            assert store.get("pets", "tom") == TOM
        else:
            store.layer("one").put(IDA)
        assert store.layer("one").get("pets", "ida") == (IDA if call == "change" else None)


@pytest.mark.store
def test_silent_server_is_given_up(own_postgres: Postgres) -> None:
    with closing(open_stores(own_postgres.url(), 10)) as stores:
        store = loaded(stores.store("Pets"), TOM)
        assert store.get("pets", "tom") == TOM
        own_postgres.freeze()
        try:
            # Once for the connection there is and once for another one, on a machine that does more than this.
            assert until(lambda: not answers(store)) < 3 * LONGEST
            started = monotonic()
            assert not answers(store)
            assert monotonic() - started < PATIENCE
        finally:
            own_postgres.thaw()
        until(lambda: answers(store), 30)


@pytest.mark.store
def test_busy_server_that_falls_silent_is_lost_and_found_again(own_postgres: Postgres) -> None:
    def fall_silent(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "ROLLBACK":
            own_postgres.freeze()

    locking = create_engine(own_postgres.url().replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with closing(open_stores(own_postgres.url(), 10)) as stores:
        store = loaded(stores.store("Pets"), TOM)
        with locking.begin() as connection:
            connection.execute(schema.STATE.update().values(revision=schema.STATE.c.revision))
            event.listen(Engine, "before_cursor_execute", fall_silent)
            try:
                with pytest.raises(StoreLostError):
                    store.layer("one").put(IDA)
            finally:
                event.remove(Engine, "before_cursor_execute", fall_silent)
                own_postgres.thaw()
        until(lambda: answers(store), 30)
        store.layer("one").put(IDA)
        assert store.layer("one").get("pets", "ida") == IDA


@on_postgresql
def test_frozen_writer_blocks_for_seconds_only(opens: Opens) -> None:
    stores, others = opens(), opens()
    store = loaded(stores.store("Pets"), TOM)
    layer, other = store.layer("one"), others.store("Pets").layer("two")
    began, goes_on = threading.Event(), threading.Event()
    refused: list[StoreLostError] = []

    def wait(*_: object) -> tuple[()]:
        began.set()
        assert goes_on.wait(60)
        return ()

    def change() -> None:
        try:
            stores._database.change(wait)  # type: ignore[attr-defined]
        except StoreLostError as error:
            refused.append(error)

    frozen = threading.Thread(target=change)
    frozen.start()
    assert began.wait(30)

    def is_changed() -> bool:
        try:
            return other.put(IDA)
        except StoreLostError:
            return False

    try:
        assert until(is_changed, 30) < 3 * LONGEST
    finally:
        goes_on.set()
        frozen.join(30)
    assert len(refused) == 1
    until(lambda: answers(store), 30)
    assert layer.put(Record("pets", "new", {}))
    assert layer.get("pets", "ida") is None


@on_sqlite
def test_file_that_is_moved_away_is_lost_and_found_again(
    opens: Opens, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = loaded(opens().store("Pets"), TOM)
    file = file_of(address)
    away = file.with_name("away.db")
    file.rename(away)
    until(lambda: not answers(store))
    with pytest.raises(StoreLostError):
        store.layer("one").put(IDA)
    assert not file.exists()
    away.rename(file)
    until(lambda: answers(store))
    assert store.layer("one").put(IDA)
    assert_told_once(caplog)


@on_sqlite
def test_other_store_in_its_place_is_not_taken_for_it(
    opens: Opens, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = loaded(opens().store("Pets"), TOM)
    other = open_stores(f"sqlite:///{tmp_path}/other.db", 10)
    other.store("Cars")
    other.close()
    file = file_of(address)
    for suffix in ("-wal", "-shm"):  # or else what it holds would be taken for the other file's
        shutil.move(f"{file}{suffix}", f"{file}.away{suffix}")
    shutil.move(tmp_path / "other.db", file)
    until(lambda: not answers(store))
    until(lambda: any("another store in its place" in record.getMessage() for record in caplog.records))
    assert not answers(store)


@on_sqlite
def test_file_that_other_program_locks_is_read_and_not_changed(
    opens: Opens, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    store = loaded(opens().store("Pets"), TOM)
    layer = store.layer("one")
    with closing(raw(address)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLostError, match="locked"):
            layer.put(IDA)
        assert layer.get("pets", "tom") == TOM
        other.execute("ROLLBACK")
    assert layer.put(IDA)
    assert caplog.record_tuples == []


# ------------------------------------------------------------------------------------------------------------- full


@on_sqlite
def test_file_that_may_grow_no_more_is_full_and_stays_sound(opens: Opens, address: str) -> None:
    stores = opens()
    store = loaded(stores.store("Pets"), TOM)
    layer = store.layer("one")
    layer.put(IDA)
    connection = stores._database._connection  # type: ignore[attr-defined]
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}").all()
    with pytest.raises(StoreFullError, match="no space left"):
        layer.put(Record("pets", "big", {"text": "x" * 100_000}))
    assert [record.handle for record in layer.records("pets")] == ["tom", "ida"]
    connection.exec_driver_sql("PRAGMA max_page_count=1000000").all()
    assert layer.put(Record("pets", "big", {"text": "x" * 100_000}))
    with closing(raw(address)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@on_postgresql
def test_server_without_room_is_full(opens: Opens, address: str) -> None:
    import psycopg

    layer = loaded(opens().store("Pets"), TOM).layer("one")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON mock_records FOR EACH ROW EXECUTE FUNCTION no_room()"
        )
        with pytest.raises(StoreFullError, match="could not extend file"):
            layer.put(IDA)
        assert layer.get("pets", "ida") is None
        connection.execute("DROP FUNCTION no_room CASCADE")
    assert layer.put(IDA)


@pytest.mark.parametrize("kind", SHARED)
def test_store_can_be_closed_twice(opens: Opens) -> None:
    stores = opens()
    store = loaded(stores.store("Pets"), TOM)
    stores.close()
    stores.close()
    with pytest.raises(StoreLostError):
        store.get("pets", "tom")
