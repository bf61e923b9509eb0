"""Worlds: a name in the base URL is a server of one's own."""

from __future__ import annotations

import httpx
import pytest

from mock_server.errors import UsageError
from mock_server.store import MemoryStore, Record
from mock_server.worlds import World, Worlds, address_of
from tests.conftest import ME

TOM = Record("pets", "tom", {"name": "Tom"})
REX = Record("pets", "rex", {"name": "Rex"})
INDIVIDUAL = {"Authorization": "Bearer polar_cst_individual"}


def test_a_world_has_the_fixtures_until_it_changes_them() -> None:
    base = MemoryStore([TOM])
    world, other = World("one"), World("other")
    world.layer(base).put(REX)
    world.layer(base).delete("pets", "tom")
    assert [*world.store(base).records("pets")] == [REX]
    assert [*other.store(base).records("pets")] == [TOM] == [*base.records("pets")]
    world.reset()
    assert [*world.store(base).records("pets")] == [TOM]


def test_the_worlds_of_two_contracts_do_not_mix() -> None:
    pets, cars = MemoryStore([TOM]), MemoryStore([TOM])
    world = World("one")
    world.layer(pets).put(REX)
    assert world.store(cars).get("pets", "rex") is None


def test_a_world_is_the_same_until_it_is_forgotten() -> None:
    worlds = Worlds()
    first = worlds.get("a")
    assert worlds.get("a") is first
    assert worlds.get("b") is not first
    worlds.forget("a")
    assert worlds.get("a") is not first
    worlds.forget("never-was")


def test_the_least_recently_used_world_is_forgotten_first_and_the_plain_one_never() -> None:
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
def test_a_path_with_a_prefix_leads_into_a_world(path: str, raw: bytes, expected: tuple[str, str, bytes]) -> None:
    assert address_of(path, raw) == expected


@pytest.mark.parametrize("name", ["", "a b", "ä", "a" * 65, "a~"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="1 to 64 letters, digits"):
        address_of(f"/~{name}/x", b"")


def test_a_client_in_a_world_sees_the_api_and_is_redirected_within_it(server_url: str) -> None:
    answer = httpx.get(f"{server_url}/~t1{ME}", headers=INDIVIDUAL)
    assert answer.content == httpx.get(server_url + ME, headers=INDIVIDUAL).content
    redirected = httpx.get(f"{server_url}/~t1{ME}/?a=b", headers=INDIVIDUAL)
    assert redirected.headers["location"] == f"{server_url}/~t1{ME}?a=b"
    assert httpx.get(f"{server_url}/~t1/__admin/health").json()["status"] == "healthy"


def test_a_name_that_is_none_is_a_problem_that_says_so(server_url: str) -> None:
    answer = httpx.get(f"{server_url}/~{'a' * 65}{ME}")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:mock-server:problem:world")
    assert "1 to 64 letters" in answer.json()["detail"]


def test_a_world_ends_with_one_call(server_url: str) -> None:
    assert httpx.delete(f"{server_url}/~t2/__admin/").json() == {}
    assert httpx.delete(f"{server_url}/~t2/__admin").json() == {}
    assert httpx.post(f"{server_url}/~t2/__admin/reset").json() == {}
    assert httpx.get(f"{server_url}/~t2/__admin/").headers["allow"] == "DELETE"


def test_all_worlds_are_there_to_be_gone_through_and_found_without_being_made() -> None:
    worlds = Worlds(capacity=2)
    worlds.get("a")
    worlds.get("b")
    assert [world.name for world in worlds] == ["", "a", "b"]
    assert (worlds.find("a"), worlds.find("c"), worlds.find("")) == (worlds.get("a"), None, worlds.plain)
    worlds.find("b")
    worlds.get("a")
    worlds.get("c")
    assert worlds.find("b") is None
