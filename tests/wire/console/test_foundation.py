"""Pages for browsers and JSON for programs at the same paths, what pages load, and who may see them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import answered, scope_of
from tests.support.console import HTML, console, origin, submitted

TINY = """\
openapi: 3.1.0
info: {title: NAME, version: '1'}
servers: [{url: /NAME}]
paths: {/x: {get: {operationId: NAME, responses: {'200': {description: Done.}}}}}
"""


@pytest.fixture
def world(server_url: str) -> Iterator[httpx.Client]:
    with console(f"{server_url}/~{uuid4()}") as client:
        yield client
        client.delete("/__admin/")


@pytest.fixture(scope="module")
def guarded() -> Application:
    """A server with a token, asked from elsewhere in these tests."""
    return Application(Settings(host="0.0.0.0", admin_token="s3cret ü"))


def test_programs_get_json_and_browsers_pages(world: httpx.Client) -> None:
    page = world.get("/__admin/")
    index = world.get("/__admin/", headers={"Accept": "*/*"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    assert index.headers["content-type"] == "application/json"
    assert {"GET", "DELETE"} <= {
        method for path in index.json()["paths"] if path["path"] == "/__admin/requests" for method in path["methods"]
    }


def test_root_leads_browsers_to_the_console(world: httpx.Client) -> None:
    answer = world.get("/")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{world.base_url.path}__admin/"
    assert world.get("/", headers={"Accept": "*/*"}).status_code == 404


def test_icons_are_in_no_journal(world: httpx.Client) -> None:
    icon = world.get("/favicon.ico", headers={"Accept": "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8"})
    assert icon.headers["content-type"] == "image/svg+xml"
    world.get("/")
    assert world.get("/__admin/requests", headers={"Accept": "*/*"}).json()["meta"]["total"] == 0


def test_page_loads_from_this_server_alone(world: httpx.Client) -> None:
    page = world.get("/__admin/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert re.findall(r"<style|<script(?! src)| style=| on[a-z]+=", page.text) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [address for address in addresses if not address.startswith(("/", "#"))] == []


def test_first_paint_is_small(world: httpx.Client) -> None:
    page = world.get("/__admin/")
    files = {*re.findall(r'"(/__admin/static/[^"]+)"', page.text)}
    root = origin(world)
    assert len(page.content) + sum(len(httpx.get(root + file).content) for file in files) < 100_000


def test_static_files_are_kept_for_good(world: httpx.Client) -> None:
    path = re.findall(r'"(/__admin/static/[^"]+css)"', world.get("/__admin/").text)[0]
    file = world.get(f"{origin(world)}{path}")
    assert "immutable" in file.headers["cache-control"]
    again = world.get(f"{origin(world)}{path}", headers={"If-None-Match": file.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert world.get("/__admin/static/0000000000000000/console.css").status_code == 404


def test_unknown_page_is_a_page(world: httpx.Client) -> None:
    page = world.get("/__admin/<script>alert(1)</script>")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page.text


def test_page_of_another_site_gets_nothing(world: httpx.Client) -> None:
    assert world.get("/__admin/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert world.get("/__admin/", headers={"Host": "evil.example"}).status_code == 403


def test_form_of_no_page_of_the_server_is_refused(world: httpx.Client) -> None:
    token = re.search(r"mock_server_forms=([^;]+)", world.get("/__admin/").headers["set-cookie"])
    assert token is not None
    fields = {"token_of_forms": token[1], "token": "x"}
    for headers in ({}, {"Origin": "http://localhost:1"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        assert world.post("/__admin/sign-in", data=fields, headers=headers).status_code == 403
    wrong = {**fields, "token_of_forms": "wrong"}
    assert world.post("/__admin/sign-in", data=wrong, headers={"Origin": origin(world)}).status_code == 403


def test_sign_in_without_a_token_of_the_server(world: httpx.Client) -> None:
    assert submitted(world, "/__admin/sign-in", "/__admin/sign-in", token="").status_code in (401, 403)


def test_elsewhere_a_page_asks_to_sign_in(guarded: Application) -> None:
    (page, program) = answered(
        guarded,
        scope_of("/__admin/?status=404", peer="10.0.0.1", accept=HTML["Accept"]),
        scope_of("/__admin/requests", peer="10.0.0.1"),
    )
    assert page.status == 401
    assert b'name="next" value="/__admin/?status=404"' in page.body
    assert (program.status, program.headers["content-type"]) == (403, "application/problem+json")


def test_cookie_of_the_token_lets_in() -> None:
    app = Application(Settings(host="0.0.0.0", admin_token="s3cret ü"))
    transport = httpx.ASGITransport(app, client=("10.0.0.1", 1))

    async def signed_in(token: str, next_page: str) -> tuple[httpx.Response, httpx.Response]:
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.example", headers=HTML) as client:
            form = await client.get("/__admin/sign-in")
            field = re.search(r'name="token_of_forms" value="([^"]*)"', form.text)
            assert field is not None
            data = {"token_of_forms": field[1], "token": token, "next": next_page}
            answer = await client.post("/__admin/sign-in", data=data, headers={"Origin": "http://mock.example"})
            return answer, await client.get("/__admin/")

    good, page = asyncio.run(signed_in("s3cret ü", "/__admin/coverage"))
    assert (good.status_code, good.headers["location"], page.status_code) == (303, "/__admin/coverage", 200)
    assert {"HttpOnly", "SameSite=Strict", "Path=/__admin"} <= {*good.headers["set-cookie"].split("; ")}
    away, _ = asyncio.run(signed_in("s3cret ü", "//evil.example/__admin/"))
    assert away.headers["location"] == "/__admin/"
    bad, page = asyncio.run(signed_in("s3cret", "/__admin/"))
    assert (bad.status_code, page.status_code) == (401, 401)
    assert "set-cookie" not in bad.headers


def test_sign_in_is_for_the_consoles_of_all_contracts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = TINY.replace("NAME", name)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    contracts = tuple(str(tmp_path / f"{name}.yaml") for name in ("a", "b"))
    app = Application(Settings(contract=contracts, host="0.0.0.0", admin_token="s3cret"))
    transport = httpx.ASGITransport(app, client=("10.0.0.1", 1))
    headers = {**HTML, "Origin": "http://mock.example"}

    async def statuses() -> list[int]:
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.example", headers=headers) as client:
            form = await client.get("/~w/a/__admin/sign-in")
            field = re.search(r'name="token_of_forms" value="([^"]*)"', form.text)
            assert field is not None
            data = {"token_of_forms": field[1], "token": "s3cret"}
            paths = ("/~w/__admin/", "/~w/a/__admin/", "/~w/b/__admin/", "/__admin/", "/~w/b/x")
            await client.post("/~w/a/__admin/sign-in", data=data)
            answers = [await client.get(path) for path in paths]
            assert "mock_server_admin" not in answers[-1].request.headers.get("cookie", "")
            await client.post("/~w/a/__admin/sign-out", data=data)
            answers += [await client.get(path) for path in paths[:3]]
            return [answer.status_code for answer in answers]

    assert asyncio.run(statuses()) == [200, 200, 200, 401, 200, 401, 401, 401]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("requests?before=x", 400),
        ("requests?status=%ff&path=%00", 200),
        ("requests?" + "&".join(f"a{number}=1" for number in range(200)), 400),
        ("requests/00000000-0000-0000-0000-000000000000", 404),
        ("fixtures/customers?offset=99999999999&sort=nothing&q=%ff", 200),
        ("fixtures/customers/x%00y", 404),
        ("static/x/%2e%2e/page.py", 404),
        ("coverage?show=x&offset=-1", 200),
        ("operations?offset=99999", 200),
        ("console/scenario", 405),
    ],
)
def test_odd_address_gets_a_page(world: httpx.Client, path: str, status: int) -> None:
    page = world.get(f"/__admin/{path}")
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert ("allow" in page.headers) == (status == 405)
