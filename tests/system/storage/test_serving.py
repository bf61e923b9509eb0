"""Servers with a store that lasts: over restarts, between processes, with trouble below them."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from mock_server import MockServer
from mock_server.core import bundled
from mock_server.mocking.mounts import build_mounts
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.storage import Record, open_stores
from tests.support.command_line import assert_one_message, called
from tests.support.customers import ME
from tests.support.polling import until
from tests.support.server_process import RunningServer

CUSTOMERS = "/__admin/fixtures/customers"


CLIENT = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=30)
"""A connection for each request: whichever worker takes it."""


def me(url: str, token: str = "individual") -> httpx.Response:
    return CLIENT.get(url + ME, headers={"Authorization": f"Bearer polar_cst_{token}"})


def renamed(url: str, name: str, handle: str = "individual") -> httpx.Response:
    return CLIENT.patch(f"{url}{CUSTOMERS}/{handle}", json={"name": name})


def copied(url: str, handle: str, **changes: Any) -> httpx.Response:
    record = CLIENT.get(f"{url}{CUSTOMERS}/individual").json()
    return CLIENT.post(url + CUSTOMERS, json={**record, "handle": handle, **changes})


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/demo.db"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://mock:s3cret@db/records", "found 'mysql:...'; expected memory, sqlite:///FILE or postgresql://"),
        ("postgresql://mock:s3cret@127.0.0.1:1/records", "--store postgresql://127.0.0.1:1/records: found"),
        ("sqlite:///absent/demo.db", "found no directory"),
        ("sqlite:////proc/demo.db", "--store sqlite:////proc/demo.db: found"),
        ("sqlite:///pyproject.toml", "found file is not a database"),
    ],
)
def test_unusable_store_is_one_message(url: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    for done in (
        called(capsys, "serve", "--store", url),
        called(capsys, "serve", env={"MOCK_SERVER_STORE": url}),
    ):
        assert_one_message(done)
        assert says in done.errors
        assert "s3cret" not in done.errors


@pytest.mark.parametrize("command", ["check", "routes"])
def test_other_commands_leave_store_alone(
    command: str, store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(capsys, command, env={"MOCK_SERVER_STORE": store}).code == 0
    assert not [*tmp_path.iterdir()]


def test_demo_keeps_its_data_over_a_restart(own_cache: None, store: str) -> None:
    with MockServer(store=store) as server:
        assert renamed(server.url, "Ada Lovelace").status_code == 200
        assert copied(server.url, "ada").status_code == 201
        assert renamed(f"{server.url}/~one", "Grace Hopper").status_code == 200
    with MockServer(store=store) as server:
        assert me(server.url).json()["name"] == "Ada Lovelace"
        assert me(f"{server.url}/~one").json()["name"] == "Grace Hopper"
        assert me(f"{server.url}/~two").json()["name"] == "Harriet Winslade"
        assert copied(server.url, "ada").status_code == 409
        assert CLIENT.post(f"{server.url}/__admin/reset").status_code == 200
        assert me(server.url).json()["name"] == "Harriet Winslade"
        assert CLIENT.delete(f"{server.url}/~one/__admin/").status_code == 200
        assert me(f"{server.url}/~one").json()["name"] == "Harriet Winslade"


@pytest.mark.parametrize(("when", "name"), [("always", "New"), ("if-empty", "Harriet Winslade"), ("never", None)])
@pytest.mark.parametrize("kind", ["sqlite", "memory"])
def test_fixtures_are_loaded_on_request(
    when: str, name: str | None, kind: str, own_cache: None, store: str, tmp_path: Path
) -> None:
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    text = (bundled.fixtures() / "customers.yaml").read_text(encoding="utf-8")
    (fixtures / "customers.yaml").write_text(text, encoding="utf-8")
    for _ in range(2):
        with closing(open_stores(store if kind == "sqlite" else kind, 10)) as stores:
            (served,) = build_mounts(Settings(fixtures=str(fixtures), seed_store=when), stores)
            record, count = served.store.get("customers", "individual"), served.store.count("customers")
        (fixtures / "customers.yaml").write_text(text.replace("Harriet Winslade", "New"), encoding="utf-8")
    expected = "New" if kind == "memory" and name else name
    assert (record and record.value["name"], count) == (expected, 17 if name else 0)
    assert record is None or record.location == str(fixtures / "customers.yaml")


def test_changes_survive_reloaded_fixtures(own_cache: None, store: str) -> None:
    for _ in range(2):
        with MockServer(store=store, seed_store="always") as server:
            name = me(server.url).json()["name"]
            assert renamed(server.url, "Ada").status_code == 200
    assert name == "Ada"


def test_bad_fixture_loads_nothing(
    own_cache: None, store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = (bundled.fixtures() / "customers.yaml").read_text(encoding="utf-8")
    file = tmp_path / "customers.yaml"
    file.write_text(shipped + "- handle: bad\n", encoding="utf-8")
    assert_one_message(called(capsys, "serve", "--store", store, "--fixtures", str(tmp_path)))
    file.write_text(shipped, encoding="utf-8")
    with MockServer(store=store, fixtures=tmp_path) as server:
        assert CLIENT.get(server.url + CUSTOMERS).headers["x-total-count"] == "17"


def test_missing_fixture_directory_is_reported(
    own_cache: None, store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MockServer(store=store):
        pass
    done = called(capsys, "serve", "--store", store, "--fixtures", str(tmp_path / "absent"))
    assert_one_message(done)
    assert "Check --fixtures" in done.errors


def test_without_store_answers_that_need_no_record_go_on(
    own_cache: None, store: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with MockServer(store=store) as server:
        swede = me(server.url, "SE").content
        assert renamed(server.url, "Ada").status_code == 200
        (tmp_path / "demo.db").rename(tmp_path / "away.db")
        until(lambda: me(server.url).status_code == 503)
        lost = me(server.url)
        assert (lost.json()["type"], lost.headers["retry-after"]) == ("urn:mock-server:problem:store-lost", "1")
        for answer in (
            renamed(server.url, "Eva"),
            CLIENT.get(server.url + CUSTOMERS),
            CLIENT.post(f"{server.url}/__admin/reset"),
            CLIENT.delete(f"{server.url}/~w/__admin/"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert me(server.url, "SE").content == swede
        assert me(server.url, "expired").status_code == 401
        assert CLIENT.get(f"{server.url}/__admin/health").status_code == 200
        scenario = {"match": {}, "answers": [{"code": 429}]}
        assert CLIENT.post(f"{server.url}/~w/__admin/scenarios", json=scenario).status_code == 201
        assert me(f"{server.url}/~w").status_code == 429
        (tmp_path / "away.db").rename(tmp_path / "demo.db")
        until(lambda: me(server.url).status_code == 200)
        assert me(server.url).json()["name"] == "Ada"
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"], caplog.text


def test_journal_survives_failed_reset(own_cache: None, store: str, tmp_path: Path) -> None:
    with MockServer(store=store) as server:
        (tmp_path / "demo.db").rename(tmp_path / "away.db")
        until(lambda: me(server.url).status_code == 503)
        before = CLIENT.get(f"{server.url}/__admin/requests").content
        assert CLIENT.post(f"{server.url}/__admin/reset").status_code == 503
        assert CLIENT.get(f"{server.url}/__admin/requests").content == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs prlimit")
def test_full_disk_is_a_507_and_no_damage(own_cache: None, store: str, tmp_path: Path) -> None:
    limited = ["prlimit", "--fsize=300000", sys.executable, "-m", "mock_server"]
    acknowledged: list[str] = []
    with RunningServer("--store", store, program=limited) as server:
        for number in range(100):
            answer = copied(server.url, f"ada-{number}", billing_name="x" * 8000)
            if answer.status_code != 201:
                break
            acknowledged.append(f"ada-{number}")
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:mock-server:problem:store-full")
        assert me(server.url).status_code == 200
        server.stop(signal.SIGKILL)
    assert acknowledged
    with closing(sqlite3.connect(tmp_path / "demo.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with MockServer(store=store) as server:
        handles = {record["handle"] for record in CLIENT.get(server.url + CUSTOMERS).json()}
        assert {*acknowledged} <= handles
        assert copied(server.url, "bob").status_code == 201


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "interrupted"])
def test_workers_answer_alike_and_leave_nothing_behind(how: int, own_cache: None) -> None:
    with TemporaryDirectory() as temporary:  # a path of pytest's is too long for the sockets of workers
        with RunningServer("--workers", "2", env={"TMPDIR": temporary}) as server:
            private = [*Path(temporary).glob("mock-server-*")]
            assert {path.stat().st_mode & 0o777 for path in private} == {0o700}
            for number in range(20):
                world = f"{server.url}/~{number % 4}"
                assert renamed(world, f"Ada {number}").status_code == 200, server.stop()
                assert [me(world).json()["name"] for _ in range(4)] == [f"Ada {number}"] * 4
            assert server.stop(how) == 0
            assert server.errors == ""
        assert [*Path(temporary).iterdir()] == []


def test_reload_keeps_stored_changes(own_cache: None, store: str, tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    text = (bundled.fixtures() / "customers.yaml").read_text(encoding="utf-8")
    (fixtures / "customers.yaml").write_text(text, encoding="utf-8")
    for when, name in (("if-empty", "Harriet Winslade"), ("always", "New")):
        settings = Settings(store=store, fixtures=str(fixtures), seed_store=when)
        with closing(Application(settings, shares_process=True)) as application:
            (served,) = application.served
            world = application.worlds.get("one")
            world.layer(served.store).put(Record("customers", "ada", {"name": "Ada"}))
            (fixtures / "customers.yaml").write_text(text.replace("Harriet Winslade", "New"), encoding="utf-8")
            application.reload()
            (served,) = application.served
            records = application.worlds.get("one").store(served.store)
            individual, ada = records.get("customers", "individual"), records.get("customers", "ada")
            assert individual is not None
            assert (individual.value["name"], ada) == (name, Record("customers", "ada", {"name": "Ada"}))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_contracts_share_a_store_not_records(kind: str, own_cache: None, store: str, tmp_path: Path) -> None:
    pets = {"type": "object", "properties": {"name": {"type": "string"}}}
    answer = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
    files = []
    for base in ("/north", "/south"):
        name = f"pets{base[1:]}"
        fixture = {"resource": name, "selectedBy": "token"}
        operation = {"x-mock-fixture": fixture, "security": [{"key": []}], "responses": {"200": answer}}
        described = {
            "openapi": "3.1.0",
            "info": {"title": "Pets", "version": "1"},
            "servers": [{"url": base}],
            "paths": {"/pet": {"get": operation}},
            "components": {"schemas": {"Pet": pets}, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
            "x-mock-resources": {name: {"schema": "#/components/schemas/Pet"}},
            "x-mock-tokens": [{"prefix": "pet_", "schemes": ["key"], "selects": name}],
        }
        files.append(tmp_path / f"{base[1:]}.json")
        files[-1].write_text(json.dumps(described), encoding="utf-8")

    def tom(url: str) -> Any:
        return CLIENT.get(url, headers={"Authorization": "Bearer pet_tom"}).json()["name"]

    with MockServer(contract=files, store=store if kind == "sqlite" else kind) as server:
        for base in ("north", "south"):
            for world in ("", "/~one", "/~two"):
                place = f"{server.url}{world}/__admin/fixtures/pets{base}/tom"
                assert CLIENT.put(place, json={"name": f"{base} {world}"}).status_code == 201
        for _ in range(3):
            for base in ("north", "south"):
                for world in ("", "/~one", "/~two"):
                    assert tom(f"{server.url}{world}/{base}/pet") == f"{base} {world}"
        assert CLIENT.post(f"{server.url}/~one/north/__admin/reset").status_code == 200
        assert tom(f"{server.url}/~two/north/pet") == "north /~two"
        assert tom(f"{server.url}/~one/south/pet") != "south /~one"
