"""Worlds: a name in the base URL is a server of one's own."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from mock_server.core.errors import UsageError
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.storage import MemoryStore, Record
from mock_server.worlds.world import World, Worlds, address_of
from tests.support.asgi import answered, scope_of
from tests.support.customers import ME

TOM = Record("pets", "tom", {"name": "Tom"})
REX = Record("pets", "rex", {"name": "Rex"})
INDIVIDUAL = {"Authorization": "Bearer polar_cst_individual"}


def test_world_starts_with_fixtures() -> None:
    base = MemoryStore([TOM])
    world, other = World("one"), World("other")
    world.layer(base).put(REX)
    world.layer(base).delete("pets", "tom")
    assert [*world.store(base).records("pets")] == [REX]
    assert [*other.store(base).records("pets")] == [TOM] == [*base.records("pets")]
    world.reset()
    assert [*world.store(base).records("pets")] == [TOM]


def test_worlds_of_two_contracts_do_not_mix() -> None:
    pets, cars = MemoryStore([TOM]), MemoryStore([TOM])
    world = World("one")
    world.layer(pets).put(REX)
    assert world.store(cars).get("pets", "rex") is None


def test_world_lives_until_forgotten() -> None:
    worlds = Worlds()
    first = worlds.get("a")
    assert worlds.get("a") is first
    assert worlds.get("b") is not first
    worlds.forget("a")
    assert worlds.get("a") is not first
    worlds.forget("never-was")


def test_least_recently_used_world_goes_first() -> None:
    worlds = Worlds(capacity=2)
    plain, first, second = worlds.get(""), worlds.get("a"), worlds.get("b")
    worlds.get("a")
    worlds.get("c")
    assert (worlds.get("a"), worlds.get(""), len(worlds)) == (first, plain, 3)
    assert worlds.get("b") is not second


@pytest.mark.parametrize(
    ("path", "raw", "expected"),
    [
        ("/~t-1/v1/a b", b"/~t-1/v1/a%20b", ("t-1", "/v1/a b", b"/v1/a%20b")),
        ("/~t-1/v1", b"/%7Et%2D1/v1", ("t-1", "/v1", b"/v1")),
        ("/~A.b_c", b"/~A.b_c", ("A.b_c", "/", b"/")),
        ("/~a/", b"", ("a", "/", b"")),
        ("/~a/~b/c", b"/~a/~b/c", ("a", "/~b/c", b"/~b/c")),
    ],
)
def test_path_with_prefix_leads_into_world(path: str, raw: bytes, expected: tuple[str, str, bytes]) -> None:
    assert address_of(path, raw) == expected


@pytest.mark.parametrize("name", ["", "a b", "ä", "a" * 65, "a~"])
def test_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="1 to 64 letters, digits"):
        address_of(f"/~{name}/x", b"")


def test_client_in_world_sees_api_and_is_redirected_within_it(server_url: str) -> None:
    answer = httpx.get(f"{server_url}/~t1{ME}", headers=INDIVIDUAL)
    assert answer.content == httpx.get(server_url + ME, headers=INDIVIDUAL).content
    redirected = httpx.get(f"{server_url}/~t1{ME}/?a=b", headers=INDIVIDUAL)
    assert redirected.headers["location"] == f"{server_url}/~t1{ME}?a=b"
    assert httpx.get(f"{server_url}/~t1/__admin/health").json()["status"] == "healthy"


def test_invalid_name_is_a_problem(server_url: str) -> None:
    answer = httpx.get(f"{server_url}/~{'a' * 65}{ME}")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:mock-server:problem:world")
    assert "1 to 64 letters" in answer.json()["detail"]


def test_world_ends_with_one_call(server_url: str) -> None:
    assert httpx.delete(f"{server_url}/~t2/__admin/").json() == {}
    assert httpx.delete(f"{server_url}/~t2/__admin").json() == {}
    assert httpx.post(f"{server_url}/~t2/__admin/reset").json() == {}
    assert httpx.put(f"{server_url}/~t2/__admin/").headers["allow"] == "DELETE, GET, HEAD"


def test_worlds_are_listed_without_creation() -> None:
    worlds = Worlds(capacity=2)
    worlds.get("a")
    worlds.get("b")
    assert [world.name for world in worlds] == ["", "a", "b"]
    assert (worlds.find("a"), worlds.find("c"), worlds.find("")) == (worlds.get("a"), None, worlds.plain)
    worlds.find("b")
    worlds.get("a")
    worlds.get("c")
    assert worlds.find("b") is None


def test_world_with_changes_is_not_forgotten_for_worlds_without() -> None:
    base = MemoryStore([TOM])
    bounds: Counter[str] = Counter()
    worlds = Worlds(capacity=3, bounds=bounds)
    worlds.get("records").layer(base).put(REX)
    worlds.hub.advance_clock("clock", 60)
    for number in range(20):
        worlds.get(f"evil{number}")
    assert [*worlds.get("records").store(base).records("pets")] == [TOM, REX]
    assert worlds.get("clock").has_changes
    assert (len(worlds), bounds["max_worlds"]) == (4, 19)


def test_evicting_changed_world_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    base = MemoryStore([TOM])
    worlds = Worlds(capacity=2)
    for number in range(5):
        worlds.get(f"w{number}").layer(base).put(REX)
    assert [world.name for world in worlds] == ["", "w4", "w3"]
    (line,) = [one.getMessage() for one in caplog.records]
    assert "the last one is w0" in line
    assert "--max-worlds" in line


PAGE = {"sec_fetch_site": "cross-site", "origin": "https://evil.example"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (PAGE, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "https://127.0.0.1:3000"}, 200),
        ({"sec_fetch_site": "cross-site", "origin": "https://shop.example"}, 200),
        ({"sec_fetch_site": "same-site", "origin": "http://localhost:3000"}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({}, 200),
    ],
)
def test_cross_site_page_makes_no_world(headers: dict[str, str], status: int, own_cache: None) -> None:
    app = Application(Settings(allowed_host=("shop.example",)), shares_process=True)
    (got,) = answered(app, scope_of(f"/~new{ME}", authorization="Bearer polar_cst_individual", **headers))
    assert (got.status, app.worlds.find("new") is not None) == (status, status == 200)


def test_cross_site_page_is_answered_in_world_that_is_there(own_cache: None) -> None:
    app = Application(Settings(), shares_process=True)
    answered(app, scope_of(f"/~known{ME}"))
    (got,) = answered(app, scope_of(f"/~known{ME}", authorization="Bearer polar_cst_individual", **PAGE))
    assert got.status == 200
