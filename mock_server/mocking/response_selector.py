"""Response selection: how a request to an operation, or a failure, gets its answer.

The body comes from the first of the sources in :mod:`mock_server.mocking.sources` that has one: what ``Prefer`` asks
for, or a scenario in its place; then a fixture, then an example of the contract, then generated data, which uses the
examples and defaults of schemas first. This module does not check whether the answer is valid against the contract; the
engine has it validated.
"""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError, StoreError
from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.variants import Variant
from mock_server.http.body_serializers import SerializedBody, serialize_body
from mock_server.http.messages import Headers, Request, Response, ResponseSource
from mock_server.http.preferences import Preferences
from mock_server.http.problem_details import problem_response, store_problem_response
from mock_server.mocking.examples import Examples
from mock_server.mocking.mock_request import (
    CannotHonourError,
    MockRequest,
    NegotiatedRequest,
    NotAcceptableError,
    choice_of,
    no_such_example,
)
from mock_server.mocking.record_factory import RecordFactory
from mock_server.mocking.response_headers import ResponseHeaders
from mock_server.mocking.sources.body_schemas import BodySchemas
from mock_server.mocking.sources.example import ExampleSource
from mock_server.mocking.sources.fixture import FixtureSource
from mock_server.mocking.sources.generated import GeneratedSource
from mock_server.mocking.sources.named_example import NamedExampleSource
from mock_server.mocking.sources.source import BodySource, Selected
from mock_server.mocking.sources.variant import VariantSource, no_such_variant
from mock_server.mocking.streams import StreamItems, Streams
from mock_server.mocking.validation_failures import ValidationFailures
from mock_server.openapi.model import Contract, MediaType, Operation, ResponseSpec
from mock_server.openapi.security import Credentials
from mock_server.plugins import registry
from mock_server.settings import Settings
from mock_server.storage import Store


