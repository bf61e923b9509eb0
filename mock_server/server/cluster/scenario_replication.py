"""The worlds of this process, and what is staged in them here and elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mock_server.server.cluster.membership import Membership
from mock_server.server.cluster.versioned_state import PinForm, Pins
from mock_server.settings import Settings
from mock_server.worlds.world import World, Worlds

_NUMBERS = 38
"""Bits of an entry's number that count; those above are the process's own."""


class SharedWorlds(Worlds):
    """Worlds whose scenarios other processes know too. ``on_evicted`` is told which one was forgotten for want of use.

    No two processes give a journal's entry the same number, since each has bits of its own in it.
    """

    def __init__(self, own: str, pins: Pins, settings: Settings, on_evicted: Callable[[str], None]) -> None:
        self._pins = pins
        self._on_evicted = on_evicted
        memory = settings.journal_memory * 1024 * 1024
        super().__init__(settings.max_worlds, settings.journal_size, memory, int(own[:6], 16) << _NUMBERS)

    def end(self, name: str, *, forget: bool) -> None:
        """Take a world back to how it began, after its owner has, who saw to the records that all share."""
        world = self.find(name)
        if world is not None:
            self._end(world)
        if forget:
            self._drop(name)

    def _made(self, name: str) -> World:
        world = super()._made(name)
        world.scenario_state = self._pins.stage(name)
        return world

    def _evict(self, world: World) -> None:
        super()._evict(world)
        self._on_evicted(world.name)


class Staging:
    """What is staged where. ``always`` tells whether every answer depends on those before it, in all worlds."""

    def __init__(self, members: Membership, pins: Pins, worlds: SharedWorlds, always: Callable[[], bool]) -> None:
        self._members = members
        self._pins = pins
        self._worlds = worlds
        self._always = always

    def is_elsewhere(self, world: World) -> bool:
        """Whether another process has to answer, since answers in this world depend on those before them."""
        if not self._always() and (world.scenario_state is None or world.scenario_state.is_empty):
            return False
        return self._members.owner(world.name) != self._members.own

    def form(self) -> list[PinForm]:
        """All pins."""
        return [*self._pins]

    def pin(self, world: World) -> PinForm:
        """A new pin of a world of this process, as its stage is now."""
        return self._pins.make(
            world.name, None if world.scenario_state is None else world.scenario_state.saved(limits=False)
        )

    def unpin(self, name: str) -> PinForm | None:
        """A new pin of a world that is no more; None where it had none, or where it is another's to tell."""
        if self._pins.version(name) == 0 or self._members.owner(name) != self._members.own:
            return None
        return self._pins.make(name, None)

    def take(self, pins: Iterable[PinForm], *, handed_over: bool = False) -> None:
        """Let others' pins hold: those of higher versions, or what a world's owner so far hands over."""
        for pin in pins:
            if self._pins.take(pin, or_same=handed_over):
                world = self._worlds.find(pin["world"])
                if world is not None:
                    world.scenario_state = self._pins.stage(pin["world"])

    def handed_over(self, is_next: Callable[[str], bool]) -> list[PinForm]:
        """What is staged in worlds of this process that have their next owner, with how far it has come."""
        return [
            {
                "world": world.name,
                "version": self._pins.version(world.name),
                "stage": world.scenario_state.saved(limits=True),
            }
            for world in self._worlds
            if world.scenario_state is not None
            and self._members.owner(world.name) == self._members.own
            and is_next(world.name)
        ]

    def inherited_from(self, name: str) -> int:
        """How many worlds in which scenarios run are now this process's, and were another's that is no more."""
        members = self._members
        return sum(
            members.owner(world) == members.own and members.owner_with(name, world) == name
            for world in self._pins.scenario_state()
        )
