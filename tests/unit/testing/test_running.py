"""Servers from Python: in a thread, in a process, somewhere already; how they start, refuse and end."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mock_server
from mock_server import MockServer, World
from mock_server.core.errors import ContractError, ControlError, MockServerError, UsageError
from tests.support.contracts import PETSTORE, SHOP
from tests.support.http_exchange import connected, me
from tests.support.server_process import RunningServer

KINDS = pytest.mark.parametrize("make", [MockServer, MockServer.subprocess], ids=["thread", "process"])
Make = Callable[..., MockServer]


@KINDS
def test_server_answers_within_its_with_and_is_gone_after_it(make: Make, own_cache: None) -> None:
    before = threading.active_count()
    with make() as mock:
        assert me(mock.url).status == 200
        url = mock.url
    with pytest.raises(OSError, match="refused"):
        connected(url)
    with pytest.raises(UsageError, match="not started"):
        mock.url  # noqa: B018
    assert threading.active_count() <= before + 1  # what gets answers ready may still be at it


@KINDS
def test_server_can_be_started_again(make: Make, own_cache: None) -> None:
    mock = make()
    for _ in range(2):
        with mock:
            assert me(mock.url).status == 200
        mock.stop()


def test_thread_server_leaves_no_trace(own_cache: None) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    frozen = gc.get_freeze_count()
    with MockServer() as mock:
        assert me(mock.url).status == 200
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert gc.get_freeze_count() <= frozen  # what was frozen before may have gone


def test_server_stops_though_response_is_pending(own_cache: None) -> None:
    with MockServer() as mock, connected(mock.url) as waiting:
        lines = ["GET /v1/customer-portal/customers/me HTTP/1.1", "Host: localhost", "Prefer: delay=60000"]
        waiting.sendall("\r\n".join([*lines, "Authorization: Bearer polar_cst_SE", "", ""]).encode())
        assert me(mock.url).status == 200
        began = time.monotonic()
        mock.stop()
        assert time.monotonic() - began < 20


def test_servers_have_their_own_settings(own_cache: None, tmp_path: Path) -> None:
    contract = tmp_path / "pets.yaml"
    contract.write_text(PETSTORE, encoding="utf-8")
    with MockServer() as first, MockServer(seed=7) as other, MockServer(contract=contract) as pets:
        assert me(first.url, "SE").body != me(other.url, "SE").body
        assert me(pets.url).status == 404


def test_server_can_be_entered_without_holding_up_loop(own_cache: None) -> None:
    async def status() -> int:
        async with MockServer() as mock:
            return (await asyncio.to_thread(me, mock.url)).status

    assert asyncio.run(status()) == 200


def test_variables_of_environment_count_for_nothing(
    own_cache: None, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCK_SERVER_SEED", "7")
    monkeypatch.setenv("PORT", "1")
    expected = me(server_url, "SE").body
    with MockServer() as first, MockServer.subprocess() as other:
        assert [me(first.url, "SE").body, me(other.url, "SE").body] == [expected, expected]


def test_running_server_is_left_running(own_cache: None) -> None:
    with RunningServer() as server:
        with MockServer.at(server.url + "/") as mock:
            assert mock.url == server.url
        assert me(server.url).status == 200


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"sed": 7}, TypeError, "there is no setting 'sed'; did you mean seed?"),
        ({"seed": "x"}, UsageError, "--seed: found 'x'; expected a whole number"),
        ({"dynamic": "yes"}, UsageError, "dynamic: found 'yes'; expected True or False"),
        ({"contract": 7}, UsageError, "contract: found 7; expected a path, or several"),
        ({"workers": 2}, UsageError, "workers: found 2; expected a server in a thread to do without."),
        ({"reload": True}, UsageError, "reload: found True; expected a server in a thread to do without."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_unknown_setting_is_refused(options: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as refused:
        MockServer(**options)
    assert said in str(refused.value)


@KINDS
def test_contracts_come_first(make: Make, own_cache: None, tmp_path: Path) -> None:
    pets, shop = tmp_path / "pets.yaml", tmp_path / "shop.yaml"
    pets.write_text(PETSTORE, encoding="utf-8")
    shop.write_text(SHOP.replace("paths:", "servers: [{url: /shop}]\npaths:"), encoding="utf-8")
    with make(pets, str(shop), seed=7) as mock, urllib.request.urlopen(f"{mock.url}/__admin/health") as answer:
        contracts = json.load(answer)["contracts"]
    assert sorted(contract["title"] for contract in contracts) == ["Pets", "Shop"]


@KINDS
@pytest.mark.parametrize("contract", [7, "", None, ["pets.yaml"], b"pets.yaml"], ids=repr)
def test_contract_that_is_no_path_is_refused(contract: Any, make: Make) -> None:
    with pytest.raises(
        TypeError, match=f"found the contract {re.escape(repr(contract))}; expected the path or the URL"
    ):
        make(contract)


@KINDS
def test_contract_in_two_places_is_refused(make: Make) -> None:
    with pytest.raises(TypeError, match="expected one of the two"):
        make("pets.yaml", contract="shop.yaml")


def test_a_server_is_a_world(server_url: str) -> None:
    mock = MockServer.at(server_url)
    assert (isinstance(mock, World), mock.name, repr(mock)) == (True, "", "<MockServer not started>")
    with mock:
        assert repr(mock) == f"<MockServer {server_url}>"


@pytest.mark.parametrize(
    ("make", "kind"),
    [(MockServer, ContractError), (MockServer.subprocess, MockServerError)],
    ids=["thread", "process"],
)
def test_what_cannot_be_served_is_said_as_command_says_it(make: Make, kind: type[Exception], own_cache: None) -> None:
    with pytest.raises(kind, match=r"^nowhere\.yaml: found no such file or directory; expected .*\.$"):
        make("nowhere.yaml").start()


def test_address_without_server_is_said_to_have_none() -> None:
    with pytest.raises(UsageError, match=r"^http://127\.0\.0\.1:1: found no ready server .* Is it started\?$"):
        MockServer.at("http://127.0.0.1:1").start()


@pytest.mark.parametrize("name", ["", "a/b", "ä", "x" * 65])
def test_name_invalid_of_a_world_is_refused(name: str, server_url: str) -> None:
    with MockServer.at(server_url) as mock, pytest.raises(UsageError, match="expected 1 to 64 letters, digits"):
        mock.world(name)


def test_refusal_has_the_words_of_server(server_url: str) -> None:
    with MockServer.at(server_url) as mock, pytest.raises(ControlError) as refused:
        mock.fixture("customers/..", "me")
    assert refused.value.status == 404
    assert str(refused.value).startswith("PUT /__admin/fixtures/customers%2F../me: 404 Found ")
    assert refused.value.problem["type"] == "urn:mock-server:problem:not-found"


def test_import_of_package_is_lazy() -> None:
    program = "import sys, mock_server; print([name for name in sys.modules if name.startswith('mock_server.')])"
    completed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert completed.stdout == "[]\n"
    with pytest.raises(AttributeError, match="no attribute 'Mockserver'"):
        mock_server.Mockserver  # noqa: B018
