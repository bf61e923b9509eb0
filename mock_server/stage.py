"""What scenarios do in one world: which is running, how far it has come, in which state everything is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypedDict

from mock_server.clock import Clock, ClockForm
from mock_server.contract.model import Operation
from mock_server.exchange import JSON, Request, Route
from mock_server.generate.seeds import Draw
from mock_server.limits import Limits, LimitsForm
from mock_server.scenarios import STARTED, Cue, Scenario

MOST_SCENARIOS = 100
"""Scenarios that run in one world."""


class RunningForm(TypedDict):
    """A scenario that runs, as JSON: what it is, and how far it has come."""

    name: str
    data: JSON
    met: int
    used: list[int]


class StageForm(TypedDict):
    """A :class:`Stage` as JSON; without ``limits`` it is what tests have told it, and no more."""

    clock: ClockForm
    running: list[RunningForm]
    states: dict[str, str]
    named: int
    limits: LimitsForm | None


class Running:
    """A scenario that was started: how many requests it met, how often each answer was given."""

    __slots__ = ("_used", "met", "scenario")

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.met = 0
        self._used = [0] * len(scenario.answers)

    def next(self, state: str, seed: int) -> Cue | None:
        """The answer whose turn it is; None where the request is no matter of the scenario, or no more."""
        self.met += 1
        index = self._turn(state, seed)
        if index is None and self.scenario.repeats and self._is_over():
            self._used = [0] * len(self._used)
            index = self._turn(state, seed)
        if index is None:
            return None
        self._used[index] += 1
        return self.scenario.answers[index]

    def _turn(self, state: str, seed: int) -> int | None:
        for index, cue in enumerate(self.scenario.answers):
            if cue.times is not None and self._used[index] >= cue.times:
                continue
            if cue.required_state not in (None, state) or self.met % cue.every:
                continue
            if cue.share < 1 and _drawn(seed, self.scenario.name, f"share {index} {self.met}") >= cue.share:
                continue
            return index
        return None

    def _is_over(self) -> bool:
        pairs = zip(self.scenario.answers, self._used, strict=True)
        return all(cue.times is not None and used >= cue.times for cue, used in pairs)

    def jitter(self, cue: Cue, seed: int) -> int:
        """Milliseconds more, from 0 to what the answer allows; the same for the same request of the same seed."""
        return int(_drawn(seed, self.scenario.name, f"jitter {self.met}") * (cue.jitter + 1)) if cue.jitter else 0

    def as_json(self, state: str) -> dict[str, JSON]:
        """The scenario as the control API shows it."""
        data = self.scenario.data if isinstance(self.scenario.data, dict) else {}
        return {"name": self.scenario.name, **data, "met": self.met, "given": [*self._used], "current_state": state}

    def saved(self) -> RunningForm:
        """The scenario and how far it has come, as JSON."""
        return {"name": self.scenario.name, "data": self.scenario.data, "met": self.met, "used": [*self._used]}

    @classmethod
    def restored(cls, form: RunningForm) -> Running:
        """What was saved."""
        made = cls(Scenario.from_json(form["data"], form["name"]))
        made.met, made._used = form["met"], [*form["used"]]
        return made


Fitting: TypeAlias = "Mapping[Running, bool]"
"""Whether a request is one that a scenario is for."""


def _drawn(seed: int, name: str, what: str) -> float:
    return Draw(seed, f"scenario {name}", what).at("").random()


class Stage:
    """The scenarios of a world, the latest first, and what else a test moves in it."""

    __slots__ = ("_named", "_running", "_states", "clock", "limits")

    def __init__(self, standing: tuple[Scenario, ...] = ()) -> None:
        self.clock = Clock()
        self.limits = Limits()
        self._running = [Running(one) for one in reversed(standing)]
        self._states: dict[str, str] = {}
        self._named = 0

    @property
    def is_empty(self) -> bool:
        """Whether no scenario runs."""
        return not self._running

    @property
    def has_changes(self) -> bool:
        """Whether a test would miss something: a scenario, a state, another time, what is counted of callers."""
        return bool(self._running or self._states) or not self.limits.is_empty or self.clock.is_moved

    @property
    def running(self) -> tuple[Running, ...]:
        """What runs, in the order in which it is asked."""
        return tuple(self._running)

    def start(self, scenario: Scenario) -> Running | None:
        """Start a scenario; one of the same name ends. None where too many run already."""
        others = [one for one in self._running if one.scenario.name != scenario.name]
        if len(others) >= MOST_SCENARIOS:
            return None
        running = Running(scenario)
        self._running = [running, *others]
        self._states.pop(scenario.machine, None)
        return running

    def end(self, name: str | None = None) -> bool:
        """End the scenario of that name, or all; whether there was one."""
        kept = [one for one in self._running if name is not None and one.scenario.name != name]
        ended, self._running = len(kept) < len(self._running), kept
        if name is None:
            self._states.clear()
        return ended

    def new_name(self) -> str:
        """A name for a scenario without one."""
        self._named += 1
        return f"scenario-{self._named}"

    def state(self, scenario: Scenario) -> str:
        """The state of a scenario's machine."""
        return self._states.get(scenario.machine, STARTED)

    def fitting(self, request: Request, route: Route, operation: Operation) -> Fitting:
        """Return which of the scenarios a request is for. It changes nothing, and takes long for a large body."""
        return {running: running.scenario.match.matches(request, route, operation) for running in self._running}

    def next(
        self, request: Request, route: Route, operation: Operation, seed: int, fitting: Fitting
    ) -> tuple[Running, Cue] | None:  # fmt: skip
        """What a scenario wants answered, and which it is; None where none has a say.

        Scenarios that ``fitting`` says nothing of are asked here.
        """
        for running in self._running:
            scenario = running.scenario
            state = self.state(scenario)
            if scenario.required_state not in (None, state):
                continue
            fits = fitting.get(running)
            if not (scenario.match.matches(request, route, operation) if fits is None else fits):
                continue
            cue = running.next(state, seed)
            if cue is not None:
                new_state = cue.new_state or scenario.new_state
                if new_state is not None:
                    self._states[scenario.machine] = new_state
                return running, cue
        return None

    def saved(self, *, limits: bool) -> StageForm:
        """The stage as JSON, for another process to go on with."""
        return {
            "clock": self.clock.saved(),
            "running": [one.saved() for one in self._running],
            "states": {**self._states},
            "named": self._named,
            "limits": self.limits.saved() if limits else None,
        }

    @classmethod
    def restored(cls, form: StageForm) -> Stage:
        """What was saved."""
        made = cls()
        made.clock = Clock.restored(form["clock"])
        made._running = [Running.restored(one) for one in form["running"]]
        made._states, made._named = {**form["states"]}, form["named"]
        if form["limits"] is not None:
            made.limits = Limits.restored(form["limits"])
        return made
