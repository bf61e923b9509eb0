"""Hubs that cannot be used: each error says what was found, and none has a password in it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest

from mock_server.core.errors import HubError, HubFullError, HubLostError
from mock_server.hub import Question, SharedScenario
from mock_server.hub.model import ClockState, KeyQuestion, WindowQuestion
from mock_server.hub.valkey import ValkeyHub
from mock_server.hub.valkey_connection import ValkeyServer
from tests.support.hubs import coverage_note, journal_note, wait_until
from tests.support.valkey_server import free_port, running_valkey

SECRET = "s3cr3t"


def refusal(address: str) -> HubError:
    with pytest.raises(HubError) as raised:
        ValkeyServer(address)
    assert SECRET not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"http://u:{SECRET}@h", "found the scheme 'http'"),
        ("nothing", "found the scheme ''"),
        (f"valkey://u:{SECRET}@h:port", "no number"),
        (f"valkey://u:{SECRET}@h/db", "no number"),
    ],
)
def test_an_address_is_refused(address: str, expected: str) -> None:
    assert expected in str(refusal(address))


def test_no_server_is_lost() -> None:
    error = refusal(f"redis://u:{SECRET}@127.0.0.1:{free_port()}")
    assert isinstance(error, HubLostError)
    assert "found no server that answers" in str(error)


def test_a_silent_server_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.hub.valkey_connection.SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        error = refusal(f"redis://127.0.0.1:{listener.getsockname()[1]}")
    assert isinstance(error, HubLostError)
    assert "found no answer within 0.2 s" in str(error)


@pytest.mark.store
def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with running_valkey(tmp_path, "--requirepass", "right") as place:
        assert "refuses user and password" in str(refusal(f"redis://:{SECRET}@{place}"))
        assert "refuses user and password" in str(refusal(f"redis://{place}"))


@pytest.mark.store
def test_a_replica_is_refused(tmp_path: Path) -> None:
    with running_valkey(tmp_path, "--replicaof", f"127.0.0.1 {free_port()}") as place:
        assert isinstance(refusal(f"redis://{place}"), HubFullError)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A connection to a server of the test's own."""
    with running_valkey(tmp_path, "--maxmemory-policy", "noeviction") as place:
        server = ValkeyServer(f"redis://{place}")
        yield server
        server.close()


@pytest.fixture
def opens_hub(server: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ValkeyHub]]:
    """Open a hub in that server, for a digest, which is less patient than usual."""
    for name, seconds in (("SECONDS", 0.4), ("_PING", 0.1)):
        monkeypatch.setattr(f"mock_server.hub.valkey_connection.{name}", seconds)
    monkeypatch.setattr("mock_server.hub.valkey.SIGN", 1.0)
    hubs: list[ValkeyHub] = []

    def open_hub(digest: str) -> ValkeyHub:
        hub = ValkeyHub(server.shown)
        hub.serve(digest, ())
        hubs.append(hub)
        return hub

    yield open_hub
    for hub in hubs:
        hub.close()


@pytest.mark.store
def test_a_full_server_changes_nothing(server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub]) -> None:
    hub = opens_hub("d")
    question = Question(window=WindowQuestion("c", 9, 60))
    hub.decide("w", question)
    server.command("CONFIG", "SET", "maxmemory", "1")
    hub.note(journal_note("w", 1))
    with pytest.raises(HubFullError, match="full"):
        hub.decide("w", question)
    with pytest.raises(HubFullError, match="full"):
        hub.journal("w")
    wait_until(lambda: "a server that is full" in hub.trouble())
    server.command("CONFIG", "SET", "maxmemory", "0")
    decision = hub.decide("w", question)
    assert decision is not None
    assert decision.window is not None
    assert decision.window.used == 2
    assert [entry.number for entry in hub.journal("w")] == [1]
    wait_until(lambda: not hub.trouble())


@pytest.mark.store
def test_a_server_that_stops_answering_is_noticed_and_logged_once(
    server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub], caplog: pytest.LogCaptureFixture
) -> None:
    hub = opens_hub("d")
    server.command("CLIENT", "PAUSE", "1500", "ALL")
    wait_until(lambda: "no answer within" in hub.trouble())
    with pytest.raises(HubLostError):
        hub.decide("w", Question())
    wait_until(lambda: not hub.trouble())
    assert hub.decide("w", Question()) is not None
    first, last = caplog.messages
    assert "found no answer" in first
    assert "well again" in last


@pytest.mark.store
def test_closed_connections_are_replaced(server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub]) -> None:
    hub, other = opens_hub("d"), opens_hub("d")
    hub.decide("w", Question())
    server.command("CLIENT", "KILL", "TYPE", "normal")
    server.command("CLIENT", "KILL", "TYPE", "pubsub")
    sleep(0.06)  # what was used just now is trusted
    assert hub.decide("w", Question()) is not None
    version = other.start("w", SharedScenario.from_data("s", {"answers": [{"code": 500}]})) and other.version("w")
    wait_until(lambda: hub.version("w") == version)


