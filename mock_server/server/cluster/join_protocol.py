"""How processes come to know each other, find out who is gone, and part."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypedDict, cast

from mock_server.server.cluster.address import Address
from mock_server.server.cluster.client import Client, ClusterRefusedError, SilentError
from mock_server.server.cluster.discovery import Discovery
from mock_server.server.cluster.membership import GoneError, Membership, Peer
from mock_server.server.cluster.scenario_replication import Staging
from mock_server.server.cluster.versioned_state import PinForm

log = logging.getLogger("mock_server")

EACH_SECONDS = 2.0
"""How often others are looked for, and those that are known asked whether they live."""
MEET_SECONDS = 2.0
LEAVE_SECONDS = 0.5
PING_SECONDS = 4.0


class Greeting(TypedDict):
    """A process that wants to meet another: who it is, where it is reached, what it serves, what it knows is staged.

    ``source`` is the IP address that it asks from, which is found out when it comes.
    """

    name: str
    source: str
    address: str
    serves: str
    pins: list[PinForm]


class Welcome(TypedDict):
    """The answer to a greeting. ``stages`` are those of worlds that are the newcomer's from now on.

    One who ``is_leaving`` is not to be counted any more.
    """

    name: str
    is_leaving: bool
    serves: str
    pins: list[PinForm]
    stages: list[PinForm]
    others: list[str]


class Ping(TypedDict):
    """Who asks whether one lives, and what it serves."""

    name: str
    serves: str


class Pong(TypedDict):
    """Who was asked, and whether the one who asked is known here."""

    name: str
    known: bool


class Farewell(TypedDict):
    """Who leaves, and has handed over what was staged there."""

    name: str


class Handing(TypedDict):
    """The stages of worlds that are the receiver's from now on."""

    stages: list[PinForm]


