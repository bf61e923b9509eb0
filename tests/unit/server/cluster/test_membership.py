"""Who lives, who is silent, who comes back: what becomes of their worlds."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mock_server.server.cluster import client
from mock_server.server.cluster.address import Address
from mock_server.server.cluster.client import Client
from mock_server.server.cluster.discovery import DnsDiscovery, Sockets
from mock_server.server.cluster.join_protocol import Greeting
from mock_server.server.cluster.membership import GoneError, Membership, Peer
from tests.support.cluster_processes import Process, settled, some_processes

pytestmark = pytest.mark.usefixtures("own_cache")
TWICE = ({"code": 429, "times": 2}, {"pass": True})


async def others(process: Process) -> int:
    return len((await process.told("/__admin/peers"))["peers"])


def greeting_of(name: str, address: str, serves: str) -> Greeting:
    return {"name": name, "source": "", "address": address, "serves": serves, "pins": []}


def place_of(process: Process) -> str:
    return str(process.peers.meeting.address)


async def test_those_who_know_one_and_same_meet_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async with some_processes(1) as (processes, (first,)):

        async def one_alone(self: Sockets) -> set[Address]:
            return {Address.read(place_of(first))}

        monkeypatch.setattr(Sockets, "addresses", one_alone)
        all_of = [first, *[await processes.start() for _ in range(3)]]
        assert [await others(one) for one in all_of] == [3] * 4


async def test_silent_one_is_awaited_once_and_told_of_once() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    lost: list[str] = []
    with TemporaryDirectory() as directory:
        place = str(Path(directory) / "s")
        async with await asyncio.start_unix_server(silent, place):
            members = Membership("me", lambda peer, why: lost.append(f"{peer.name}: {why}"))
            for number in range(20):
                assert members.owner(f"w{number}") == "me"
            peer = Peer("other", Client(Address(file=place)))
            peer.has_all.set()
            members.add(peer)
            assert {members.owner(f"w{number}") for number in range(20)} == {"me", "other"}
            asked = [members.ask("other", "ping", {}, 0.02) for _ in range(10)]
            assert {type(one) for one in await asyncio.gather(*asked, return_exceptions=True)} == {GoneError}
            assert lost == ["other: no answer within 0.02 s"]
            assert {members.owner(f"w{number}") for number in range(20)} == {"me"}
            assert await members.ask_all("ping", {}, 1) == []
            await settled()


async def test_unreachable_owner_gets_worlds_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "IDLE_SECONDS", -1)  # each question on a connection of its own
    async with some_processes(3) as (_, (first, second, third)):
        world = await third.world()
        await first.start(world, {"code": 429, "times": 4}, {"pass": True})
        assert await first.me(world) == [429]
        place = place_of(third)
        os.rename(place, place + "-")
        with caplog.at_level(logging.WARNING):
            assert await first.me(world) == [429]
            assert await second.me(world, times=2) == [429, 429]
        assert [await others(one) for one in (first, second)] == [1, 1]
        assert len(caplog.records) == 1  # of the one who has it now
        os.rename(place + "-", place)
        for one in (first, second):
            await one.peers.meeting.look()
        assert [await others(one) for one in (first, second, third)] == [2, 2, 2]
        assert [await one.me(world) for one in (third, first, second)] == [[429], [200], [200]]


async def test_missed_messages_arrive_on_return(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "IDLE_SECONDS", -1)
    async with some_processes(2) as (_, (first, second)):
        await first.start("ended", {"code": 500})
        await first.start("changed", {"code": 500})
        place = place_of(second)
        os.rename(place, place + "-")
        await first.ask("POST", "/~ended/__admin/reset")
        await first.ask("DELETE", "/~changed/__admin/scenarios")
        await first.start("changed", {"code": 429})
        await first.start("new", {"code": 429})
        assert await others(first) == 0
        os.rename(place + "-", place)
        await second.peers.meeting.look()  # who asks whether the first one lives, and hears that it is not known there
        assert await others(first) == 1
        for one in (first, second):
            assert [(await one.me(world))[0] for world in ("ended", "changed", "new")] == [200, 429, 429]


async def test_world_evicted_by_owner_starts_over() -> None:
    async with some_processes(2, max_worlds=1) as (_, (first, second)):
        world = await first.world()
        await second.start(world, {"code": 500})
        assert await second.me(world) == [500]
        await second.me("other")  # the second has forgotten the world by this, and knows still whose it is
        assert await second.me(world) == [500]
        await first.me("other")
        for _ in range(20):
            await asyncio.sleep(0)
        assert [await one.me(world) for one in (first, second)] == [[200], [200]]


async def test_process_whose_contract_has_changed_is_known_no_more() -> None:
    async with some_processes(2) as (_, (first, second)):
        name = (await second.told("/__admin/peers"))["name"]
        assert (await first.peers.meeting.pinged({"name": name, "serves": "another contract"}))["known"] is False
        assert (await first.peers.meeting.pinged({"name": "nobody", "serves": ""}))["known"] is False


async def test_new_process_replaces_old_at_address() -> None:
    async with some_processes(2) as (_, (first, second)):
        told = await second.told("/__admin/peers")
        address = place_of(second)
        serves = (await first.peers.meeting.met(greeting_of("x", "/x", "")))["serves"]
        await first.peers.meeting.met(greeting_of("new", address, serves))
        names = [one["name"] for one in (await first.told("/__admin/peers"))["peers"]]
        assert (names, told["name"] in names) == (["new"], False)
        await first.peers.meeting.look()  # and hears that it is the one before after all
        assert [one["name"] for one in (await first.told("/__admin/peers"))["peers"]] == [told["name"]]


async def test_socket_of_dead_process_is_removed() -> None:
    async with some_processes(1) as (processes, (first,)):
        stale = processes.sockets / "gone.sock"
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(stale))
        await first.peers.meeting.look()
        assert not stale.exists()
        assert await Sockets(processes.sockets).addresses() == {Address(file=place_of(first))}


async def test_names_resolve_to_all_addresses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = DnsDiscovery("127.0.0.1:4010,[::1]:4011,nowhere.invalid:1")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            found = await names.addresses()
    assert {Address(host="127.0.0.1", port=4010)} <= found
    assert [one.message.partition(" the")[0] for one in caplog.records] == ["--peers nowhere.invalid:1:"]
