"""Answers to failures: the contract's answers to requests that are not valid, with the reason in them.

An answer that ``x-mock-failures`` or ``Prefer: example=`` selects stays as the contract has it, and so does an example
with a name, which its author wrote about one case. An example without a name, and a generated value, get the reason
where they have a text for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.media_examples import Examples
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.http.body_serializers import serialize_body
from mock_server.http.content_negotiation import concrete_media_type
from mock_server.http.messages import Headers, Response, ResponseSource
from mock_server.http.problem_details import problem_response
from mock_server.mocking.error_responses import STATUSES, documented_error, findings_header, with_diagnostics
from mock_server.mocking.failure_bodies import failure_body
from mock_server.mocking.response_headers import ResponseHeaders
from mock_server.openapi.failure_extensions import Failure
from mock_server.openapi.model import BODYLESS, Contract, MediaType, Operation, ResponseSpec
from mock_server.openapi.model_builder import response_of
from mock_server.settings import Settings

_CHALLENGES = {"Basic": ' realm="*"', "Digest": ' realm="*", nonce="mock"'}
"""The parameters that a challenge must have (RFC 7617, 2; RFC 7616, 3.3)."""


class ValidationFailures:
    """Answers failures by one contract, or with a problem document where it has no answer for them."""

    def __init__(
        self,
        contract: Contract,
        settings: Settings,
        schemas: SchemaDocument,
        examples: Examples,
        headers: ResponseHeaders,
    ) -> None:
        self._contract = contract
        self._settings = settings
        self._schemas = schemas
        self._examples = examples
        self._headers = headers
        self._responses = {
            name: response_of(contract.document, str(failure.status), {"$ref": failure.response})
            for name, failure in contract.extensions.failures.items()
        }

    def answer(
        self,
        name: str,
        operation: Operation | None,
        findings: tuple[Diagnostic, ...] = (),
        headers: Headers = (),
        example: str | None = None,
        about: Mapping[str, JSON] | None = None,
    ) -> Response:
        """Return the contract's own answer to a failure, or a problem document where it has none.

        ``about`` is what templates of bodies may show: the record, the request. ``headers`` have values that depend on
        the request (``Allow``, ``Location``). ``example`` is the name of the preferred example; it is ignored where no
        answer to the failure has it (see :meth:`has_example`).
        """
        finding_headers = findings_header(findings)
        if name == "trailing_slash" and name not in self._contract.extensions.failures:
            return Response(307, headers, source=ResponseSource.PROBLEM)
        own = self._manner(name)
        # A 401 has to have a challenge (RFC 9110, 15.5.2).
        if own is None and name in ("unauthenticated", "invalid_token"):
            headers = (*headers, ("WWW-Authenticate", self._challenge(operation)))
        for response, status in self._candidates(name, operation):
            if example is not None and _has_example(response, example):
                return self._filled(response, status, example, (*headers, *finding_headers))
        if own is not None:
            failure = self._contract.extensions.failures[own]
            extra = (*headers, *finding_headers)
            failure = self._of_parameters(failure, findings)
            if failure.has_body:
                return self._templated(failure, findings, about or {}, extra)
            return self._filled(self._responses[own], failure.status, failure.example, extra)
        detail = "; ".join(str(finding) for finding in findings)
        # A response whose schema no value satisfies is skipped: the next one takes its place, or a problem document.
        for response, status in documented_error(operation, name):
            reason = problem_response(name.replace("_", "-"), status, detail, findings)
            with contextlib.suppress(GenerationError):
                return self._refused(operation, response, status, reason, (*headers, *finding_headers))
        status = STATUSES[name][0]
        return problem_response(name.replace("_", "-"), status, detail, findings, headers=(*headers, *finding_headers))

    def has_example(self, name: str, operation: Operation | None, example: str | None) -> bool:
        """Tell whether one of the answers to a failure has an example of that name."""
        return example is not None and any(
            _has_example(response, example) for response, _ in self._candidates(name, operation)
        )

    def _manner(self, name: str) -> str | None:
        """Return the name under which ``x-mock-failures`` has an answer to a failure; None where it has none."""
        failures = self._contract.extensions.failures
        if name == "malformed_request" and name not in failures:
            name = "invalid_request"
        return name if name in failures else None

    def _candidates(self, name: str, operation: Operation | None) -> Iterator[tuple[ResponseSpec, int]]:
        """Yield the contract's answers to a failure with their statuses, the preferred one first."""
        own = self._manner(name)
        if own is not None:
            yield self._responses[own], self._contract.extensions.failures[own].status
        else:
            yield from documented_error(operation, name)

    def _refused(
        self, operation: Operation | None, response: ResponseSpec, status: int, reason: Response, extra: Headers
    ) -> Response:
        """Return a response of the contract, from its example or generated, with the reason in it."""
        media = _media_type(response, None)
        if media is None or status in BODYLESS:
            return self._filled(response, status, "", extra)
        values = self._sound(media, response, operation)
        name = "" if not values or "" in values else next(iter(values))
        headers = self._beside(response, name, extra)
        if name:  # it is about something that somebody named
            return self._sent(media, status, values[name], headers, is_authored=True)
        value = values[""] if values else self._generated(media, status)
        if not media.is_json:
            return self._sent(media, status, value, headers, is_authored=bool(values))
        accepts = self._schemas.root(True if media.schema is None else media.schema).accepts
        body = with_diagnostics(value, accepts, reason, is_example=bool(values))
        return self._sent(media, status, body, headers, is_authored=bool(values) and body == value)

    def _sound(self, media: MediaType, response: ResponseSpec, operation: Operation | None) -> Mapping[str, JSON]:
        """Return the examples that can be sent, by name."""
        if media.schema is None or not media.examples or operation is None:
            return media.examples
        return self._examples.of(media, response, operation).values

    def _generated(self, media: MediaType, status: int) -> JSON:
        return generate(
            True if media.schema is None else media.schema,
            SeedKey(self._settings.seed, "failure", f"{status}"),
            self._schemas,
            fill_properties=not self._settings.no_fill_properties,
            fill=self._settings.fill,
        )

    def _beside(self, response: ResponseSpec, example: str, extra: Headers) -> Headers:
        """Return the headers of a response; the given ones replace those of the same name."""
        headers = {name.lower(): (name, value) for name, value in self._headers.written(response, example, "")}
        return tuple((headers | {name.lower(): (name, value) for name, value in extra}).values())

    def _challenge(self, operation: Operation | None) -> str:
        """Return the challenge of a 401 (RFC 9110, 11.6.1), from the operation's schemes."""
        names = [name for alternative in (operation.security if operation else ()) for name in alternative]
        kinds = [self._contract.schemes[name] for name in names if name in self._contract.schemes]
        schemes = [kind.scheme.capitalize() if kind.type == "http" else "Bearer" for kind in kinds]
        return ", ".join(f"{name}{_CHALLENGES.get(name, '')}" for name in dict.fromkeys(schemes)) or "Bearer"

    def _of_parameters(self, failure: Failure, findings: tuple[Diagnostic, ...]) -> Failure:
        """Return the failure that tells of what is wrong where all of it is of parameters that data says so of."""
        names = {failure.parameters.get(finding.location.partition(" ")[2]) for finding in findings}
        name = names.pop() if len(names) == 1 else None
        return failure if name is None else self._contract.extensions.failures[name]

    def _templated(
        self, failure: Failure, findings: tuple[Diagnostic, ...], about: Mapping[str, JSON], extra: Headers
    ) -> Response:
        """Return an answer whose body is made of the template of ``x-mock-failures``."""
        response = self._responses[failure.name]
        media = _media_type(response, None)
        headers = self._beside(response, failure.example, extra)
        if media is None or failure.status in BODYLESS:
            return Response(failure.status, headers, source=ResponseSource.FAILURE)
        value = failure_body(failure, self._contract.extensions.failures, findings, about)
        return self._sent(media, failure.status, value, headers, is_authored=True)

    def _filled(self, response: ResponseSpec, status: int, example: str, extra: Headers) -> Response:
        """Return an answer from a response's examples of one name."""
        media = None if status in BODYLESS else _media_type(response, example or None)
        headers = self._beside(response, example, extra)
        if media is None:
            return Response(status, headers, source=ResponseSource.FAILURE)
        value = media.examples.get(example, media.examples.get(""))
        return self._sent(media, status, value, headers, is_authored=True)

    def _sent(self, media: MediaType, status: int, value: JSON, headers: Headers, *, is_authored: bool) -> Response:
        schema: JSON = media.schema
        if schema is None:
            schema = True if media.is_json else {"type": "string"}
        body = serialize_body(
            value, concrete_media_type(media.name), schema, self._contract.resolve, is_authored=is_authored
        )
        typed = (("content-type", body.content_type), *headers)
        return Response(status, typed, body.data, ResponseSource.FAILURE, validated=body.validated)


def _has_example(response: ResponseSpec, name: str) -> bool:
    return any(name in media.examples for media in response.content)


def _media_type(response: ResponseSpec, example: str | None) -> MediaType | None:
    """Return the media type that has the example, or the first of JSON, or the first."""
    if example is not None:
        for media in response.content:
            if example in media.examples:
                return media
    return next((media for media in response.content if media.is_json), next(iter(response.content), None))
