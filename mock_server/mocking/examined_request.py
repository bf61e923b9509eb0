"""A request on its way through the engine: examined, and admitted with what its world decides."""

from __future__ import annotations

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Request, Response, Route
from mock_server.http.preferences import Preferences
from mock_server.mocking.mock_request import MockRequest
from mock_server.mocking.scenario_responses import ScenarioResponse
from mock_server.openapi.model import Operation
from mock_server.openapi.security import Credentials
from mock_server.storage import Record
from mock_server.worlds.stateful_decision import StatefulDecision
from mock_server.worlds.world import World


@value_class
class Examined:
    """A request and the results of examining it.

    ``failure`` names why it is refused. ``headers`` depend on the request: those of a refusal, or findings that did not
    lead to one. ``answer`` is a final one, which nothing else changes.
    """

    request: Request
    route: Route
    operation: Operation | None
    credentials: Credentials
    preferences: Preferences
    failure: str | None = None
    headers: Headers = ()
    findings: tuple[Diagnostic, ...] = ()
    answer: Response | None = None
    unreadable: tuple[Diagnostic, ...] = ()
    """Findings about preferences that could not be read."""
    wants_stream: bool = False
    callers: tuple[Record, ...] = ()
    """The records that the token selects."""

    def mock_request(self, world: World | None) -> MockRequest:
        """Return what response selection needs of it, in a world. It has an operation."""
        assert self.operation is not None
        return MockRequest(
            self.operation,
            self.request,
            self.credentials,
            self.preferences,
            world,
            self.route.path_parameters,
            self.wants_stream,
            callers=self.callers,
        )


@value_class
class Admitted:
    """An examined request and what its world decides: ``mock_request`` is present where an answer is to be selected."""

    examined: Examined
    decision: StatefulDecision
    preferences: Preferences
    unreadable: tuple[Diagnostic, ...] = ()
    mock_request: MockRequest | None = None
    played: ScenarioResponse | None = None

    @property
    def is_pending(self) -> bool:
        """Whether another request with the same idempotency key is under way."""
        return self.decision.is_pending