class Meeting:
    """Meets whoever is found. ``serves`` says what is served here: processes that serve something else are no peers."""

    def __init__(
        self, members: Membership, staging: Staging, discovery: Discovery, token: str, serves: Callable[[], str]
    ) -> None:
        self.address = Address()
        """Where this process is reached."""
        self._members = members
        self._staging = staging
        self._discovery = discovery
        self._token = token
        self._serves = serves
        self._names: dict[Address, str] = {}
        """Who was met at which address; one may have several."""
        self._told: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Meet all that are there, and go on looking for others."""
        await self.look()
        self._task = asyncio.create_task(self._go_on())

    def end(self) -> None:
        """Look for others no more."""
        if self._task is not None:
            self._task.cancel()

    async def leave(self) -> None:
        """Hand over what is staged here, and be gone.

        Requests that are meant for this process are passed on, but not before their worlds are handed over.
        """
        self.end()
        others = self._members.living
        own = self._staging.handed_over(lambda _: True)
        self._members.leave()
        for peer in others:
            peer.has_all.clear()
        shares = {peer.name: [one for one in own if self._members.owner(one["world"]) == peer.name] for peer in others}
        await asyncio.gather(*(self._hand(peer, shares[peer.name], LEAVE_SECONDS) for peer in others))
        await asyncio.gather(*(self._part(peer) for peer in others))

    async def _hand(self, peer: Peer, stages: list[PinForm], seconds: float) -> None:
        """Hand over stages. Before that is done the other one must be asked nothing."""
        handing: Handing = {"stages": stages}
        try:
            if stages:
                await peer.client.ask("hand", handing, seconds)
        except (SilentError, ClusterRefusedError):
            self._members.drop(peer.name)
        finally:
            peer.has_all.set()

    async def _part(self, peer: Peer) -> None:
        farewell: Farewell = {"name": self._members.own}
        try:
            await peer.client.ask("leave", farewell, LEAVE_SECONDS)
        except (SilentError, ClusterRefusedError):
            self._members.drop(peer.name)  # it leaves too, as a rule

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(EACH_SECONDS)
            try:
                await self.look()
            except Exception:
                log.exception("peers: the search for others failed")

    async def look(self) -> None:
        """Ask who is known whether they live, and meet who is not."""
        await asyncio.gather(*(self._ping(peer) for peer in self._members.living))
        unmet = await self._discovery.addresses() - {self.address}
        done: set[Address] = set()
        while unmet := {one for one in unmet if one not in done and not self._is_known(one)}:
            done |= unmet
            told = await asyncio.gather(*(self._meet(address) for address in unmet))
            unmet = set().union(*told)

    def _is_known(self, address: Address) -> bool:
        name = self._names.get(address, "")
        return name == self._members.own or self._members.has(name)

    async def _ping(self, peer: Peer) -> None:
        ping: Ping = {"name": self._members.own, "serves": self._serves()}
        try:
            pong = cast("Pong", await self._members.ask(peer.name, "ping", ping, PING_SECONDS))
        except GoneError:
            return
        if pong["name"] != peer.name:
            self._members.lose(peer, _REPLACED)
        elif not pong["known"] and self._members.has(peer.name):
            self._members.drop(peer.name)
            await self._meet(peer.address)

    async def _meet(self, address: Address) -> set[Address]:
        """Meet whoever is at an address; where that one has met others."""
        client = Client(address, self._token)
        welcome = await self._welcome(client)
        if welcome is None or self._is_known(address) or welcome["serves"] != self._serves():
            client.close()
            return set()
        await self._join(Peer(welcome["name"], client), welcome)
        return {Address.read(one) for one in welcome["others"]}

    async def _welcome(self, client: Client) -> Welcome | None:
        """What another says to a greeting; None where there is nobody to be met."""
        address = client.address
        greeting: Greeting = {
            "name": self._members.own,
            "source": "",
            "address": str(self.address),
            "serves": self._serves(),
            "pins": self._staging.form(),
        }
        try:
            welcome = cast("Welcome", await client.ask("meet", greeting, MEET_SECONDS))
        except SilentError as error:
            if error.is_absent:
                self._discovery.refused(address)
            return None
        except ClusterRefusedError as error:
            self._tell_once(address, _REFUSALS.get(error.status, f"answers with status {error.status}"))
            return None
        self._names[address] = welcome["name"]
        if welcome["is_leaving"]:
            return None
        if welcome["serves"] != self._serves():
            self._tell_once(address, _OTHER)
        return welcome

    async def _join(self, peer: Peer, welcome: Welcome) -> None:
        self._staging.take(welcome["pins"])
        self._staging.take(welcome["stages"], handed_over=True)
        stages = self._staging.handed_over(lambda world: self._members.owner_with(peer.name, world) == peer.name)
        self._members.add(peer)
        await self._hand(peer, stages, MEET_SECONDS)

    def _tell_once(self, address: Address, what: str) -> None:
        said = f"peers: {address} {what}"
        if said not in self._told:
            self._told.add(said)
            log.warning("%s", said)

    # What others ask.

    async def met(self, greeting: Greeting) -> Welcome:
        """Welcome another."""
        name, own = greeting["name"], self._members.own
        serves = self._serves()
        is_leaving = self._members.is_leaving
        welcome: Welcome = {
            "name": own,
            "is_leaving": is_leaving,
            "serves": serves,
            "pins": [],
            "stages": [],
            "others": [],
        }
        if name == own or serves != greeting["serves"] or is_leaving:
            return welcome
        address = Address.read(greeting["address"])
        if not address.file and not address.host:
            address = Address(host=greeting["source"], port=address.port)
        for one in self._members.living:
            if one.address == address and one.name != name:
                self._members.lose(one, _REPLACED)
        self._staging.take(greeting["pins"])
        welcome["pins"] = self._staging.form()
        welcome["others"] = [str(one.address) for one in self._members.living if one.name != name]
        if not self._members.has(name):
            welcome["stages"] = self._staging.handed_over(lambda world: self._members.owner_with(name, world) == name)
        self._names[address] = name
        peer = Peer(name, Client(address, self._token))
        peer.has_all.set()  # with this welcome
        self._members.add(peer)
        return welcome

    async def pinged(self, ping: Ping) -> Pong:
        """Tell another whether it is known here."""
        is_known = self._members.has(ping["name"]) and ping["serves"] == self._serves()
        return {"name": self._members.own, "known": is_known}

    async def handed(self, handing: Handing) -> None:
        """Take over what was another's."""
        self._staging.take(handing["stages"], handed_over=True)
        for one in handing["stages"]:
            self._members.adopt(one["world"])

    async def left(self, farewell: Farewell) -> None:
        """Count one no more who leaves."""
        self._members.drop(farewell["name"])


_REPLACED = "another has its address"
_OTHER = "serves another contract, or was started with another seed, or is of another version; it is left out"
_REFUSALS = {
    401: "takes another token; expected that of --admin-token. Give all replicas the same",
    403: "takes another token; expected that of --admin-token. Give all replicas the same",
    404: "is none of the replicas; expected servers with --peers",
}
