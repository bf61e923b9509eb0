"""What a world decides for a request by those before it: rate limit, idempotency key, the turn of a scenario."""

from __future__ import annotations

from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import HubLostError
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Request, Response, Route
from mock_server.hub.model import Decision, KeyQuestion, Question, WindowQuestion
from mock_server.openapi.extensions import MockExtensions
from mock_server.openapi.model import Operation
from mock_server.openapi.security import Credentials
from mock_server.scenarios.model import Scenario
from mock_server.scenarios.request_pattern import RecordLookup, no_record
from mock_server.worlds.idempotency import KeyClaim, conflict, key_question, replayed
from mock_server.worlds.rate_limits import Allowance, window_question
from mock_server.worlds.staged_scenarios import ScenarioMatches, ScenarioTurn, StagedScenarios
from mock_server.worlds.world import World

_TRIES = 20
"""Most times that a decision is asked because other scenarios were staged meanwhile."""


@value_class
class StatefulDecision:
    """The decision about one request: a failure, an answer to replay, headers to add, the turn of a scenario."""

    failure: str | None = None
    headers: Headers = ()
    findings: tuple[Diagnostic, ...] = ()
    """Why there is a failure."""
    replay: Response | None = None
    is_pending: bool = False
    """Whether another request with the same key is under way."""
    claim: KeyClaim | None = None
    turn: ScenarioTurn | None = None

    def settled(self, answer: Response) -> Response:
        """Return the answer with the headers, and keep it for its key where it has one. Raises :class:`HubError`."""
        if self.claim is not None:
            self.claim.settle(answer)
        # The answer to a failure was made with these headers.
        return (
            replace(answer, headers=(*answer.headers, *self.headers)) if self.headers and not self.failure else answer
        )


@value_class
class StatefulRequest:
    """A request about which its world has something to decide. ``takes_turns``: whether scenarios may answer it."""

    request: Request
    route: Route
    operation: Operation
    credentials: Credentials
    takes_turns: bool = True
    counts: bool = True
    """Whether it counts in its caller's window: not where it was counted before."""
    lookup: RecordLookup = no_record
    """What finds the record that the request is about, for scenarios that ask for one."""

    def decide(
        self,
        world: World,
        extensions: MockExtensions,
        standing: tuple[Scenario, ...],
        seed: int,
        matches: ScenarioMatches | None = None,
    ) -> StatefulDecision:
        """Return what the world decides, in one round trip to its hub. Raises :class:`HubError`.

        ``matches`` is what is known already of the scenarios that the request is for. Where nothing has to be decided,
        the hub is not asked.
        """
        token = self.credentials.token or ""
        limit = extensions.rate_limit if self.counts else None
        window = None if limit is None else window_question(token, limit)
        key = key_question(extensions, self.operation, self.request, token)
        staged = world.staged_scenarios(standing)
        for _ in range(_TRIES):
            question = self._question(staged, matches, window, key, seed)
            if question.is_empty:
                return StatefulDecision()
            decision = world.hub.decide(world.name, question)
            if decision is not None:
                return self._decided(decision, world, extensions, staged, key)
            staged, matches = world.staged_scenarios(standing, anew=True), None
        raise HubLostError(f"found other scenarios {_TRIES} times while one request was decided; expected fewer.")

    def _question(
        self,
        staged: StagedScenarios,
        matches: ScenarioMatches | None,
        window: WindowQuestion | None,
        key: KeyQuestion | None,
        seed: int,
    ) -> Question:
        if not self.takes_turns or not staged.running:
            return Question(staged.version, window, key)
        if matches is None or matches.staged is not staged:
            matches = staged.matching(self.request, self.route, self.operation, self.lookup)
        shared = tuple(running.shared for running in matches.running)
        return Question(staged.version, window, key, shared, staged.draw(seed))

    def _decided(
        self,
        decision: Decision,
        world: World,
        extensions: MockExtensions,
        staged: StagedScenarios,
        question: KeyQuestion | None,
    ) -> StatefulDecision:
        headers: Headers = ()
        if decision.window is not None and extensions.rate_limit is not None:
            allowance = Allowance.of(decision.window, extensions.rate_limit)
            headers = allowance.headers()
            if allowance.exceeded:
                return StatefulDecision("rate_limited", headers, (allowance.finding(),))
        key = decision.key
        if key is None or question is None:
            claim = None
        elif key.state == "conflict":  # of the client: draft-ietf-httpapi-idempotency-key-header
            return StatefulDecision("idempotency_conflict", headers, (conflict(extensions),))
        elif key.state == "replay":
            return StatefulDecision(headers=headers, replay=replayed(key.answer))
        elif key.state == "pending":
            return StatefulDecision(headers=headers, is_pending=True)
        else:
            claim = KeyClaim(world.hub, world.name, question.key, key.claim)
        turn = None if decision.turn is None else staged.turn(decision.turn)
        return StatefulDecision(headers=headers, claim=claim, turn=turn)
