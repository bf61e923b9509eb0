"""Which processes there are now, as this one sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mock_server.server.cluster.address import Address
from mock_server.server.cluster.client import Client, ClusterRefusedError, SilentError
from mock_server.server.cluster.rendezvous_hash import owner_of

MOST_HOPS = 2
"""How often a request is passed on again, by processes that have yet to hear of one who came or went."""
MOST_WORLDS = 20_000
"""Worlds whose owners are remembered."""


class GoneError(Exception):
    """The process that was asked is none of the living any more."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another process, and what asks it. It is not asked before it ``has_all``: what was staged here for it."""

    name: str
    client: Client
    has_all: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> Address:
        return self.client.address


class Membership:
    """The processes that share the worlds. ``on_lost`` is told of each that stopped answering, and why."""

    def __init__(self, own: str, on_lost: Callable[[Peer, str], None]) -> None:
        self.own = own
        """The name of this process."""
        self.is_leaving = False
        self._on_lost = on_lost
        self._living: dict[str, Peer] = {}
        self._owners: dict[str, str] = {}

    @property
    def living(self) -> tuple[Peer, ...]:
        """The others."""
        return tuple(self._living.values())

    def has(self, name: str) -> bool:
        """Whether that process is one of the others that live."""
        return name in self._living

    def owner(self, world: str) -> str:
        """The process that a world belongs to."""
        owner = self._owners.get(world)
        if owner is None:
            if len(self._owners) >= MOST_WORLDS:
                self._owners.clear()
            owner = self._owners[world] = owner_of(world, self._candidates())
        return owner

    def adopt(self, world: str) -> None:
        """Own a world that was handed over, until it is this process's anyway: its owner so far is about to leave."""
        self._owners[world] = self.own

    def owner_with(self, newcomer: str, world: str) -> str:
        """The process that a world will belong to when another has come."""
        return owner_of(world, {*self._candidates(), newcomer})

    def _candidates(self) -> Iterable[str]:
        others = self._living.keys()
        return others if self.is_leaving and others else {*others, self.own}

    def add(self, peer: Peer) -> None:
        """Count a process among the living."""
        before = self._living.get(peer.name)
        if before is not None and before.client is not peer.client:
            before.client.close()
        self._living[peer.name] = peer
        self._owners.clear()

    def drop(self, name: str) -> Peer | None:
        """Count a process no more."""
        peer = self._living.pop(name, None)
        if peer is not None:
            peer.client.close()
            self._owners.clear()
        return peer

    def leave(self) -> None:
        """Own nothing any more, as long as there is another."""
        self.is_leaving = True
        self._owners.clear()

    def close(self) -> None:
        """Close the connections to all others."""
        for peer in self.living:
            peer.client.close()

    async def ask(self, name: str, question: str, message: object, seconds: float) -> object:
        """The answer of a process. One that does not answer is none of the living any more.

        Raises :class:`GoneError`.
        """
        peer = self._living.get(name)
        if peer is None:
            raise GoneError
        await peer.has_all.wait()
        try:
            return await peer.client.ask(question, message, seconds)
        except (SilentError, ClusterRefusedError) as error:
            # Many may have waited for it; the first one tells.
            if self._living.get(name) is peer:
                self.lose(peer, str(error))
            raise GoneError from None

    def lose(self, peer: Peer, why: str) -> None:
        """Count a process no more that went without a word."""
        self.drop(peer.name)
        self._on_lost(peer, why)

    async def ask_all(self, question: str, message: object, seconds: float) -> list[object]:
        """The answers of all others that live; who does not answer is none of them any more."""
        answers = await asyncio.gather(
            *(self.ask(name, question, message, seconds) for name in [*self._living]), return_exceptions=True
        )
        for one in answers:
            if isinstance(one, BaseException) and not isinstance(one, GoneError):
                raise one
        return [one for one in answers if not isinstance(one, BaseException)]
