"""Servers that find each other by --peers: two addresses, one API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.command_line import assert_one_message, called
from tests.support.customers import ME
from tests.support.server_process import RunningServer
from tests.support.wire_faults import FAULTS, by_aiohttp, by_httpx
from tests.support.worker_connection import Connected

pytestmark = pytest.mark.usefixtures("own_cache")
SECRET = ("--admin-token", "s3cret")
NOBODY = "127.0.0.1:1"
_NUMBERS = count()


def place_of(server: RunningServer) -> str:
    return urlsplit(server.url).netloc


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A store that all replicas share."""
    return "--store", f"sqlite:///{tmp_path_factory.mktemp('store')}/records.db"


@pytest.fixture(scope="module")
def servers(store: tuple[str, str]) -> Iterator[tuple[RunningServer, RunningServer]]:
    """The second finds the first, which hears of it from there."""
    with (
        RunningServer("--peers", NOBODY, *SECRET, *store) as first,
        RunningServer("--host", "127.0.0.2", "--peers", f"{place_of(first)},{NOBODY}", *SECRET, *store) as second,
    ):
        yield first, second
        assert (second.stop(), first.stop()) == (0, 0)
    assert (first.errors, second.errors) == ("", "")


@pytest.fixture
def replicas(servers: tuple[RunningServer, RunningServer]) -> Iterator[tuple[str, Connected, Connected]]:
    """A world that nobody has seen, its owner, and the other replica."""
    world = f"w{next(_NUMBERS)}"
    with Connected(servers[0].url) as first, Connected(servers[1].url) as second:
        yield (world, first, second) if first.owns(world) else (world, second, first)


def test_scenario_plays_once_for_both(replicas: tuple[str, Connected, Connected]) -> None:
    world, owner, other = replicas
    other.start(world, {"code": 429, "times": 2}, {"pass": True})
    assert [*other.me(world), *owner.me(world), *other.me(world), *owner.me(world)] == [429, 429, 200, 200]
    for one in (owner, other):
        assert one.client.post(f"/~{world}/__admin/requests/verify", json={"times": 4}).status_code == 200
        listed = one.told(f"/~{world}/__admin/requests")["requests"]
        assert {urlsplit(entry["request"]["absoluteUrl"]).hostname for entry in listed} == {"127.0.0.1", "127.0.0.2"}
    other.client.post(f"/~{world}/__admin/reset")
    assert [*owner.me(world), *other.me(world)] == [200, 200]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("client", "kind"), [(by_httpx, 1), (by_aiohttp, 2)], ids=["httpx", "aiohttp"])
def test_fault_reaches_client_of_other(
    replicas: tuple[str, Connected, Connected], fault: str, client: Callable[[str], str], kind: int
) -> None:
    world, _, other = replicas
    other.start(world, FAULTS[fault][0])
    said = client(f"{str(other.client.base_url).rstrip('/')}/~{world}{ME}")
    wanted = FAULTS[fault][kind]
    assert said.removeprefix("ConnectionReset") in (wanted, "Error" if wanted else "")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "s3cret"}])
def test_what_replicas_ask_each_other_is_for_those_who_have_token(
    servers: tuple[RunningServer, RunningServer], headers: dict[str, str]
) -> None:
    for server in servers:
        ping = {"name": "x", "serves": ""}
        answer = httpx.post(f"{server.url}/__admin/peers/ping", json=ping, headers=headers)
        assert (answer.status_code, answer.content) == (401, b"")
        known = httpx.post(f"{server.url}/__admin/peers/ping", json=ping, headers={"Authorization": "Bearer s3cret"})
        assert (known.status_code, known.json()["known"]) == (200, False)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("--admin-token", "another"), "takes another token; expected that of --admin-token"),
        ((*SECRET, "--seed", "7"), "serves another contract, or was started with another seed"),
    ],
)
def test_incompatible_replica_is_left_out(
    servers: tuple[RunningServer, RunningServer], store: tuple[str, str], others: tuple[str, ...], said: str
) -> None:
    with RunningServer("--peers", f"{place_of(servers[0])}", *others, *store) as odd:
        with Connected(odd.url) as one, Connected(servers[0].url) as first:
            assert one.others() == set()
            assert len(first.others()) == 1
        assert odd.stop() == 0
    (line,) = odd.errors.splitlines()
    assert line.startswith(f"WARNING: peers: {place_of(servers[0])} {said}")


def test_stopping_replica_hands_over(store: tuple[str, str]) -> None:
    with RunningServer("--peers", NOBODY, *SECRET, *store) as first:
        with Connected(first.url) as one:
            one.start("w", {"code": 429, "times": 20}, {"pass": True})
            given = 0
            for _ in range(3):
                with RunningServer("--peers", place_of(first), *SECRET, *store) as second, Connected(second.url) as two:
                    assert {*one.me("w"), *two.me("w"), *one.me("w")} == {429}
                    given += 3
                    assert second.stop() == 0
                assert second.errors == ""
                assert one.others() == set()
            assert one.me("w", times=20 - given + 1) == [429] * (20 - given) + [200]
        assert first.stop() == 0
    assert first.errors == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--peers", "mock:4010"), "--peers: found no --admin-token; expected the token by which replicas"),
        (("--peers", "mock"), "--peers: found 'mock'; expected HOST:PORT, or several with commas between them"),
        (("--peers", "http://mock:4010", *SECRET), "expected HOST:PORT"),
        (("--peers", "mock:0", *SECRET), "expected HOST:PORT"),
        (("--peers", "mock:99999", *SECRET), "expected HOST:PORT"),
        (("--peers", "mock:4010", "--workers", "2", *SECRET), "expected one process. Run more replicas instead."),
    ],
)
def test_conflicting_flags_are_refused(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = called(capsys, "serve", *arguments)
    assert_one_message(done)
    assert said in done.errors


def test_replicas_that_share_no_records_are_told_so() -> None:
    with RunningServer("--peers", NOBODY, *SECRET) as server:
        assert server.stop() == 0
    (line,) = server.errors.splitlines()
    assert line.startswith("WARNING: --peers: found --store memory; expected one that all replicas share.")


def test_access_log_and_journal_share_ids(store: tuple[str, str]) -> None:
    options = ("--access-log", "--log-format", "json", *SECRET, *store)
    with (
        RunningServer("--peers", NOBODY, *options) as first,
        RunningServer("--peers", place_of(first), *options) as second,
        Connected(first.url) as one,
        Connected(second.url) as two,
    ):
        world = next(name for name in (f"w{number}" for number in range(100)) if one.owns(name))
        two.start(world, {"code": 429})
        assert two.me(world) == [429]
        (entry,) = one.told(f"/~{world}/__admin/requests")["requests"]
        assert (second.stop(), first.stop()) == (0, 0)
    lines = [json.loads(line) for line in second.errors.splitlines()]
    (told,) = [line for line in lines if line.get("operation")]
    assert (told["request_id"], told["world"], told["status"]) == (entry["id"], world, 429)
    assert told["operation"] == entry["operation"]
