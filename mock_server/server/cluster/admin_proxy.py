"""Control of worlds that several processes share: who answers a control request, and who has to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, TypedDict, cast
from weakref import WeakValueDictionary

from mock_server.admin.router import json_response
from mock_server.core.types import JSON
from mock_server.http.json_codec import (
    RequestJson,
    ResponseJson,
    request_from_json,
    request_to_json,
    response_from_json,
    response_to_json,
)
from mock_server.http.messages import Exchange, Request, Response
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.loading.loader import CONTROL
from mock_server.server.cluster.aggregation import Gathered, GaugeForm, JournalForm, coverage_form, journal_form
from mock_server.server.cluster.membership import MOST_HOPS, GoneError, Membership
from mock_server.server.cluster.scenario_replication import SharedWorlds, Staging
from mock_server.server.cluster.versioned_state import PinForm
from mock_server.worlds.world import World, Worlds

STAGED = frozenset({"scenarios", "clock", "reset", ""})
"""The nouns that the world's owner answers for; the last one is the world itself, which can be forgotten."""
JOURNAL = frozenset({"requests", "requests.har"})
COVERAGE = "coverage"
METRICS = "metrics"
PEERS = "peers"

CONTROL_SECONDS = 10.0
"""How long the owner is waited for, who himself waits for all others (:data:`CHANGE_SECONDS`)."""
CHANGE_SECONDS = 4.0
SEEN_SECONDS = 10.0
"""How long a journal is waited for: one with a thousand bodies of 64 KB takes a second or two."""
_ENDINGS = {"reset": "reset", "": "forget"}


class Home(Protocol):
    """What this process serves, and what answers of it."""

    @property
    def served(self) -> tuple[ApiMount, ...]:
        """What serves now."""

    def answered(self, base_path: str, request: Request, world: World) -> tuple[Exchange, int]:
        """An exchange with the contract at a base path, and its number in the world's journal."""

    def controlled(
        self, request: Request, world: World, worlds: Worlds | None = None, figures: Sequence[JSON] = ()
    ) -> Response:
        """The answer of control, about other worlds than those of this process where some are given."""

    def figures(self) -> JSON:
        """What a monitor has to know of this process."""


class ControlForm(TypedDict):
    """A control request in a world, whose sender may make it. ``hops`` is how often it was passed on before."""

    world: str
    request: RequestJson
    hops: int


class ChangeForm(TypedDict):
    """What an owner tells the others of a world. ``ending`` is ``reset`` or ``forget`` where it began anew."""

    pin: PinForm
    ending: str


class SeenForm(TypedDict):
    """Which journal or coverage is asked for; ``of_all`` worlds together."""

    world: str
    what: str
    of_all: bool


class RemovalForm(TypedDict):
    """The numbers of journal entries that have to go."""

    world: str
    numbers: list[int]


