"""A hub that cannot be used: said in one line at the start, without the password and without a wait."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from tests.support.command_line import Done, assert_one_message
from tests.support.loopback import lasting_port
from tests.support.tcp_relay import Relay
from tests.support.valkey_server import RunningValkey

pytestmark = pytest.mark.store
SECRET = "sesame"
SECONDS = 10.0
"""Within which a start has to fail: 3 s are the hub's, and others use this machine."""
Command = Callable[..., Done]


def assert_refused(command: Command, expected: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Start a server, which says in one line what is wrong and ends."""
    began = monotonic()
    done = command("serve", "--port", "0", *arguments, env=env)
    seconds = monotonic() - began
    assert_one_message(done)
    assert len(done.errors.splitlines()) == 1
    assert expected in done.errors
    assert SECRET not in done.errors
    assert seconds < SECONDS


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"mysql://u:{SECRET}@127.0.0.1", "valkey://"),
        (f"http://u:{SECRET}@127.0.0.1", "valkey://"),
        ("nothing", "valkey://"),
        (f"u:{SECRET}@127.0.0.1:6379", "valkey://"),
        ("", "valkey://"),
        (f"redis://u:{SECRET}@127.0.0.1:port", "no number"),
        (f"redis://u:{SECRET}@127.0.0.1:99999", "--hub"),
        (f"redis://u:{SECRET}@127.0.0.1/first", "no number"),
        (f"redis://u:{SECRET}@[::1", "bracket"),
        (f"redis://u:1234#{SECRET}@127.0.0.1", "Encode what is special"),
        (f"redis://u:{SECRET}@nowhere.invalid", "nowhere.invalid"),
    ],
)
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_unusable_address_is_refused(command: Command, url: str, expected: str, by: str) -> None:
    if by == "flag":
        assert_refused(command, expected.replace("--hub", "hub"), "--hub", url)
    elif url:
        assert_refused(command, expected.replace("--hub", ""), env={"MOCK_SERVER_HUB": url})


def test_server_that_is_not_there_is_refused(command: Command) -> None:
    port = lasting_port()
    assert_refused(command, f"127.0.0.1:{port}", "--hub", f"redis://:{SECRET}@127.0.0.1:{port}")


def test_server_that_does_not_answer_is_refused(command: Command, tmp_path: Path) -> None:
    with RunningValkey(tmp_path) as hub, Relay(hub.port) as relay:
        relay.cut()
        assert_refused(command, "found no answer", "--hub", f"redis://:{SECRET}@127.0.0.1:{relay.port}")


def test_server_of_another_kind_is_refused(command: Command) -> None:
    """One that speaks first, as those of mail do, and does not know what it is asked."""
    with Greeter() as greeter:
        assert_refused(command, f"127.0.0.1:{greeter.port}", "--hub", f"redis://:{SECRET}@127.0.0.1:{greeter.port}")


class Greeter:
    """A port that greets who connects, and is closed at the end of the ``with``."""

    def __enter__(self) -> Greeter:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = Thread(target=self._greet)
        self._thread.start()
        return self

    def _greet(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.mark.parametrize("user", [f":{SECRET}", "", f"somebody:{SECRET}"])
def test_wrong_password_is_refused(command: Command, tmp_path: Path, user: str) -> None:
    with RunningValkey(tmp_path, "--requirepass", "right") as hub:
        address = f"redis://{user}@{hub.place}" if user else hub.url
        assert_refused(command, "refuses user and password", "--hub", address)


def test_read_only_server_is_refused(command: Command, tmp_path: Path) -> None:
    with RunningValkey(tmp_path, "--replicaof", f"127.0.0.1 {lasting_port()}") as hub:
        assert_refused(command, "read-only", "--hub", hub.url)


def test_database_that_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    with RunningValkey(tmp_path) as hub:
        assert_refused(command, hub.place, "--hub", f"{hub.url}/4000")


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_list_of_peers_is_refused_with_what_to_use(command: Command, by: str) -> None:
    if by == "flag":
        assert_refused(command, "--hub valkey://", "--peers", "mock-server-peers:4010")
    else:
        assert_refused(command, "--hub valkey://", env={"MOCK_SERVER_PEERS": "mock-server-peers:4010"})
