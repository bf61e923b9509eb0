"""Several contracts at once, each under its base path."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mock_server.core.errors import ContractError, UsageError
from mock_server.http.messages import Request
from mock_server.mocking.mounts import build_mounts
from mock_server.openapi.resources import inference
from mock_server.settings import Settings
from mock_server.worlds.world import World
from tests.support.command_line import Done, assert_one_message, called
from tests.support.contracts import Document, document, operation, written
from tests.support.server_process import RunningServer


def contract(title: str, base: str | None, *paths: str, **members: object) -> Document:
    described = document({path: {"get": operation({"const": title}, operationId=f"get{title}")} for path in paths})
    servers: Document = {} if base is None else {"servers": [{"url": f"https://x.example{base}"}]}
    return {**described, "info": {"title": title, "version": "1"}, **servers, **members}


def places(directory: Path, *contracts: Document) -> tuple[str, ...]:
    return tuple(written(directory, f"contract-{index}", described) for index, described in enumerate(contracts))


def test_contracts_have_their_base_paths(tmp_path: Path, own_cache: None) -> None:
    files = places(
        tmp_path,
        contract("Pets", "/pets/v1", "/all"),
        contract("Cars", "/cars", "/all", "/{id}"),
        contract("Rest", None, "/all"),
    )
    with RunningServer(*files) as server, httpx.Client(base_url=server.url) as client:
        answers = {path: client.get(path) for path in ("/pets/v1/all", "/cars/all", "/cars/7", "/all", "/pets/all")}
        assert {path: (got.status_code, got.json() if got.is_success else None) for path, got in answers.items()} == {
            "/pets/v1/all": (200, "Pets"),
            "/cars/all": (200, "Cars"),
            "/cars/7": (200, "Cars"),
            "/all": (200, "Rest"),
            "/pets/all": (404, None),
        }
        assert client.post("/cars/all").headers["allow"] == "GET"
        health = client.get("/__admin/health").json()
        assert (health["status"], health["operations"]) == ("healthy", 4)
        assert [(entry["base_path"], entry["title"]) for entry in health["contracts"]] == [
            ("/pets/v1", "Pets"),
            ("/cars", "Cars"),
            ("/", "Rest"),
        ]
        assert client.get("/cars/__admin/openapi.json").json()["info"]["title"] == "Cars"
        assert client.get("/cars/__admin/health").json()["title"] == "Cars"
        whole = client.get("/__admin/openapi.json")
        assert (whole.status_code, "/pets/v1/__admin/openapi.json" in whole.json()["detail"]) == (404, True)
        assert client.get("/__admin/variants/getCars").status_code == 200
        assert client.get("/nowhere/__admin/health").status_code == 404
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "  GET     /pets/v1/all  200\n"
        assert server.stop() == 0


def test_contract_alone_is_served_with_and_without_its_prefix(tmp_path: Path) -> None:
    (served,) = build_mounts(Settings(contract=places(tmp_path, contract("Pets", "/v1", "/all"))))
    assert [served.router.route("GET", path).operation for path in ("/v1/all", "/all")] == ["GET /all"] * 2


def test_servers_of_operations_are_served(tmp_path: Path) -> None:
    described = contract("Pets", "/v1", "/a")
    described["paths"]["/a"]["servers"] = [{"url": "/v2/{stage}", "variables": {"stage": {"default": "live"}}}]
    described["paths"]["/a"]["get"]["servers"] = [{"url": "v3"}]
    (served,) = build_mounts(Settings(contract=places(tmp_path, described)))
    routes = {path: served.router.route("GET", path).operation for path in ("/v1/a", "/v2/live/a", "/v3/a", "/v4/a")}
    assert routes == {"/v1/a": "GET /a", "/v2/live/a": "GET /a", "/v3/a": "GET /a", "/v4/a": None}


def test_base_path_that_collides_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = places(tmp_path, contract("Pets", "/v1", "/pets"), contract("Cars", "/v1/", "/cars"))
    done: Done = called(capsys, "serve", first, second)
    assert_one_message(done)
    assert f"{second}: found the base path '/v1', which {first} has too; expected one of its own" in done.errors


def test_overlapping_operations_are_refused(tmp_path: Path) -> None:
    files = places(tmp_path, contract("Pets", None, "/v1/{x}"), contract("Cars", "/v1", "/{id}"))
    with pytest.raises(UsageError, match=r"contract-1\.json:\d+: found GET /v1/\{id\}, which .*contract-0\.json has"):
        build_mounts(Settings(contract=files))


def test_path_goes_to_contract_that_has_it(tmp_path: Path, own_cache: None) -> None:
    files = places(tmp_path, contract("Pets", None, "/v1/pets"), contract("Cars", "/v1", "/cars"))
    with RunningServer(*files) as server:
        assert httpx.get(f"{server.url}/v1/pets").json() == "Pets"
        assert httpx.get(f"{server.url}/v1/cars").json() == "Cars"


def test_overlay_says_which_of_several_contracts_it_is_for(tmp_path: Path) -> None:
    files = places(tmp_path, contract("Pets", "/pets", "/a"), contract("Cars", "/cars", "/a"))
    overlay: Document = {"overlay": "1.0.0", "actions": [{"target": "$.info", "update": {"title": "Cats"}}]}
    with pytest.raises(ContractError, match="found no extends; expected the contract that the overlay is for"):
        build_mounts(Settings(contract=files, overlay=(written(tmp_path, "overlay", overlay),)))
    named = written(tmp_path, "overlay", overlay | {"extends": "contract-0.json"})
    titles = {
        mount.base_path: mount.contract.title for mount in build_mounts(Settings(contract=files, overlay=(named,)))
    }
    assert titles == {"/pets": "Cats", "/cars": "Cars"}


def test_contracts_share_a_fixture_folder(tmp_path: Path) -> None:
    resources: Document = {
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"a": {"type": "integer"}}}}},
    }
    files = places(
        tmp_path,
        contract(
            "Pets",
            "/pets",
            "/a",
            **resources,
            **{"x-mock-resources": {"pets": {"schema": "#/components/schemas/Thing"}}},
        ),
        contract(
            "Cars",
            "/cars",
            "/a",
            **resources,
            **{"x-mock-resources": {"cars": {"schema": "#/components/schemas/Thing"}}},
        ),
    )
    directory = tmp_path / "fixtures"
    directory.mkdir()
    for name in ("pets", "cars"):
        (directory / f"{name}.yaml").write_text(f"- {{handle: {name}, a: 1}}\n", encoding="utf-8")
    served = build_mounts(Settings(contract=files, fixtures=str(directory)))
    assert [(mount.base_path, [record.handle for record in mount.store.records("pets")]) for mount in served] == [
        ("/pets", ["pets"]),
        ("/cars", []),
    ]


def test_disabled_caches_stay_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (file,) = places(tmp_path, contract("Pets", None, "/a"))
    build_mounts(Settings(contract=(file,), no_cache=True))
    assert not (tmp_path / "cache").exists()
    build_mounts(Settings(contract=(file,)))
    contents = {path: path.read_bytes() for path in (tmp_path / "cache/mock-server").iterdir()}
    assert len(contents) == 2
    for path in contents:
        path.write_bytes(b"spoilt")
    assert build_mounts(Settings(contract=(file,), no_cache=True))[0].contract.title == "Pets"
    assert {path.read_bytes() for path in contents} == {b"spoilt"}


def test_what_operations_do_is_worked_out_before_first_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = places(tmp_path, contract("Prepared", None, "/prepared"))
    (mount,) = build_mounts(Settings(contract=(file,)))
    mount.prepare()

    def refuse(_: object) -> None:
        raise AssertionError("worked out while a request waits")

    monkeypatch.setattr(inference, "infer", refuse)
    exchange = mount.engine.handle(Request("GET", "/prepared"), World(""))
    assert exchange.answer.status == 200
