"""What is staged in one world, in memory, and the decision of a turn; the engines without a server share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TypedDict

from mock_server.hub.model import BLOCK, ClockState, Draw, Progress, SharedScenario, Turn, Window, WorldStaging
from mock_server.scenarios.states import STARTED

LAST_MOMENT = 253402214400.0
"""The last day of the year 9999, in seconds since 1970."""


class ProgressJson(TypedDict):
    """How far a world has come, as JSON: what each turn changes."""

    met: dict[str, int]
    used: dict[str, list[int]]
    states: dict[str, str]


class StagedWorld:
    """Scenarios, the latest first, how far each is, states and clock."""

    __slots__ = ("clock", "met", "named", "scenarios", "states", "used", "version")

    def __init__(self, standing: Sequence[SharedScenario] = ()) -> None:
        self.version = 0
        self.scenarios = [*standing]
        self.met: dict[str, int] = {}
        self.used: dict[str, list[int]] = {}
        self.states: dict[str, str] = {}
        self.named = 0
        self.clock = ClockState()

    @property
    def progress(self) -> ProgressJson:
        """How far it is, as JSON."""
        return {"met": self.met, "used": self.used, "states": self.states}

    @progress.setter
    def progress(self, progress: ProgressJson) -> None:
        self.met, self.used, self.states = progress["met"], progress["used"], progress["states"]

    def start(self, scenario: SharedScenario, most: int) -> bool:
        """Start a scenario in place of one of its name; return False where ``most`` are running."""
        others = [other for other in self.scenarios if other.name != scenario.name]
        if len(others) >= most:
            return False
        self.scenarios = [scenario, *others]
        self._forget(scenario.name)
        self.states.pop(scenario.machine, None)
        return True

    def end(self, name: str | None) -> bool:
        """End the scenario of that name, or all; return whether there was one."""
        ended = [scenario for scenario in self.scenarios if name in (None, scenario.name)]
        self.scenarios = [scenario for scenario in self.scenarios if scenario not in ended]
        for scenario in ended:
            self._forget(scenario.name)
        if name is None:
            self.states.clear()
        return bool(ended)

    def _forget(self, name: str) -> None:
        self.met.pop(name, None)
        self.used.pop(name, None)

    def turn(self, matches: Sequence[SharedScenario], draw: Draw) -> Turn | None:
        """Take the next turn among the scenarios that a request is for; None where none has an answer for it."""
        for scenario in matches:
            state = self.states.get(scenario.machine, STARTED)
            if scenario.required_state not in ("", state):
                continue
            met = self.met[scenario.name] = self.met.get(scenario.name, 0) + 1
            used = self.used.setdefault(scenario.name, [0] * len(scenario.answers))
            index = _next_answer(scenario, used, state, met, draw)
            if index is None and scenario.repeats and _is_over(scenario, used):
                used[:] = [0] * len(used)
                index = _next_answer(scenario, used, state, met, draw)
            if index is None:
                continue
            used[index] += 1
            new_state = scenario.answers[index].new_state or scenario.new_state
            if new_state:
                self.states[scenario.machine] = new_state
            return Turn(scenario.name, index, met)
        return None

    def staging(self) -> WorldStaging:
        """Return what is staged, as it is now."""
        progress = {
            scenario.name: Progress(
                self.met.get(scenario.name, 0),
                tuple(self.used.get(scenario.name, [0] * len(scenario.answers))),
            )
            for scenario in self.scenarios
        }
        return WorldStaging(self.version, tuple(self.scenarios), progress, {**self.states}, self.clock)


def _next_answer(scenario: SharedScenario, used: Sequence[int], state: str, met: int, draw: Draw) -> int | None:
    for index, rule in enumerate(scenario.answers):
        if rule.times and used[index] >= rule.times:
            continue
        if rule.required_state not in ("", state) or met % rule.every:
            continue
        if rule.has_share and not draw(scenario.name, index, met):
            continue
        return index
    return None


def _is_over(scenario: SharedScenario, used: Sequence[int]) -> bool:
    return all(rule.times and count >= rule.times for rule, count in zip(scenario.answers, used, strict=True))


def advanced(clock: ClockState, seconds: float, time: float) -> ClockState:
    """Return a clock that was moved, where the hub's time is ``time``; raises :class:`ValueError`."""
    if not 0 <= clock.now(time) + seconds < LAST_MOMENT:
        raise ValueError("a time before 1970 or after 9999")
    if clock.stands_at is None:
        return ClockState(None, clock.ahead + seconds)
    return ClockState(clock.stands_at + seconds)


def counted(before: tuple[int, int] | None, seconds: int, now: float) -> tuple[int, Window]:
    """Return the number of the window of a moment, and it after one more request; ``before`` is what it was last."""
    window = int(now // seconds)
    used = before[1] + 1 if before is not None and before[0] == window else 1
    return window, Window(used, max(1, ceil((window + 1) * seconds - now)))


def draws_of(scenario: SharedScenario, draw: Draw, block: int) -> Mapping[str, str]:
    """Return for each answer with a share, by its index, a 1 or 0 for each request of a block."""
    first = block * BLOCK
    return {
        str(index): "".join("1" if draw(scenario.name, index, first + offset) else "0" for offset in range(BLOCK))
        for index, rule in enumerate(scenario.answers)
        if rule.has_share
    }