@pytest.mark.store
def test_versions_are_read_again_when_events_were_missed(
    server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, other = opens_hub("d"), opens_hub("d")
    subscribe = ValkeyServer.subscribe
    is_lost = Event()
    is_lost.set()

    def refuse(self: ValkeyServer, *arguments: Any) -> None:
        if self.shown == hub._server.shown and is_lost.is_set():
            raise HubLostError("hub: found nothing.")
        subscribe(self, *arguments)

    monkeypatch.setattr(ValkeyServer, "subscribe", refuse)
    server.command("CLIENT", "KILL", "TYPE", "pubsub")
    wait_until(lambda: bool(hub.trouble()))
    other.start("w", SharedScenario.from_data("s", {"answers": [{"code": 500}]}))
    assert hub.version("w") == 0
    is_lost.clear()
    wait_until(lambda: not hub.trouble())
    assert hub.version("w") == other.version("w") > 0


@pytest.mark.store
def test_servers_of_two_digests_share_nothing_and_say_so_once(
    opens_hub: Callable[[str], ValkeyHub], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = opens_hub("one"), opens_hub("two")
    wait_until(lambda: len(caplog.messages) >= 2)
    sleep(0.3)
    assert sorted(message.partition("digest ")[2][:12] for message in caplog.messages) == [
        "one, here tw",
        "two, here on",
    ]
    first.set_clock("w", ClockState(0.0))
    first.note(journal_note("w", 1))
    assert second.version("w") == 0
    assert not second.journal("w")
    assert second.worlds() == []
    second.serve("one", ())
    assert second.version("w") == first.version("w") > 0
    assert [entry.number for entry in second.journal("w")] == [1]


@pytest.mark.store
def test_all_that_is_left_expires(server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub]) -> None:
    hub = opens_hub("d")
    scenario = SharedScenario.from_data("s", {"answers": [{"code": 500}]})
    hub.start("w", scenario)
    limit, key = WindowQuestion("c", 9, 60), KeyQuestion("k", "0" * 32)
    decision = hub.decide("w", Question(hub.version("w"), limit, key, (scenario,)))
    assert decision is not None
    assert decision.key is not None
    hub.keep("w", "k", decision.key.claim, b"yes")
    hub.note(journal_note("w", 1))
    hub.note(coverage_note("w", "a"))
    hub.arrive()
    hub.remove("w", {1})
    hub.serve("d", ())
    keys: list[bytes] = server.command("KEYS", "*")
    assert len(keys) > 15
    wait_until(lambda: all(server.command("TTL", name) != -1 for name in keys))


@pytest.mark.store
def test_versions_grow_where_the_server_has_lost_everything(
    server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub]
) -> None:
    hub = opens_hub("d")
    scenario = SharedScenario.from_data("s", {"answers": [{"code": 500}]})
    hub.start("w", scenario)
    before = hub.version("w")
    server.command("FLUSHALL")
    assert hub.decide("w", Question(before)) is None
    assert hub.staging("w").version == hub.version("w") == 0
    sleep(0.002)
    hub.start("w", scenario)
    assert hub.version("w") > before


@pytest.mark.store
def test_a_user_who_may_not_subscribe_is_refused(server: ValkeyServer, opens_hub: Callable[[str], ValkeyHub]) -> None:
    server.command("ACL", "SETUSER", "limited", "on", f">{SECRET}", "~*", "+@all", "resetchannels")
    hub = ValkeyHub(server.shown.replace("://", f"://limited:{SECRET}@"))
    with pytest.raises(HubError, match="expected a user who may") as raised:
        hub.serve("d", ())
    assert SECRET not in str(raised.value)
    hub.close()


@pytest.mark.store
def test_an_old_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.hub.valkey_connection.OLDEST", (99, 0))
    with running_valkey(tmp_path) as place:
        assert "expected 6.2 or newer" in str(refusal(f"redis://{place}"))


@pytest.mark.store
def test_a_server_that_comes_back_has_everything(tmp_path: Path) -> None:
    port = free_port()
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    question = Question(window=WindowQuestion("c", 9, 60))
    with running_valkey(tmp_path, *durable, port=port) as place:
        hub = ValkeyHub(f"redis://{place}")
        hub.serve("d", ())
        hub.set_clock("w", ClockState(0.0))
        question = replace(question, version=hub.version("w"))
        hub.decide("w", question)
        hub.note(journal_note("w", 1))
        hub.arrive()
    hub.note(journal_note("w", 2))
    with pytest.raises(HubLostError):
        hub.decide("w", question)
    assert hub.version("w") == question.version
    wait_until(lambda: bool(hub.trouble()))
    with running_valkey(tmp_path, *durable, port=port):
        wait_until(lambda: not hub.trouble())
        decision = hub.decide("w", question)
        assert decision is not None
        assert decision.window == (2, 60)
        assert [entry.number for entry in hub.journal("w")] == [1, 2]
        hub.close()