class SharedControl:
    """Answers control requests so that it does not matter which process was asked."""

    def __init__(
        self,
        home: Home,
        members: Membership,
        staging: Staging,
        worlds: SharedWorlds,
        journal_size: int,
        *,
        share_a_port: bool,
    ) -> None:
        self._home = home
        self._members = members
        self._staging = staging
        self._worlds = worlds
        self._journal_size = journal_size
        self._share_a_port = share_a_port
        """Whether nobody from outside can say which of the processes is asked."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, request: Request, world: World) -> Response:
        """The answer to a request that arrived here, whose sender may make it."""
        noun = _noun_of(request)
        if noun in STAGED:
            return await self._of_owner(request, world)
        if noun in JOURNAL:
            return await self._of_journal(request, world)
        if noun == COVERAGE:
            return await self._of_coverage(request, world)
        if noun == METRICS and self._share_a_port:
            return await self._of_metrics(request, world)
        if noun == PEERS and request.method in ("GET", "HEAD"):
            return self._of_peers(world)
        return self._home.controlled(request, world)

    async def _of_owner(self, request: Request, world: World, hops: int = 0) -> Response:
        message: ControlForm = {"world": world.name, "request": request_to_json(request), "hops": hops}
        while hops <= MOST_HOPS and (owner := self._members.owner(world.name)) != self._members.own:
            with suppress(GoneError):
                told = await self._members.ask(owner, "control", message, CONTROL_SECONDS)
                return response_from_json(cast("ResponseJson", told))
        return await self._as_owner(request, self._worlds.get(world.name))

    async def _as_owner(self, request: Request, world: World) -> Response:
        """The answer, once all others know what follows from it."""
        lock = self._locks.setdefault(world.name, asyncio.Lock())
        async with lock:  # what is told first is heard first
            answer = self._home.controlled(request, world)
            if request.method not in ("GET", "HEAD") and answer.status < 400:
                ending = _ENDINGS.get(_noun_of(request), "")
                await self.tell({"pin": self._staging.pin(world), "ending": ending})
        return answer

    async def tell(self, change: ChangeForm) -> None:
        """Return when all others that live know of a change."""
        await self._members.ask_all("change", change, CHANGE_SECONDS)

    async def _of_journal(self, request: Request, world: World) -> Response:
        gathered = Gathered(world, self._home.served, self._journal_size)
        for form in await self._seen(world, "journal"):
            gathered.add_journal(cast("JournalForm", form))
        gathered.lay_out_journal()
        answer = self._home.controlled(request, gathered.world)
        numbers = gathered.removed()
        if numbers:
            removal: RemovalForm = {"world": world.name, "numbers": numbers}
            await self.removed(removal)
            await self._members.ask_all("remove", removal, CHANGE_SECONDS)
        return answer

    async def _of_coverage(self, request: Request, world: World) -> Response:
        gathered = Gathered(world, self._home.served, self._journal_size)
        of_all = "worlds=all" in request.query
        own = self._worlds.coverage() if of_all else world.coverage
        for form in [coverage_form(own), *await self._seen(world, COVERAGE, of_all=of_all)]:
            gathered.add_coverage(cast("list[GaugeForm]", form), of_all=of_all)
        return self._home.controlled(request, gathered.world, gathered.worlds)

    async def _of_metrics(self, request: Request, world: World) -> Response:
        figures = await self._members.ask_all("figures", {}, SEEN_SECONDS)
        return self._home.controlled(request, world, figures=cast("list[JSON]", figures))

    async def _seen(self, world: World, what: str, *, of_all: bool = False) -> list[object]:
        question: SeenForm = {"world": world.name, "what": what, "of_all": of_all}
        return await self._members.ask_all("seen", question, SEEN_SECONDS)

    def _of_peers(self, world: World) -> Response:
        """Who shares the worlds, as this process sees it, and whose the world is."""
        others: list[JSON] = [{"name": one.name, "address": str(one.address)} for one in self._members.living]
        owner = self._members.owner(world.name)
        return json_response({"name": self._members.own, "peers": others, "world": world.name, "owner": owner})

    # What others ask.

    async def forwarded(self, message: ControlForm) -> ResponseJson:
        """Answer a control request as the world's owner."""
        request, world = request_from_json(message["request"]), self._worlds.get(message["world"])
        return response_to_json(await self._of_owner(request, world, message["hops"] + 1))

    async def changed(self, change: ChangeForm) -> None:
        """Know of a change."""
        self._staging.take([change["pin"]])
        if change["ending"]:
            self._worlds.end(change["pin"]["world"], forget=change["ending"] == "forget")

    async def seen(self, question: SeenForm) -> JournalForm | list[GaugeForm]:
        """Tell what was seen here."""
        world = self._worlds.find(question["world"])
        if question["of_all"]:
            return coverage_form(self._worlds.coverage())
        found = world or World(question["world"])
        if question["what"] == COVERAGE:
            return coverage_form(found.coverage)
        return journal_form(found.journal, self._home.served)

    async def figures(self, _: object) -> JSON:
        """Tell what a monitor has to know of this process."""
        return self._home.figures()

    async def removed(self, removal: RemovalForm) -> None:
        """Let journal entries go."""
        world = self._worlds.find(removal["world"])
        if world is not None:
            numbers = frozenset(removal["numbers"])
            world.journal.remove(lambda entry: entry.number in numbers)


def _noun_of(request: Request) -> str:
    """The first part of a path below ``/__admin``."""
    return request.path.partition(CONTROL)[2].strip("/").partition("/")[0]
