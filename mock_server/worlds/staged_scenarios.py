"""The scenarios that run in a world, as last read from the hub, and which of them a request is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import NamedTuple

from mock_server.core.types import JSON
from mock_server.generation.seeding import SeedKey
from mock_server.http.messages import Request, Route
from mock_server.hub import SharedScenario
from mock_server.hub.model import ClockState, Draw, Question, Turn, WorldStaging
from mock_server.openapi.model import Operation
from mock_server.scenarios.model import Scenario, StubResponse
from mock_server.scenarios.request_pattern import RecordLookup, no_record
from mock_server.scenarios.states import STARTED

_NUMBERS = count(1)
_RUNNING = ClockState()
"""The clock of a world in which no test has set one."""


class RunningScenario(NamedTuple):
    """A scenario that runs: all of it for this process, and what the hub decides turns by."""

    scenario: Scenario
    shared: SharedScenario

    @classmethod
    def of(cls, scenario: Scenario) -> RunningScenario:
        """Return a scenario as one that runs."""
        return cls(scenario, SharedScenario.of(scenario))


class ScenarioMatches(NamedTuple):
    """Which scenarios a request is for, among those of one version of what is staged, in their order."""

    staged: StagedScenarios
    running: tuple[RunningScenario, ...]


class ScenarioTurn(NamedTuple):
    """The answer whose turn it is: of which scenario, and the number of the request there."""

    scenario: Scenario
    stub: StubResponse
    met: int

    def jitter(self, seed: int) -> int:
        """Return extra milliseconds, from 0 to the answer's ``jitter``; the same for the same request and seed."""
        if not self.stub.jitter:
            return 0
        return int(_drawn(seed, self.scenario.name, f"jitter {self.met}") * (self.stub.jitter + 1))


class StagedScenarios:
    """The scenarios of one version of what is staged in a world, the latest first."""

    __slots__ = ("_questions", "clock", "number", "running", "standing", "version")

    def __init__(
        self,
        version: int,
        running: Iterable[RunningScenario],
        standing: Sequence[Scenario] = (),
        clock: ClockState = _RUNNING,
    ) -> None:
        self.version = version
        self.running = tuple(running)
        self.standing = standing
        """The scenarios that run in every world, with which these were read."""
        self.clock = clock
        """The clock of the world."""
        self.number = next(_NUMBERS)
        """Its own, which no other one of this process has."""
        self._questions: dict[tuple[int, ...], Question] = {}

    @property
    def is_matched_alike(self) -> bool:
        """Whether requests match alike whatever changes, if they differ in no more than headers (not credentials)."""
        patterns = [running.scenario.match for running in self.running]
        return not any(pattern.needs_record or pattern.reads_any_header for pattern in patterns)

    def question(self, places: tuple[int, ...], seed: int) -> Question:
        """Return what the hub is asked about a request that is for the scenarios at these places of ``running``."""
        question = self._questions.get(places)
        if question is None:
            matches = tuple([self.running[place].shared for place in places])
            question = self._questions[places] = Question(self.version, matches=matches, draw=self.draw(seed))
        return question

    @classmethod
    def of(
        cls, staging: WorldStaging, standing: Sequence[Scenario], before: StagedScenarios | None = None
    ) -> StagedScenarios:
        """Return the scenarios of a staging; those that were running ``before`` are not read again."""
        known = {running.scenario.name: running for running in (before.running if before is not None else ())}
        running = [
            known[shared.name] if shared.name in known and known[shared.name].shared == shared else _read(shared)
            for shared in staging.scenarios
        ]
        return cls(staging.version, running, standing, staging.clock)

    @classmethod
    def standing_alone(cls, standing: Sequence[Scenario]) -> StagedScenarios:
        """Return what runs in a world in which no test has staged anything."""
        return cls(0, map(RunningScenario.of, reversed(standing)), standing)

    def matching(
        self, request: Request, route: Route, operation: Operation, lookup: RecordLookup = no_record
    ) -> ScenarioMatches:
        """Return which scenarios a request is for; ``lookup`` finds the record that it is about.

        It changes nothing, and takes long for a large body.
        """
        fits = (
            running for running in self.running if running.scenario.match.matches(request, route, operation, lookup)
        )
        return ScenarioMatches(self, tuple(fits))

    def draw(self, seed: int) -> Draw:
        """Return what tells whether the share of an answer has a request; the same for the same seed."""
        scenarios = {running.scenario.name: running.scenario for running in self.running}

        def draw(name: str, answer: int, met: int) -> bool:
            return _drawn(seed, name, f"share {answer} {met}") < scenarios[name].answers[answer].share

        return draw

    def place(self, turn: ScenarioTurn) -> int:
        """Return the place of the scenario whose turn it is."""
        return next(place for place, running in enumerate(self.running) if running.scenario is turn.scenario)

    def turn(self, turn: Turn) -> ScenarioTurn:
        """Return the answer of a turn that the hub decided."""
        scenario = next(running.scenario for running in self.running if running.scenario.name == turn.scenario)
        return ScenarioTurn(scenario, scenario.answers[turn.answer], turn.met)


def _read(shared: SharedScenario) -> RunningScenario:
    return RunningScenario(Scenario.from_json(shared.data, shared.name), shared)


def _drawn(seed: int, name: str, what: str) -> float:
    return SeedKey(seed, f"scenario {name}", what).at("").random()


def scenario_json(shared: SharedScenario, staging: WorldStaging) -> dict[str, JSON]:
    """Return a scenario as the admin API shows it, with how far it has come."""
    data = shared.data if isinstance(shared.data, dict) else {}
    progress = staging.progress[shared.name]
    state = staging.states.get(shared.machine, STARTED)
    return {"name": shared.name, **data, "met": progress.met, "given": [*progress.used], "current_state": state}