class ResponseSelector:
    """Chooses the answers of one contract, from one store and the records that a world has in addition to it."""

    def __init__(
        self, contract: Contract, store: Store, settings: Settings, schemas: SchemaDocument | None = None
    ) -> None:
        self._contract = contract
        self._store = store
        self._settings = settings
        self._schemas = schemas or SchemaDocument(contract.document, contract.openapi)
        self._examples = Examples(contract, self._schemas)
        self._headers = ResponseHeaders(self._schemas, settings.seed)
        self.streams = Streams(contract, self._schemas, settings)
        """Sources of the items of streams."""
        self._responses: dict[str, tuple[ResponseSpec, ...]] = {}
        """The responses of each operation by its key, the usual one first."""
        self._written: dict[tuple[int, str], tuple[JSON, SerializedBody]] = {}
        """Encoded bodies of examples, by the ``id`` of the value and the media type."""
        self.failures = ValidationFailures(contract, settings, self._schemas, self._examples, self._headers)
        """The answers to requests that cannot be served as they are."""
        factories = {
            name: RecordFactory(contract, resource, self._schemas, fill_properties=not settings.no_fill_properties)
            for name, resource in contract.extensions.resources.items()
        }
        self._bodies = BodySchemas()
        self._variants = VariantSource(self._schemas, self._bodies, settings)
        fixtures = FixtureSource(contract, store, factories)
        examples = ExampleSource(self._examples, fixtures, settings)
        self._generated = GeneratedSource(self._schemas, self._bodies, settings, factories, fixtures, examples)
        named_examples = NamedExampleSource(self._examples, self._generated)
        plugins = [make(contract, store, settings) for make in registry().sources.values()]
        self._sources: tuple[BodySource, ...] = (named_examples, self._variants, *plugins, fixtures, examples)
        """The links of the chain in their order; where none of them has a body, it is generated."""

    def answer(self, mock_request: MockRequest) -> Response:
        """Return the answer to a valid request.

        Where no answer can be made, return a problem document (500 without a value, the store's own status, or that of
        a preference that cannot be met), or the contract's answer to a 406.
        """
        where = mock_request.operation.key
        try:
            response, status = self._response(mock_request)
            where = f"{where} {status}"
            choice = choice_of(mock_request, response, status)
            if choice is None:
                if mock_request.preferences.variant is not None:
                    raise no_such_variant(mock_request, response, 0)
                return Response(
                    status, self._headers.written(response, "", mock_request.identity), source=ResponseSource.CONTRACT
                )
            media = response.content[choice.index]
            # Every body that is a sequence has a source, event streams and JSON Lines alike.
            source = self.streams.source(mock_request.operation, response, choice.index)
            if source is not None:
                return self._streamed(mock_request, status, choice.content_type, source)
            selection = self._selected(NegotiatedRequest(mock_request, response, media))
            headers = self._headers.written(response, selection.example, mock_request.identity)
        except GenerationError as error:
            return problem_response("no-answer", 500, f"{where}: {error}")
        except StoreError as error:
            return store_problem_response(error)
        except CannotHonourError as error:
            return problem_response("preference", error.status, str(error))
        except NotAcceptableError as error:
            expected = "one that takes " + " or ".join(dict.fromkeys(error.names))
            finding = Diagnostic("accept", "header accept", mock_request.accept, expected)
            return self.failure("not_acceptable", mock_request.operation, (finding,))
        body = self._encoded(selection, choice.content_type, media)
        headers = (("content-type", body.content_type), *headers)
        # Another Accept may get another media type (RFC 9110, 12.5.5).
        if len(response.content) > 1 and not any(name.lower() == "vary" for name, _ in headers):
            headers = (*headers, ("Vary", "Accept"))
        return Response(
            status,
            headers,
            body.data,
            selection.source,
            validated=body.validated,
            findings=selection.findings,
            sought=selection.sought,
        )

    def _streamed(self, mock_request: MockRequest, status: int, content_type: str, source: StreamItems) -> Response:
        """Return the answer whose body is a stream.

        The first item is made here, so that a stream whose items cannot be made raises before anything is sent. Raises
        :class:`CannotHonourError` for ``items`` outside the bounds of the sequence.
        """
        preferences = mock_request.preferences
        items, name, findings = self._given(mock_request, source)
        low, high = source.sequence.least, source.sequence.most
        if preferences.items is not None and (
            preferences.items < low or (high is not None and preferences.items > high)
        ):
            bounds = f"from {low} up" if high is None else f"from {low} to {high}"
            raise CannotHonourError(f"Found the preference items={preferences.items}; expected {bounds}.", 400)
        is_dynamic = mock_request.is_dynamic(by_default=self._settings.dynamic)
        alone = 1 if status >= 400 and items is None and low < 2 else None  # what went wrong is said once
        stream = self.streams.stream(
            source,
            self._settings.seed if preferences.seed is None else preferences.seed,
            mock_request.identity,
            items=items,
            count=alone if preferences.items is None else preferences.items,
            interval=preferences.interval,
            is_exemplary=not is_dynamic and preferences.seed is None,
        )
        # An item that cannot be made raises here, while another answer can still be sent.
        next(self.streams.items(stream), None)
        headers = self._headers.written(source.response, name or "", mock_request.identity)
        if len(source.response.content) > 1 and not any(name.lower() == "vary" for name, _ in headers):
            headers = (*headers, ("Vary", "Accept"))
        typed = (("content-type", source.framing.content_type(content_type)), *headers)
        return Response(
            status,
            typed,
            source=ResponseSource.GENERATED if name is None else ResponseSource.EXAMPLE,
            findings=findings,
            stream=stream,
        )

    def _given(
        self, mock_request: MockRequest, source: StreamItems
    ) -> tuple[tuple[JSON, ...] | None, str | None, tuple[Diagnostic, ...]]:
        """Return the items that an example or a variant gives, the name of the example, and findings about the example.

        The items and the name are None where the items have to be generated. Raises :class:`CannotHonourError` for an
        example or a variant that does not exist.
        """
        preferences, examples = mock_request.preferences, source.examples
        if preferences.variant is not None:
            variant = self._variants.variant(mock_request, source.response, source.media)
            return self.streams.items_of(variant.value, source.sequence), None, ()
        if preferences.example is not None:
            if preferences.example not in source.media.examples:
                raise no_such_example(preferences.example, source.response)
            name = preferences.example
        elif not source.media.examples or preferences.dynamic or preferences.seed is not None or self._settings.dynamic:
            return None, None, ()
        else:
            first = "" if "" in source.media.examples else next(iter(source.media.examples))
            # Where the first example is not valid, another takes its place, with the finding about the first.
            name = first if first in examples else next(iter(examples), first)
        findings = (source.findings[name],) if name in source.findings else ()
        return (examples[name], name, findings) if name in examples else (None, None, findings)

    def _encoded(self, selection: Selected, content_type: str, media: MediaType) -> SerializedBody:
        """Return the encoded body of a value.

        The body of an example never changes, so it is encoded once and remembered.
        """
        key = (id(selection.value), content_type)
        known = self._written.get(key)
        if known is not None and known[0] is selection.value:
            return known[1]
        is_authored = selection.source in (ResponseSource.EXAMPLE, ResponseSource.FIXTURE)
        body = serialize_body(
            selection.value, content_type, self._bodies.of(media), self._contract.resolve, is_authored=is_authored
        )
        if selection.source is ResponseSource.EXAMPLE:
            self._written[key] = (selection.value, body)
        return body

    def failure(
        self,
        name: str,
        operation: Operation | None,
        findings: tuple[Diagnostic, ...] = (),
        headers: Headers = (),
        example: str | None = None,
    ) -> Response:
        """Return the contract's own answer to a failure (see :class:`ValidationFailures`)."""
        return self.failures.answer(name, operation, findings, headers, example)

    def _response(self, mock_request: MockRequest) -> tuple[ResponseSpec, int]:
        """Return the preferred response, or else the usual one of the operation, and the status to send.

        Raises :class:`CannotHonourError` for a preferred status that the contract does not document, or below 200.
        """
        operation, code = mock_request.operation, mock_request.preferences.code
        if code is not None:
            response = operation.response_for(code)
            if response is None or code < 200:
                documented = ", ".join(operation.responses) or "none"
                message = f"Found the preference code={code}; expected a documented status"
                raise CannotHonourError(f"{message}{' from 200 up' if code < 200 else ''}: {documented}.")
            return response, code
        named = mock_request.preferences.example
        responses = self._responses.get(operation.key)
        if responses is None:
            responses = self._responses[operation.key] = (*_by_use(operation),)
        # The preferred example may belong to another response than the usual one.
        for response in responses if named else ():
            if any(named in media.examples for media in response.content):
                return response, _a_status(response.status)
        return (responses[0], _a_status(responses[0].status)) if responses else (ResponseSpec("200"), 200)

    def _selected(self, request: NegotiatedRequest) -> Selected:
        """Return the body of the response from the first source that has one."""
        for source in self._sources:
            selected = source.select(request)
            if selected is not None:
                return selected
        return self._generated.select(request)

    def variants(self, operation: Operation) -> list[Variant]:
        """Return the variants of the answer that an operation gives to a request without preferences.

        Raises :class:`GenerationError` where no answer can be made.
        """
        mock_request = MockRequest(operation, Request(operation.method, operation.path), Credentials(), Preferences())
        response, status = self._response(mock_request)
        choice = choice_of(mock_request, response, status)
        return (
            [] if choice is None else self._variants.listed(operation, response, response.content[choice.index], None)
        )


def _by_use(operation: Operation) -> Iterator[ResponseSpec]:
    """Yield the responses that can be sent, the usual one first.

    The lowest explicit 2XX, the range 2XX, the default (as 200), and then all others in the order of the contract. A
    1XX is left out.
    """
    final = {key: response for key, response in operation.responses.items() if not key.startswith("1")}
    good = sorted(key for key in final if key.isdigit() and key[0] == "2")
    first = [*good, *(key for key in final if key.upper() == "2XX"), *(key for key in final if key == "default")]
    yield from (final[key] for key in first)
    yield from (response for key, response in final.items() if key not in first)


def _a_status(key: str) -> int:
    """Return a status for a key of ``responses``: 200 for ``2XX``, and 200 for ``default``, which names no status."""
    return int(key) if key.isdigit() else int(key[0]) * 100 if key[:1].isdigit() else 200
