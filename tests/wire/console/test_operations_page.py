"""The pages of operations: the list, one with its document, and that document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of
from tests.support.console import HTML, console
from tests.support.customers import ME

JSON = {"Accept": "application/json"}
KEY = f"GET {ME}"


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


def test_list_shows_what_was_met(world: httpx.Client) -> None:
    world.get(ME, headers=JSON)
    page = world.get("/__admin/operations")
    assert "1 of 4" in page.text
    assert "No operation fits" in world.get("/__admin/operations?q=nothing+like+that").text
    assert ME in world.get("/__admin/operations?q=customers+ME").text
    (entry,) = world.get("/__admin/operations", headers=JSON).json()["operations"]
    assert (entry["operation"], entry["operationId"]) == (KEY, "customer_portal:customers:get")


def test_operation_has_calls_and_a_token(world: httpx.Client) -> None:
    page = world.get("/__admin/operations/GET%20" + ME.replace("/", "%2F"))
    assert page.status_code == 200
    assert "Bearer polar_cst_" in page.text
    for name in ("curl", "Python", "TypeScript", "Go"):
        assert f'data-tab="{name}"' in page.text
    assert world.get("/__admin/operations/customer_portal:customers:get").status_code == 200
    assert world.get("/__admin/operations/GET /nowhere").status_code == 404


def test_document_of_an_operation_stands_for_itself(world: httpx.Client) -> None:
    query = {"operation": KEY, "servers": "world"}
    document = world.get("/__admin/openapi.json", params=query, headers=JSON).json()
    assert [*document["paths"]] == [ME]
    assert document["servers"] == [{"url": str(world.base_url).rstrip("/")}]
    whole = world.get("/__admin/openapi.json", headers=JSON).json()
    names = {(kind, name) for kind, section in document["components"].items() for name in section}
    assert ("schemas", "CustomerPortalCustomer") in names
    assert all(document["components"][kind][name] == whole["components"][kind][name] for kind, name in names)
    assert world.get("/__admin/openapi.json?operation=GET+/x", headers=JSON).status_code == 404
    assert world.get("/__admin/openapi.json?servers=x", headers=JSON).status_code == 400


def test_compressed_files_are_sent_as_clients_read_them(world: httpx.Client) -> None:
    page = world.get("/__admin/operations/customer_portal:customers:get").text
    path = re.findall(r'"(/__admin/static/[^"]+swagger-ui.css)"', page)[0]
    url = f"{world.base_url.scheme}://{world.base_url.netloc.decode()}{path}"
    packed = httpx.get(url, headers={"Accept-Encoding": "gzip"})
    plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


def test_several_contracts_have_own_links(tmp_path: Path) -> None:
    documents = {
        name: {
            "openapi": "3.1.0",
            "info": {"title": name, "version": "1"},
            "servers": [{"url": f"/{name}"}],
            "paths": {"/x": {"get": {"responses": {"204": {"description": "nothing"}}}}},
        }
        for name in ("a", "b")
    }
    files = [tmp_path / f"{name}.json" for name in documents]
    for file, document in zip(files, documents.values(), strict=True):
        file.write_text(json.dumps(document), encoding="utf-8")
    app = Application(Settings(contract=tuple(map(str, files)), no_cache=True))
    paths = ("/__admin/operations", "/~w/__admin/coverage")
    pages = answered(app, *(scope_of(path, accept=HTML["Accept"]) for path in paths))
    for page, prefix in zip(pages, ("", "/~w"), strict=True):
        text = page.body.decode()
        assert [*re.findall(r'href="([^"]*/operations/[^"]*)"', text)] == [
            f"{prefix}/{name}/__admin/operations/GET%20%2Fx" for name in documents
        ]
