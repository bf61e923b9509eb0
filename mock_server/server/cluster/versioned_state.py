"""What tests have staged in which world: known to all processes, played by one.

A pin is what a world's owner tells the others when a test has told it something. The one of the higher version holds,
in whatever order and however often they come; a world that began anew has a pin without a stage.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from time import time_ns
from typing import TypedDict

from mock_server.worlds.scenario_state import ScenarioState, ScenarioStateJson

MOST_ENDINGS = 10_000
"""Pins without a stage that are kept: long enough for none that is older to come after them."""


class PinForm(TypedDict):
    """A pin as JSON."""

    world: str
    version: int
    stage: ScenarioStateJson | None


class Pins:
    """The pins of all worlds, by name."""

    def __init__(self) -> None:
        self._pins: dict[str, PinForm] = {}
        self._endings: OrderedDict[str, None] = OrderedDict()

    def __iter__(self) -> Iterator[PinForm]:
        return iter([*self._pins.values()])

    def version(self, world: str) -> int:
        """The version of a world's pin, 0 where it has none."""
        pin = self._pins.get(world)
        return pin["version"] if pin is not None else 0

    def stage(self, world: str) -> ScenarioState | None:
        """The stage of a world as its pin has it."""
        pin = self._pins.get(world)
        return None if pin is None or pin["stage"] is None else ScenarioState.restored(pin["stage"])

    def scenario_state(self) -> Iterable[str]:
        """The worlds in which scenarios run."""
        return [one["world"] for one in self if one["stage"] is not None and one["stage"]["running"]]

    def make(self, world: str, stage: ScenarioStateJson | None) -> PinForm:
        """A pin of a version that is higher than all before; it is kept."""
        # The time, so that another owner's pins are higher than those of the one before, of which it missed the last.
        version = max(self.version(world) + 1, time_ns())
        pin: PinForm = {"world": world, "version": version, "stage": stage}
        self._keep(pin)
        return pin

    def take(self, pin: PinForm, *, or_same: bool = False) -> bool:
        """Keep a pin if it is of a higher version than the one that is known, or of the same; whether it was."""
        known = self.version(pin["world"])
        if pin["version"] > known or (or_same and pin["version"] == known):
            self._keep(pin)
            return True
        return False

    def _keep(self, pin: PinForm) -> None:
        world = pin["world"]
        self._pins[world] = pin
        self._endings.pop(world, None)
        if pin["stage"] is None:
            self._endings[world] = None
            if len(self._endings) > MOST_ENDINGS:
                oldest, _ = self._endings.popitem(last=False)
                del self._pins[oldest]
