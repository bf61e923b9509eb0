"""The worlds of several processes as those of one server.

Any process answers by itself where an answer depends on nothing before it. Where it does, because a scenario runs or
requests are counted, the world's owner answers, whoever was asked. Journal and coverage are kept where an answer was
made, and gathered when they are read.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict, cast

from mock_server.core.errors import UsageError
from mock_server.http.json_codec import (
    DiagnosticJson,
    RequestJson,
    ResponseJson,
    diagnostic_from_json,
    diagnostic_to_json,
    request_from_json,
    request_to_json,
    response_from_json,
    response_to_json,
)
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.server.cluster.address import Address
from mock_server.server.cluster.admin_proxy import ControlForm, Home, SharedControl
from mock_server.server.cluster.client import PATH
from mock_server.server.cluster.discovery import DnsDiscovery, Sockets
from mock_server.server.cluster.endpoint import Endpoint, Handler, SocketServer
from mock_server.server.cluster.join_protocol import Meeting
from mock_server.server.cluster.membership import MOST_HOPS, GoneError, Membership, Peer
from mock_server.server.cluster.scenario_replication import SharedWorlds, Staging
from mock_server.server.cluster.versioned_state import Pins
from mock_server.settings import Settings
from mock_server.worlds.world import World

log = logging.getLogger("mock_server")

ANSWER_SECONDS = 4.0
"""How long an owner is waited for before the world has another.

