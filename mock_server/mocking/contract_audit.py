"""The audit of a contract: every operation gives every documented answer, and each answer is validated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError
from mock_server.core.value_class import value_class
from mock_server.generation.fake.faker_bridge import unknown_methods
from mock_server.http.messages import Request, Response, ResponseSource
from mock_server.http.preferences import Preferences
from mock_server.mocking.mock_request import MockRequest
from mock_server.mocking.response_selector import ResponseSelector
from mock_server.openapi.model import BODYLESS, Contract, Operation, ResponseSpec
from mock_server.openapi.security import Credentials
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.storage import Store


@value_class
class AuditedResponse:
    """One answer that was tried: its operation, its status, its example, its source, and its findings."""

    operation: str
    status: str
    example: str
    source: str
    findings: tuple[Diagnostic, ...]
    media: str = ""
    """The media type that the request accepted; empty for an answer without a body, and where any is accepted."""


class ContractAudit:
    """Tries the answers of one contract."""

    def __init__(
        self, contract: Contract, validator: ContractValidator, selector: ResponseSelector, store: Store
    ) -> None:
        self._contract = contract
        self._validator = validator
        self._selector = selector
        self._store = store

    def answers(self) -> Iterator[AuditedResponse]:
        """Yield an answer for every documented status, media type, named example, record and unknown ``x-faker``.

        An interim status (1XX) cannot end an exchange; it is left out.
        """
        for finding in unknown_methods(self._contract.document, self._contract.name):
            yield AuditedResponse("x-faker", "", "", "contract", (finding,))
        for operation in self._contract.operations.values():
            for status, response in operation.responses.items():
                if not status.startswith("1"):
                    yield from self._response(operation, status, response)
            yield from self._records(operation)

    def _response(self, operation: Operation, status: str, response: ResponseSpec) -> Iterator[AuditedResponse]:
        code = status_of(status, operation)
        if not response.content or code in BODYLESS:
            yield self._tried(operation, status, Preferences(code=code))
            return
        for media in response.content:
            yield self._tried(operation, status, Preferences(code=code), media.name)
            for name in media.examples:
                if name:
                    yield self._tried(operation, status, Preferences(code=code, example=name), media.name)

    def sources(self, operation: Operation) -> list[tuple[str, str]]:
        """Return pairs of a status of an operation and the source of its answer."""
        tried = (
            (status, self._answer(operation, Preferences(code=status_of(status, operation)), Credentials()))
            for status in operation.responses
            if not status.startswith("1")
        )
        return [(status, self._source(operation, answer)) for status, answer in tried]

    def _source(self, operation: Operation, answer: Response) -> str:
        selected = operation.resource is not None and answer.source is ResponseSource.GENERATED
        return "fixture, else generated" if selected else answer.reason

    def _tried(self, operation: Operation, status: str, preferences: Preferences, media: str = "") -> AuditedResponse:
        answer = self._answer(operation, preferences, Credentials(), media)
        return self._validated(operation, status, preferences.example or "", answer, media)

    def _records(self, operation: Operation) -> Iterator[AuditedResponse]:
        kinds = self._contract.extensions.tokens
        kind = next(
            (candidate for candidate in kinds if candidate.selects and candidate.selects == operation.resource), None
        )
        if kind is None or kind.selects is None:
            return
        for record in self._store.records(kind.selects):
            credentials = Credentials(kind.prefix + record.handle, kind, record.handle)
            answer = self._answer(operation, Preferences(), credentials)
            audited = self._validated(operation, str(answer.status), record.handle, answer)
            located = tuple(
                replace(finding, location=f"{record.location} {record.handle}") for finding in audited.findings
            )
            yield replace(audited, findings=located)

    def _answer(
        self, operation: Operation, preferences: Preferences, credentials: Credentials, media: str = ""
    ) -> Response:
        request = Request(operation.method, operation.path, headers=(("accept", media),) if media else ())
        return self._selector.answer(MockRequest(operation, request, credentials, preferences))

    def _validated(
        self, operation: Operation, status: str, example: str, answer: Response, media: str = ""
    ) -> AuditedResponse:
        if answer.source is ResponseSource.PROBLEM:
            actual = answer.body.decode()
            findings: tuple[Diagnostic, ...] = (
                Diagnostic("no-answer", operation.key, actual, "an answer", operation.pointer),
            )
        else:
            offered = (replace(finding, location=self._contract.locate(finding.pointer)) for finding in answer.findings)
            findings = (*offered, *self._validator.answer(operation.key, answer), *self._of_items(answer))
        return AuditedResponse(operation.key, status, example, self._source(operation, answer), findings, media)

    def _of_items(self, answer: Response) -> tuple[Diagnostic, ...]:
        """Return the findings about the items of a stream; an item that cannot be made is one of them."""
        if answer.stream is None:
            return ()
        try:
            return tuple(self._selector.streams.findings(self._validator, answer.stream, answer.status))
        except GenerationError as error:
            return (Diagnostic("no-answer", answer.stream.operation, str(error), "an item"),)


def status_of(key: str, operation: Operation) -> int:
    """Return a status that a key of ``responses`` documents: 400 for ``4XX``, an undocumented one for ``default``."""
    if key.isdigit():
        return int(key)
    if key[:1].isdigit():
        return int(key[0]) * 100
    alone = len(operation.responses) == 1
    candidates = range(200, 600) if alone else (500, 400, *range(300, 600))
    return next((code for code in candidates if operation.response_for(code) is operation.responses[key]), 200)
