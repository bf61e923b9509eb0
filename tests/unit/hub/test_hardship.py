"""Hubs that cannot be used: each error says what was found, and none has a password in it."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from mock_server.core.errors import HubError, HubFullError, HubLostError
from mock_server.hub import Question
from mock_server.hub.model import ClockState, WindowQuestion
from mock_server.hub.valkey import ValkeyHub
from mock_server.hub.valkey_connection import ValkeyServer
from tests.support.hubs import journal_note
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


@pytest.mark.store
def test_a_full_server_changes_nothing(tmp_path: Path) -> None:
    with running_valkey(tmp_path, "--maxmemory-policy", "noeviction") as place:
        hub = ValkeyHub(f"redis://{place}")
        hub.serve("d", ())
        question = Question(window=WindowQuestion("c", 9, 60))
        hub.decide("w", question)
        server = ValkeyServer(f"redis://{place}")
        server.command("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(HubFullError, match="full"):
            hub.decide("w", question)
        server.command("CONFIG", "SET", "maxmemory", "0")
        decision = hub.decide("w", question)
        assert decision is not None
        assert decision.window is not None
        assert decision.window.used == 2
        hub.close()
        server.close()


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
    with running_valkey(tmp_path, *durable, port=port):
        decision = hub.decide("w", question)
        assert decision is not None
        assert decision.window == (2, 60)
        assert [entry.number for entry in hub.journal("w")] == [1, 2]
        hub.close()