Twice what an answer has been seen to hold up a process (a list of hundreds of variants), and less than the five seconds
after which many clients give up.
"""
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104


class AnswerQuestion(TypedDict):
    """A request in a world, to the contract at a base path. ``hops`` is how often it was passed on before."""

    base_path: str
    world: str
    request: RequestJson
    hops: int


class AnsweredForm(TypedDict):
    """What became of a request: the operation's key, the answer, what was found, the number in the world's journal."""

    operation: str | None
    answer: ResponseJson
    findings: list[DiagnosticJson]
    number: int


class Peers:
    """The other processes that serve the same, and this one's part in what they share.

    They are workers of one server, which have ``sockets`` in a directory of their own, or replicas at addresses that
    the settings name.
    """

    def __init__(self, home: Home, settings: Settings, sockets: Path | None) -> None:
        own = secrets.token_hex(6)
        pins = Pins()
        token = "" if sockets is not None else settings.admin_token
        self._home = home
        self._settings = settings
        self._version = version("contract-mock-server")
        self._sockets = None if sockets is None else Sockets(sockets)
        self._members = Membership(own, self._lost)
        self.worlds = SharedWorlds(own, pins, settings, self._evicted)
        """The worlds of this process."""
        self._staging = Staging(self._members, pins, self.worlds, self._depends_always)
        discovery = self._sockets or DnsDiscovery(settings.peers)
        self.meeting = Meeting(self._members, self._staging, discovery, token, self._serves)
        self._control = SharedControl(
            home, self._members, self._staging, self.worlds, settings.journal_size, share_a_port=sockets is not None
        )
        self._has_met = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.endpoint = Endpoint(self._handlers(), token)
        """Answers what others ask."""
        self._server = SocketServer(self.endpoint)

    def is_for(self, path: str) -> bool:
        """Whether a path of the server's own port is one at which others ask."""
        return self._sockets is None and path.startswith(PATH)

    def trouble(self) -> str:
        """What is in the way of answering as all others do; nothing once others were met."""
        return "" if self._has_met.is_set() else "the others not met yet"

    # Coming and going.

    async def open(self) -> None:
        """For workers: be there for others, and meet them, before the first client comes."""
        if self._sockets is not None:
            place = self._sockets.place(self._members.own)
            await self._server.open(place)
            await self._begin(Address(file=str(place)))

    async def join(self, listener: socket.socket) -> None:
        """For replicas: meet others, now that this one can be asked at its port."""
        if self._sockets is None:
            host, port = listener.getsockname()[:2]
            await self._begin(Address(host="" if host in ANY_ADDRESS else host, port=port))

    async def _begin(self, address: Address) -> None:
        self.meeting.address = address
        await self.meeting.begin()
        self._has_met.set()

    async def leave(self) -> None:
        """Hand over what is staged here; after that others are asked for it."""
        await self.meeting.leave()
        self.end()
        if self._sockets is not None:
            self._sockets.place(self._members.own).unlink(missing_ok=True)

    def end(self) -> None:
        """Be gone for others. What this process has been asked is answered, but nothing new is asked."""
        self.meeting.end()
        self._server.close()
        self._members.close()

    # Requests of clients.

    def is_elsewhere(self, world: World) -> bool:
        """Whether another process has to answer requests in a world."""
        return self._staging.is_elsewhere(world)

    async def answer(self, base_path: str, request: Request, world: World, hops: int = 0) -> tuple[Exchange, int]:
        """An exchange with the world's owner, and its number in the journal there.

        An owner that is silent loses the world to another, which may be this process.
        """
        question: AnswerQuestion = {
            "base_path": base_path,
            "world": world.name,
            "request": request_to_json(request),
            "hops": hops,
        }
        while hops <= MOST_HOPS and (owner := self._members.owner(world.name)) != self._members.own:
            with suppress(GoneError):
                told = await self._members.ask(owner, "answer", question, ANSWER_SECONDS)
                return _answered_of(request, cast("AnsweredForm", told))
        return self._home.answered(base_path, request, self.worlds.get(world.name))

    async def control(self, request: Request, world: World) -> Response:
        """The answer to a control request, whose sender may make it."""
        return await self._control.answer(request, world)

    # What others ask.

    def _handlers(self) -> dict[str, Handler]:
        meeting, control = self.meeting, self._control
        return {
            "meet": meeting.met,
            "ping": meeting.pinged,
            "hand": meeting.handed,
            "leave": meeting.left,
            "answer": self._answered,
            "control": self._controlled,
            "change": control.changed,
            "seen": control.seen,
            "figures": control.figures,
            "remove": control.removed,
        }

    async def _answered(self, question: AnswerQuestion) -> AnsweredForm:
        await self._has_met.wait()  # until then it is not known here what is staged in the world
        base_path, world = question["base_path"], self.worlds.get(question["world"])
        request = request_from_json(question["request"])
        if self.is_elsewhere(world):
            exchange, number = await self.answer(base_path, request, world, question["hops"] + 1)
        else:
            exchange, number = self._home.answered(base_path, request, world)
        return {
            "operation": exchange.route.operation,
            "answer": response_to_json(exchange.answer),
            "findings": [diagnostic_to_json(one) for one in exchange.findings],
            "number": number,
        }

    async def _controlled(self, message: ControlForm) -> ResponseJson:
        await self._has_met.wait()
        return await self._control.forwarded(message)

    # What this process is told of by its own.

    def _lost(self, peer: Peer, why: str) -> None:
        if self._depends_always():
            log.warning("peers: %s is gone (%s); what was counted in its worlds is lost", peer.address, why)
            return
        worlds = self._staging.inherited_from(peer.name)
        if worlds:
            log.warning("peers: %s is gone (%s); in %d worlds scenarios restart here", peer.address, why, worlds)

    def _evicted(self, name: str) -> None:
        pin = self._staging.unpin(name)
        if pin is not None:
            task = asyncio.ensure_future(self._control.tell({"pin": pin, "ending": ""}))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _depends_always(self) -> bool:
        return any(one.always_stateful for one in self._home.served)

    def _serves(self) -> str:
        """What two processes have in common that answer alike."""
        settings = self._settings
        told = [self._version, settings.seed, settings.dynamic, settings.no_fill_properties, *settings.scenario]
        told += [f"{one.base_path} {one.contract.digest}" for one in self._home.served]
        return blake2b("\n".join(map(str, told)).encode(), digest_size=16).hexdigest()


def _answered_of(request: Request, form: AnsweredForm) -> tuple[Exchange, int]:
    findings = tuple(diagnostic_from_json(one) for one in form["findings"])
    return Exchange(request, Route(form["operation"]), response_from_json(form["answer"]), findings), form["number"]


def check_peers(settings: Settings) -> None:
    """Raises :class:`UsageError` where replicas could not know each other, and warns where they would not be alike."""
    if not settings.admin_token:
        raise UsageError("--peers: found no --admin-token; expected the token by which replicas know each other.")
    if settings.store == "memory":
        log.warning(
            "--peers: found --store memory; expected one that all replicas share. A record that is changed by the"
            " admin API is changed in one of them alone"
        )
