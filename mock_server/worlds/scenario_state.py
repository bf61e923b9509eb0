"""The state of scenarios in one world: which ones run, how far each is, in which state their machines are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypedDict

from mock_server.core.types import JSON
from mock_server.generation.seeding import SeedKey
from mock_server.http.messages import Request, Route
from mock_server.openapi.model import Operation
from mock_server.scenarios.model import STARTED, Scenario, StubResponse
from mock_server.worlds.clock import ClockJson, WorldClock
from mock_server.worlds.rate_limits import RateLimits, RateLimitsJson

MOST_SCENARIOS = 100
"""Most scenarios that run in one world."""


class ActiveScenarioJson(TypedDict):
    """A running scenario as JSON: its data, and how far it is."""

    name: str
    data: JSON
    met: int
    used: list[int]


class ScenarioStateJson(TypedDict):
    """A :class:`ScenarioState` as JSON; without ``limits`` it is only what tests have set."""

    clock: ClockJson
    running: list[ActiveScenarioJson]
    states: dict[str, str]
    named: int
    limits: RateLimitsJson | None


class ActiveScenario:
    """A scenario that was started: how many requests it matched, how often each answer was given."""

    __slots__ = ("_used", "met", "scenario")

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.met = 0
        self._used = [0] * len(scenario.answers)

    def next(self, state: str, seed: int) -> StubResponse | None:
        """Return the answer for the next request; None where the scenario has none for it, or no more."""
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
        for index, stub in enumerate(self.scenario.answers):
            if stub.times is not None and self._used[index] >= stub.times:
                continue
            if stub.required_state not in (None, state) or self.met % stub.every:
                continue
            if stub.share < 1 and _drawn(seed, self.scenario.name, f"share {index} {self.met}") >= stub.share:
                continue
            return index
        return None

    def _is_over(self) -> bool:
        pairs = zip(self.scenario.answers, self._used, strict=True)
        return all(stub.times is not None and used >= stub.times for stub, used in pairs)

    def jitter(self, stub: StubResponse, seed: int) -> int:
        """Return extra milliseconds, from 0 to the answer's ``jitter``; the same for the same request and seed."""
        return int(_drawn(seed, self.scenario.name, f"jitter {self.met}") * (stub.jitter + 1)) if stub.jitter else 0

    def as_json(self, state: str) -> dict[str, JSON]:
        """Return the scenario as the admin API shows it."""
        data = self.scenario.data if isinstance(self.scenario.data, dict) else {}
        return {"name": self.scenario.name, **data, "met": self.met, "given": [*self._used], "current_state": state}

    def saved(self) -> ActiveScenarioJson:
        """Return the scenario and how far it is, as JSON."""
        return {"name": self.scenario.name, "data": self.scenario.data, "met": self.met, "used": [*self._used]}

    @classmethod
    def restored(cls, form: ActiveScenarioJson) -> ActiveScenario:
        """Return the running scenario that was saved as ``form``."""
        running = cls(Scenario.from_json(form["data"], form["name"]))
        running.met, running._used = form["met"], [*form["used"]]
        return running


Fitting: TypeAlias = "Mapping[ActiveScenario, bool]"
"""Whether a request is one that a scenario is for."""


def _drawn(seed: int, name: str, what: str) -> float:
    return SeedKey(seed, f"scenario {name}", what).at("").random()


class ScenarioState:
    """The scenarios of a world, the latest first, with its clock and limits."""

    __slots__ = ("_named", "_running", "_states", "clock", "limits")

    def __init__(self, standing: tuple[Scenario, ...] = ()) -> None:
        self.clock = WorldClock()
        self.limits = RateLimits()
        self._running = [ActiveScenario(scenario) for scenario in reversed(standing)]
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
    def running(self) -> tuple[ActiveScenario, ...]:
        """The running scenarios, in the order in which they are tried."""
        return tuple(self._running)

    def start(self, scenario: Scenario) -> ActiveScenario | None:
        """Start a scenario, and end one of the same name; return None where too many are running."""
        others = [other for other in self._running if other.scenario.name != scenario.name]
        if len(others) >= MOST_SCENARIOS:
            return None
        running = ActiveScenario(scenario)
        self._running = [running, *others]
        self._states.pop(scenario.machine, None)
        return running

    def end(self, name: str | None = None) -> bool:
        """End the scenario of that name, or all; return whether there was one."""
        remaining = [running for running in self._running if name is not None and running.scenario.name != name]
        ended, self._running = len(remaining) < len(self._running), remaining
        if name is None:
            self._states.clear()
        return ended

    def new_name(self) -> str:
        """Return a name for a scenario without one."""
        self._named += 1
        return f"scenario-{self._named}"

    def state(self, scenario: Scenario) -> str:
        """Return the state of a scenario's machine."""
        return self._states.get(scenario.machine, STARTED)

    def fitting(self, request: Request, route: Route, operation: Operation) -> Fitting:
        """Return which of the scenarios a request is for. It changes nothing, and takes long for a large body."""
        return {running: running.scenario.match.matches(request, route, operation) for running in self._running}

    def next(
        self, request: Request, route: Route, operation: Operation, seed: int, fitting: Fitting
    ) -> tuple[ActiveScenario, StubResponse] | None:
        """Return what a scenario wants answered, and which it is; None where none has a say.

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
            stub = running.next(state, seed)
            if stub is not None:
                new_state = stub.new_state or scenario.new_state
                if new_state is not None:
                    self._states[scenario.machine] = new_state
                return running, stub
        return None

    def saved(self, *, limits: bool) -> ScenarioStateJson:
        """Return the stage as JSON, for another process to continue with."""
        return {
            "clock": self.clock.saved(),
            "running": [running.saved() for running in self._running],
            "states": {**self._states},
            "named": self._named,
            "limits": self.limits.saved() if limits else None,
        }

    @classmethod
    def restored(cls, form: ScenarioStateJson) -> ScenarioState:
        """Return the stage that was saved as ``form``."""
        stage = cls()
        stage.clock = WorldClock.restored(form["clock"])
        stage._running = [ActiveScenario.restored(entry) for entry in form["running"]]
        stage._states, stage._named = {**form["states"]}, form["named"]
        if form["limits"] is not None:
            stage.limits = RateLimits.restored(form["limits"])
        return stage
