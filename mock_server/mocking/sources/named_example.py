"""The example that a client asks for by its name."""

from __future__ import annotations

from mock_server.generation.media_examples import Examples
from mock_server.http.messages import ResponseSource
from mock_server.mocking.mock_request import NegotiatedRequest, no_such_example
from mock_server.mocking.sources.generated import GeneratedSource
from mock_server.mocking.sources.source import Selected


class NamedExampleSource:
    """Selects the example that ``Prefer: example=`` names."""

    def __init__(self, examples: Examples, generated: GeneratedSource) -> None:
        self._examples = examples
        self._generated = generated

    def select(self, request: NegotiatedRequest) -> Selected | None:
        """Return the named example, or data by the schema where it is not valid; None where no example is named.

        Raises :class:`CannotHonourError` for a name that the contract does not have.
        """
        name = request.preferences.example
        if name is None:
            return None
        if name not in request.media.examples:
            raise no_such_example(name, request.response)
        examples = self._examples.of(request.media, request.response, request.operation)
        findings = examples.findings_of(name)
        if name in examples.values:
            return Selected(examples.values[name], ResponseSource.EXAMPLE, name, findings)
        return self._generated.by_schema(request, findings)
