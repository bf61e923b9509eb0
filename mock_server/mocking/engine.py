"""The engine: a request is handled in three steps: examined, admitted, responded to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import quote

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import BrokenItemError, StoreError
from mock_server.http.messages import Exchange, Headers, Request, Response, ResponseSource, Route, Stream
from mock_server.http.preferences import Preferences, read_preferences
from mock_server.http.problem_details import problem_response, store_problem_response
from mock_server.mocking.answer_headers import deprecated, finished
from mock_server.mocking.callers import UnknownTokenError, findings_of_token, selects_records
from mock_server.mocking.error_responses import findings_header
from mock_server.mocking.examined_request import Admitted, Examined
from mock_server.mocking.path_fragments import is_named
from mock_server.mocking.response_selector import ResponseSelector
from mock_server.mocking.scenario_faults import with_faulty_deliveries
from mock_server.mocking.scenario_responses import ScenarioResponse
from mock_server.mocking.streams import Streams
from mock_server.mocking.unrouted_requests import PLAIN, allowed_methods, failure_of_unrouted, findings_of_unrouted
from mock_server.mocking.validated_answers import ValidatedAnswers
from mock_server.openapi.model import Contract, path_parts
from mock_server.openapi.security import Credentials, credentials_of
from mock_server.openapi.validation.request_validator import MALFORMED, MEDIA_TYPE
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.scenarios.model import Scenario
from mock_server.scenarios.request_pattern import RecordLookup
from mock_server.storage import DELIVERIES, Cause, Record, RecordChange
from mock_server.worlds.events.event_log import with_cause
from mock_server.worlds.staged_scenarios import ScenarioMatches
from mock_server.worlds.state.effects.later_rows import LATER, with_entry
from mock_server.worlds.stateful_decision import StatefulDecision, StatefulRequest
from mock_server.worlds.world import World

if TYPE_CHECKING:
    from mock_server.mocking.due_steps import DueSteps

log = logging.getLogger("mock_server")


class Engine:
    """Answers requests by one contract. ``route`` finds the operation of a method, a path and a query."""

    tries = 20
    """Times that an answer is made at least where others change its records meanwhile, before that is told."""

    def __init__(
        self,
        contract: Contract,
        validator: ContractValidator,
        selector: ResponseSelector,
        route: Callable[[str, str, str], Route],
        standing: tuple[Scenario, ...] = (),
        seed: int = 0,
        strictness: str = "strict",
    ) -> None:
        self.contract = contract
        self._validator = validator
        self._validated = ValidatedAnswers(validator)
        self._selector = selector
        self._route = route
        self._standing = standing
        self._seed = seed
        self._strictness = strictness
        self._always_stateful = bool(standing) or contract.extensions.remembers
        self._told: set[Diagnostic] = set()
        """Findings about the contract's examples that were logged: each is logged once, not with each request."""

    def handle(self, request: Request, world: World | None = None) -> Exchange:
        """Route and validate a request, select an answer, validate it. Never raises for what a client sent.

        ``world`` has the state that the request may change, and the records of its answer; without one, only the shared
        records are used.
        """
        admitted = self.admit(self.examine(request, world), world)
        try:
            self.catch_up(admitted)
            exchange = self.respond(admitted)
            for _ in range(self.tries):
                if self.commit(admitted, exchange):
                    self.catch_up(admitted)
                    break
                exchange = self.respond(admitted)
            else:
                exchange = self.busy(exchange)
        except StoreError as error:
            exchange = replace(exchange, answer=store_problem_response(error))
        except BaseException:
            self.give_up(admitted)
            raise
        return self.settle(admitted, exchange)

    def examine(self, request: Request, world: World | None = None) -> Examined:
        """Route and validate a request, and identify its caller.

        Changes nothing, so it may run twice (``deadline``).
        """
        extensions = self.contract.extensions
        route = self._route(request.method, request.raw_path or quote(request.path, safe=PLAIN), request.query)
        # Several operations have this path; the request tells which of them is meant.
        if route.others:
            route = self._meant(route, request)
        operation = self.contract.operations.get(route.operation or "")
        credentials = credentials_of(request, extensions, self.contract.schemes)
        preferences, unreadable = read_preferences(request)
        strictness = preferences.validation or self._strictness

        # Some APIs refuse a token before they look at the path (``beforeRouting`` of x-mock-failures).
        early = failure = self._refused_early(credentials, strictness)
        callers: tuple[Record, ...] = ()
        trouble = ""
        if failure is None and world is not None and credentials.failure is None:
            try:
                callers = self._selector.callers(credentials, world)
            except UnknownTokenError as error:
                trouble = str(error)
                credentials = replace(credentials, failure="invalid_token")
                early = failure = self._refused_early(credentials, strictness)
            except StoreError as error:
                answer = store_problem_response(error)
                return Examined(request, route, operation, credentials, preferences, answer=answer)
        headers: Headers = ()
        findings: tuple[Diagnostic, ...] = ()
        if failure is None and operation is None:
            if request.method == "OPTIONS" and route.allow and extensions.options == "answer":
                answer = Response(204, (("Allow", allowed_methods(route)),), source=ResponseSource.OPTIONS)
                return Examined(request, route, operation, credentials, preferences, answer=answer)
            failure, headers = failure_of_unrouted(request, route, world.prefix if world else "")
            findings = findings_of_unrouted(request, route)
        passed: Headers = ()
        # Under "warn" findings do not refuse the request; they go into the header Mock-Findings.
        if failure is None and strictness == "warn":
            findings = self._validator.request(route, request)
            passed = findings_header(findings)
        elif failure is None and strictness != "off":
            findings = self._validator.request(route, request, is_lenient=strictness == "lenient")
            failure = _refused(findings)
            passed = findings_header(findings) if failure is None else ()
            if failure == "unsupported_media_type" and operation is not None:
                types = self._validator.media_types(operation.key)
                # What it would take (RFC 9110, 15.5.16).
                headers = (("Accept", ", ".join(types)),) if types else headers
        # What is wrong with the request comes before a failure that its token asks for.
        by_token = early or (None if failure is not None else _failure_of(credentials, strictness))
        if by_token is not None:
            failure = by_token
            findings = (*findings, *findings_of_token(credentials, extensions, trouble))
        headers = headers if failure is not None else passed
        asks = failure is None and operation is not None and self._validator.asks_for_stream(operation.key, request)
        return Examined(
            request,
            route,
            operation,
            credentials,
            preferences,
            failure,
            headers,
            findings,
            unreadable=unreadable,
            wants_stream=asks,
            callers=callers,
        )

    def is_stateful(self, world: World) -> bool:
        """Return whether answers in a world may depend on requests before them."""
        return self._always_stateful or not world.is_unstaged()

    def matches(self, examined: Examined, world: World) -> ScenarioMatches | None:
        """Return which scenarios of a world a request is for; None for none.

        Changes nothing, so that it may be begun anew. Raises :class:`HubError`.
        """
        operation, staged = examined.operation, world.staged_scenarios(self._standing)
        if not staged.running or operation is None or examined.failure is not None:
            return None
        return staged.matching(examined.request, examined.route, operation, self._lookup(examined, world))

    def admit(
        self,
        examined: Examined,
        world: World | None = None,
        matches: ScenarioMatches | None = None,
        decision: StatefulDecision | None = None,
    ) -> Admitted:
        """Let limits, kept answers and scenarios of the world have their say, which they remember.

        ``matches`` is what is known already of the scenarios that the request is for, ``decision`` one that was made
        for it. Nothing is changed before the hub is asked, the last that happens here. Raises :class:`HubError`.
        """
        if decision is not None:
            return self._admitted(examined, world, decision)
        failure, operation = examined.failure, examined.operation
        if failure is None and operation is not None and examined.answer is None and world is not None:
            return self._admitted(examined, world, self._decision(examined, world, matches))
        return self._admitted(examined, world, StatefulDecision())

    def admit_again(self, admitted: Admitted, world: World) -> Admitted:
        """Ask again for a request whose key was pending; it was counted in its caller's window before."""
        decision = self._decision(admitted.examined, world, None, counts=False)
        headers = admitted.decision.headers
        return self._admitted(admitted.examined, world, replace(decision, headers=headers))

    def _decision(
        self, examined: Examined, world: World, matches: ScenarioMatches | None, *, counts: bool = True
    ) -> StatefulDecision:
        if not self.is_stateful(world):
            return StatefulDecision()
        assert examined.operation is not None
        # A scenario answers no request with preferences about its answer, or with such that cannot be read.
        takes_turns = not (examined.unreadable or examined.preferences.is_of_the_answer)
        request = StatefulRequest(
            examined.request,
            examined.route,
            examined.operation,
            examined.credentials,
            takes_turns,
            counts,
            self._lookup(examined, world),
        )
        return request.decide(world, self.contract.extensions, self._standing, self._seed, matches)

    def _lookup(self, examined: Examined, world: World) -> RecordLookup:
        """Return what finds the record that a request is about, where a scenario asks for it."""
        return lambda: self._selector.record(examined.mock_request(world))

    def _admitted(self, examined: Examined, world: World | None, decision: StatefulDecision) -> Admitted:
        failure, operation = decision.failure or examined.failure, examined.operation
        preferences, unreadable = examined.preferences, examined.unreadable
        if failure is not None:  # of all that is preferred, an example is there to choose among answers to failures
            is_there = self._selector.failures.has_example(failure, operation, preferences.example)
            preferences = Preferences(
                example=preferences.example if is_there else None, validation=preferences.validation
            )
            return Admitted(examined, decision, preferences)
        if unreadable or decision.replay is not None or decision.is_pending or operation is None:
            return Admitted(examined, decision, preferences, unreadable)
        played = None if decision.turn is None else ScenarioResponse(decision.turn, self._seed)
        return Admitted(examined, decision, preferences, (), examined.mock_request(world), played)

    def catch_up(self, admitted: Admitted) -> None:
        """Take the steps of effects that are due: before a request is answered from records, and once it changed some.

        It may be begun anew: each step is taken with the change that says so. Raises as ``run_due``.
        """
        if admitted.mock_request is not None and admitted.mock_request.world is not None:
            self.run_due(admitted.mock_request.world)

    def respond(self, admitted: Admitted) -> Exchange:
        """Select the answer and validate it. Changes nothing in the world, so it may run twice (``deadline``)."""
        examined, decision, mock_request, played = (
            admitted.examined,
            admitted.decision,
            admitted.mock_request,
            admitted.played,
        )
        request, route, operation = examined.request, examined.route, examined.operation
        if examined.answer is not None:
            return Exchange(request, route, examined.answer)
        failure = decision.failure or examined.failure
        if failure is not None:
            headers = decision.headers if decision.failure else examined.headers
            example = admitted.preferences.example
            reasons = examined.findings + decision.findings
            answer = self._selector.failure(failure, operation, reasons, headers, example)
        elif decision.replay is not None:
            answer = decision.replay
        elif decision.is_pending:
            answer = problem_response("idempotency-pending", 409, _PENDING, headers=(("Retry-After", "1"),))
        elif mock_request is None:
            answer = problem_response("preference", 400, "; ".join(map(str, admitted.unreadable)), admitted.unreadable)
        else:
            answer = (
                self._selector.answer(mock_request) if played is None else played.answer(self._selector, mock_request)
            )

        broken: tuple[Diagnostic, ...] = ()
        # A replay was validated when it was first sent; a scenario may break the contract on purpose.
        if decision.replay is None and (played is None or played.is_validated):
            broken = self._broken(answer, route, failure if played is None else played.turn.stub.failure)
        if answer.reads and self.has_later:
            answer = replace(answer, reads=(*answer.reads, LATER))
        if broken:
            answer = _withheld(answer, route, broken)
        if selects_records(self.contract, examined.credentials):
            answer = replace(answer, is_lasting=False)
        answer = finished(answer, admitted.preferences, examined.credentials, is_refused=failure is not None)
        noted = findings_header(examined.findings + answer.notes) if answer.notes else examined.headers
        if failure is None and noted and answer.header("mock-findings") is None:
            answer = replace(answer, headers=(*answer.headers, *noted))
        if played is not None:
            # Only now, so that nothing but what the scenario breaks is wrong with the answer.
            answer, faults = played.finished(answer), played.turn.stub.webhook
            answer = with_faulty_deliveries(answer, faults, self.contract, self._selector.outbox)
        findings = examined.findings + decision.findings + answer.notes + admitted.unreadable + answer.findings + broken
        return Exchange(request, route, answer, findings)

    def commit(self, admitted: Admitted, exchange: Exchange) -> bool:
        """Make the changes that an answer stands for, all or none of them.

        Return False where another request has changed meanwhile what the answer was made from; it is to be made again
        then. Raises :class:`StoreError`.
        """
        changes, request = exchange.answer.changes, admitted.mock_request
        if not changes or request is None or request.world is None:
            return True
        world = request.world
        entry = str(world.journal.id_of(world.journal.last + 1))
        cause = Cause(request.operation.key, entry, world.now())
        return self.apply(world, with_entry(changes, entry) if self.has_later else changes, cause)

    def apply(self, world: World, changes: Sequence[RecordChange], cause: Cause) -> bool:
        """Make changes of a world, with the events among them and their deliveries, all or none.

        Return False where a record is not what it was before the change. Raises :class:`StoreError`.
        """
        if not world.apply(self._selector.store, with_cause(changes, cause), cause):
            return False
        outbox = self._selector.outbox
        if outbox is not None and any(change.resource == DELIVERIES for change in changes):
            outbox.wake(world, changes)
        return True

    def run_due(self, world: World, until: float = inf) -> float | None:
        """Take the steps of effects that are due by a world's clock and by a time, each in a change set of its own.

        Return when the next are due, None where none wait: both in seconds since 1970 by that clock. What delivers
        events is told of that, which has them taken when the time comes. Raises :class:`StoreError` and
        :class:`HubError`.
        """
        if self._due_steps is None:
            return None
        due = self._due_steps.run(world, until)
        if self._selector.outbox is not None:
            self._selector.outbox.expect(world, due)
        return due

    @property
    def has_later(self) -> bool:
        """Whether operations of the contract have steps that are taken later."""
        return self._due_steps is not None

    @cached_property
    def _due_steps(self) -> DueSteps | None:
        """What takes them; None where the contract has none."""
        return self._selector.due_steps(self.apply)

    def busy(self, exchange: Exchange) -> Exchange:
        """Return the exchange whose answer says that others were quicker each time."""
        found = f"Found records changed by other requests {self.tries} times or more meanwhile"
        detail = f"{found}; expected a moment's rest. Try again."
        return replace(exchange, answer=problem_response("conflict", 409, detail, headers=(("Retry-After", "1"),)))

    def settle(self, admitted: Admitted, exchange: Exchange) -> Exchange:
        """Let the world remember what it needs of an exchange, and log findings about the contract's examples.

        It may be begun anew until the hub was asked. Raises :class:`HubError`.
        """
        # An answer to OPTIONS belongs to no operation, so there is nothing to remember or to log.
        if admitted.examined.answer is not None:
            return exchange
        answer = admitted.decision.settled(exchange.answer)
        self._tell(answer)
        operation = admitted.examined.operation
        if operation is not None and operation.deprecated:
            answer = deprecated(answer)
        return exchange if answer is exchange.answer else replace(exchange, answer=answer)

    def give_up(self, admitted: Admitted) -> None:
        """Give back what was claimed for a request that gets no answer of this engine. Raises :class:`HubError`."""
        if admitted.decision.claim is not None:
            admitted.decision.claim.release()

    def _meant(self, route: Route, request: Request) -> Route:
        """Return the route of the operation that is meant, among those with the same path.

        It is one whose fragment names something that the request has (``/#Action=List``), if there is any such; of
        these the first for which the request is valid, or else the first.
        """
        routes = (route, *route.others)
        fragments = [path_parts(self.contract.operations[str(candidate.operation)].path)[2] for candidate in routes]
        named = [
            candidate for candidate, fragment in zip(routes, fragments, strict=True) if is_named(fragment, request)
        ]
        matches = named or routes
        accepted = (candidate for candidate in matches if _refused(self._validator.request(candidate, request)) is None)
        return next(accepted, matches[0]) if len(matches) > 1 else matches[0]

    def items(self, stream: Stream, status: int) -> Iterator[bytes]:
        """Yield the encoded items of a stream, each after it was validated.

        Raises :class:`GenerationError` where one cannot be made, :class:`BrokenItemError` for one that is not valid.
        """
        source = self._selector.streams.source_of(stream)
        for index, item in enumerate(self._selector.streams.items(stream)):
            if stream.is_validated:
                broken = self._validator.item(stream, status, index, source.sequence.schema(index), item)
                if broken:
                    raise BrokenItemError(broken)
            garble = stream.garble if index == stream.garbled else ""
            yield source.framing.frame(index, Streams.broken(stream, index, item), garble)

    def end(self, stream: Stream) -> bytes:
        """Return the bytes after the last item of a stream; empty where there are none."""
        return self._selector.streams.source_of(stream).framing.last()

    def _first_of(self, stream: Stream | None, status: int) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the first item of a stream, while another answer can still be sent."""
        try:
            if stream is not None:
                next(self.items(stream, status), None)
        except BrokenItemError as error:
            return error.findings
        return ()

    def _tell(self, answer: Response) -> None:
        """Log what is wrong with the contract's examples, each finding once."""
        for finding in answer.findings:
            if finding not in self._told:
                self._told.add(finding)
                log.warning("an example breaks its schema and is not sent as it stands: %s", finding)

    def _refused_early(self, credentials: Credentials, strictness: str) -> str | None:
        """Return the caller's failure, if this API reports it before it looks at the path; else None."""
        failure = self.contract.extensions.failures.get(_failure_of(credentials, strictness) or "")
        return failure.name if failure is not None and failure.before_routing else None

    def _broken(self, answer: Response, route: Route, failure: str | None) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the answer by the contract.

        The server's own problem documents are not validated.
        """
        if answer.source is ResponseSource.PROBLEM:
            return ()
        operation = self.contract.operations.get(route.operation or "")
        if operation is not None and operation.response_for(answer.status) is not None:
            broken = self._validated.findings(operation.key, answer)
            return broken or self._first_of(answer.stream, answer.status)
        if failure is None or failure not in self.contract.extensions.failures:
            return ()
        return self._validator.failure(failure, answer)


_PENDING = (
    "Found another request with the same idempotency key under way; expected its end first. Send the request again."
)


_REFUSALS = {"security": "unauthenticated", MEDIA_TYPE: "unsupported_media_type", MALFORMED: "malformed_request"}
"""The failures for findings of a rule, the most important first; all other rules make an invalid request."""


def _refused(findings: tuple[Diagnostic, ...]) -> str | None:
    if not findings:
        return None
    rules = {finding.rule for finding in findings if finding.severity == "error"}
    if not rules:
        return None
    return next((failure for rule, failure in _REFUSALS.items() if rule in rules), "invalid_request")


def _failure_of(credentials: Credentials, strictness: str) -> str | None:
    """Return the failure that a token leads to, or None.

    Where requests are not refused, a token of no known kind is not a failure. A reserved suffix always leads to its
    failure: a test put it there.
    """
    return credentials.failure if credentials.kind is not None or strictness in ("strict", "lenient") else None


def _withheld(answer: Response, route: Route, broken: tuple[Diagnostic, ...]) -> Response:
    """Log that an answer is not valid by the contract, and return the problem document that is sent in its place."""
    log.error("%s: an answer broke the contract and was not sent: %s", route.operation, "; ".join(map(str, broken)))
    detail = f"{broken[0]}. Fix the fixture, the example or the contract; {answer.reason} was the source."
    return problem_response("answer-breaks-contract", 500, detail, broken)
