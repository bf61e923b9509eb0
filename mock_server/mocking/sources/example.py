"""Examples of the contract as response bodies, chosen by the server."""

from __future__ import annotations

from mock_server.core.diagnostics import Diagnostic
from mock_server.generation.media_examples import Examples
from mock_server.http.messages import ResponseSource
from mock_server.mocking.mock_request import NegotiatedRequest
from mock_server.mocking.sources.fixture import FixtureSource
from mock_server.mocking.sources.source import Selected
from mock_server.settings import Settings


class ExampleSource:
    """Selects an example of the media type, unless the body is a record or the request prefers generated data."""

    def __init__(self, examples: Examples, fixtures: FixtureSource, settings: Settings) -> None:
        self._examples = examples
        self._fixtures = fixtures
        self._settings = settings

    def select(self, request: NegotiatedRequest) -> Selected | None:
        """Return the first example that is valid by its schema; None where there is none."""
        if not self._is_wanted(request):
            return None
        examples = self._examples.of(request.media, request.response, request.operation)
        values = examples.values
        if not values:
            return None
        first = self._first(request)
        name = first if first in values else next(iter(values))
        return Selected(values[name], ResponseSource.EXAMPLE, name, examples.findings_of(first))

    def findings(self, request: NegotiatedRequest) -> tuple[Diagnostic, ...]:
        """Return the finding about the example that is the first choice; nothing where none is to be sent."""
        if not self._is_wanted(request):
            return ()
        examples = self._examples.of(request.media, request.response, request.operation)
        return examples.findings_of(self._first(request))

    def _is_wanted(self, request: NegotiatedRequest) -> bool:
        return (
            bool(request.media.examples)
            and self._fixtures.resource(request) is None
            and not request.is_dynamic(by_default=self._settings.dynamic)
            and request.preferences.seed is None
        )

    @staticmethod
    def _first(request: NegotiatedRequest) -> str:
        """Return the name of the example that is the first choice: the one without a name, or else the first."""
        return "" if "" in request.media.examples else next(iter(request.media.examples))
