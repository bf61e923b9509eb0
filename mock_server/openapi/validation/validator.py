"""Validation of requests before they are answered, and of answers before they are sent.

What is certainly valid is accepted at once: read and validated by jsonschema-rs (``acceptance``). For anything else
openapi-core decides (``objections``); it is not even imported before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from mock_server.core.deadline import takes_long
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.identity_cache import IdentityCache
from mock_server.core.json_pointer import pointer_of, value_at
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.types import JSON
from mock_server.http.messages import Request, Response, Route, Stream
from mock_server.openapi.model import Contract, Operation, ResponseSpec
from mock_server.openapi.model_builder import response_of
from mock_server.openapi.read_write_only import Direction
from mock_server.openapi.security import credentials_phrase, satisfies
from mock_server.openapi.traversal import METHODS
from mock_server.openapi.validation.explanations import UnexplainedError, explained
from mock_server.openapi.validation.fast_validator import (
    Accepts,
    AcceptsOf,
    FastResponseValidator,
    fast_validator_of,
    taking,
)
from mock_server.openapi.validation.request_validator import (
    MOST_FINDINGS,
    Errors,
    RequestValidator,
    RequestVerdict,
    request_validator_of,
)

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError as SchemaError

    from mock_server.openapi.validation.openapi_core_adapter import OpenapiCoreValidator


Reason = Callable[[JSON, JSON], "SchemaError | None"]
"""From a schema of the contract and a value to the first thing that is wrong with it."""
_STREAM = b"stream"
"""The name that asks for a stream in APIs with both kinds of answers: a member of the body, or a parameter."""


class ContractValidator:
    """Validates the requests and answers of one contract. An empty result means valid.

    So does one of nothing but warnings (``Diagnostic.severity``): they tell what a request has and nobody looks at.

    ``reason`` says the first thing that is wrong with a value of a request where to say all takes too long.
    With ``accepts_of`` at hand, an answer that it accepts is not looked at closer; with ``takes_of`` no value of a
    request that it takes.
    """

    def __init__(
        self,
        contract: Contract,
        accepts_of: AcceptsOf | None = None,
        takes_of: AcceptsOf | None = None,
        reason: Reason | None = None,
    ) -> None:
        self._contract = contract
        self._accepts_of = accepts_of
        self._takes_of = takes_of
        self._reason = reason
        self._acceptances: dict[object, FastResponseValidator | None] = {}
        self._plans: dict[str, RequestValidator] = {}
        self._sent = Direction(contract.document, "readOnly")
        self._items: IdentityCache[Accepts] = IdentityCache()
        """For each schema of items of streams, a function that tells whether an item is certainly valid."""

    def request(self, route: Route, request: Request, *, is_lenient: bool = False) -> tuple[Diagnostic, ...]:
        """Return what is wrong with a request to an operation. Where a credential is missing, that is the only finding.

        ``is_lenient``: formats are not asserted, and texts may be JSON.
        """
        operation = self._contract.operations[cast("str", route.operation)]
        if not self._is_let_in(operation, request):
            expected = credentials_phrase(operation, self._contract.schemes, self._contract.extensions)
            return (Diagnostic("security", self._credential_place(operation), "no credential that fits", expected),)
        return tuple(self._plan_of(operation).findings(route, request, is_lenient=is_lenient))

    def body_value(self, key: str, request: Request) -> JSON:
        """Return what the body of a valid request to an operation means; None where it has none."""
        return self._plan_of(self._contract.operations[key]).body_value(request)

    def media_types(self, key: str) -> tuple[str, ...]:
        """Return the media types that an operation accepts a body in."""
        body = self._plan_of(self._contract.operations[key]).body
        return () if body is None else tuple(body.content)

    def _plan_of(self, operation: Operation) -> RequestValidator:
        plan = self._plans.get(operation.key)
        if plan is None:
            plan = self._plans[operation.key] = self._plan(operation)
        return plan

    def _is_let_in(self, operation: Operation, request: Request) -> bool:
        """Tell whether one of the alternatives of security is met (OpenAPI 3.1, "Security Requirement Object")."""
        schemes, extensions = self._contract.schemes, self._contract.extensions
        # A scheme that the contract does not define cannot be checked.
        for names in operation.security:
            for name in names:
                if name in schemes and not satisfies(schemes[name], request, extensions):
                    break
            else:
                return True
        return not operation.security

    def _plan(self, operation: Operation) -> RequestValidator:
        method = operation.method.lower()
        # OpenAPI 3.2, "Path Item Object": methods beyond the fixed ones are in a map of their own.
        below = (method,) if method in METHODS else ("additionalOperations", operation.method)
        item = self._contract.resolve(value_at(self._contract.document, pointer_of("paths", operation.path)))
        node = value_at(item, pointer_of(*below))
        starts: dict[str | int, tuple[JSON, tuple[str, ...]]] = {"item": (item, ()), "operation": (node, below)}

        def at(place: tuple[str | int, ...]) -> RequestVerdict:
            start, steps = starts[place[0]]
            try:
                schema = functools.reduce(self._below, place[1:], start)
            except (LookupError, TypeError):  # without a schema everything is valid
                return RequestVerdict(_nothing, _nothing)
            return self._validation(schema, ("paths", operation.path, *steps, *place[1:]))

        return request_validator_of(cast("Any", item), cast("Any", node), self._contract.resolve, at, self._sent)

    def _below(self, node: JSON, step: str | int) -> JSON:
        """Return the member or item of a node, or of what the node refers to."""
        return cast("JSON", cast("Any", self._contract.resolve(node))[step])

    def _validation(self, schema: JSON, place: tuple[str | int, ...]) -> RequestVerdict:
        """Return the validation of a schema at its place in the document, built when a value needs openapi-core."""
        takes = _never if self._takes_of is None else taking(schema, self._takes_of)
        return RequestVerdict(_ErrorsAt(self, schema, place, takes, True), _ErrorsAt(self, schema, place, takes, False))

    def reason(self, schema: JSON, value: JSON) -> SchemaError | None:
        """Return the first thing that a schema has against a value of a request, quickly found; None for nothing."""
        return None if self._reason is None else self._reason(schema, value)

    def objections_to_values(self, place: tuple[str | int, ...], *, asserts_formats: bool) -> Errors:
        """Return openapi-core's validation of values for the schema at a place of the document."""
        return self._closer().to_values(place, asserts_formats=asserts_formats)

    @functools.cached_property
    def _objections(self) -> OpenapiCoreValidator:
        with LATE_IMPORTS:
            from mock_server.openapi.validation.openapi_core_adapter import OpenapiCoreValidator

        return OpenapiCoreValidator(self._contract)

    def _closer(self) -> OpenapiCoreValidator:
        """Return openapi-core's validation, which describes errors.

        Its first use takes long; on the event loop it raises, so that the work moves to a thread.
        """
        if "_objections" not in self.__dict__:
            takes_long()
        return self._objections

    def _credential_place(self, operation: Operation) -> str:
        """Return where the first of an operation's schemes looks for its credential, for a message."""
        names = [name for alternative in operation.security for name in alternative]
        scheme = self._contract.schemes.get(names[0]) if names else None
        return f"{scheme.place} {scheme.key}" if scheme and scheme.type == "apiKey" else "header authorization"

    def answer(self, operation: str, answer: Response) -> tuple[Diagnostic, ...]:
        """Return what is wrong with an answer of an operation."""
        endpoint = self._contract.operations[operation]
        if self.accepts(operation, answer):
            return ()
        if answer.stream is not None:  # its items are validated when they are sent
            answer = replace(answer, stream=None, body=b"", validated=b"")
        return self._closer().to_answer(endpoint.path, endpoint.method, answer)

    def accepts(self, operation: str, answer: Response) -> bool:
        """Tell whether an answer of an operation is certainly valid; where not, :meth:`answer` decides."""
        endpoint = self._contract.operations[operation]
        return self._is_accepted((operation, answer.status), answer, lambda: endpoint.response_for(answer.status))

    def item(self, stream: Stream, status: int, index: int, schema: JSON, item: JSON) -> tuple[Diagnostic, ...]:
        """Return what is wrong with item number ``index`` of a stream, by the schema of the item."""
        accepts = self._items.get(schema)
        if accepts is None:
            accepts = self._items.keep(_never if self._accepts_of is None else taking(schema, self._accepts_of), schema)
        if accepts(item):
            return ()
        findings = self._closer().to_item(f"answer {status} item", schema, item)
        return tuple(replace(finding, pointer=f"/{index}{finding.pointer}") for finding in findings)

    def asks_for_stream(self, key: str, request: Request) -> bool:
        """Tell whether a request asks an operation for a stream, by ``stream: true`` in its body or query."""
        if _STREAM not in request.body and _STREAM.decode() not in request.query:
            return False
        return self._plan_of(self._contract.operations[key]).is_on(request, _STREAM.decode())

    def failure(self, name: str, answer: Response) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the contract's answer to a failure that belongs to no operation."""
        failure = self._contract.extensions.failures[name]
        reference: JSON = {"$ref": failure.response}
        response = functools.partial(response_of, self._contract.document, str(failure.status), reference)
        return () if self._is_accepted(name, answer, response) else self._closer().to_failure(name, answer)

    def _is_accepted(self, key: object, answer: Response, response: Callable[[], ResponseSpec | None]) -> bool:
        """Tell whether an answer is certainly valid by its documented response, which is read once for each key."""
        if key not in self._acceptances:
            documented = response()
            known = None
            if documented is not None and self._accepts_of is not None:
                known = fast_validator_of(documented, self._accepts_of, self._contract.resolve)
            self._acceptances[key] = known
        acceptance = self._acceptances[key]
        return acceptance is not None and acceptance.of(answer)


class _ErrorsAt:
    """Validates values by the schema at a place of the document, with openapi-core only where it is needed.

    An object with a few members, to save memory: GitHub's contract has five thousand parameters.
    """

    __slots__ = ("_asserts_formats", "_objections", "_place", "_schema", "_takes", "_validator")

    def __init__(
        self,
        validator: ContractValidator,
        schema: JSON,
        place: tuple[str | int, ...],
        takes: Accepts,
        asserts_formats: bool,
    ) -> None:
        self._validator = validator
        self._schema = schema
        self._place = place
        self._takes = takes
        self._asserts_formats = asserts_formats
        self._objections: Errors | None = None

    def __call__(self, value: JSON) -> Iterable[SchemaError]:
        if self._takes(value):
            return ()
        if self._objections is None:
            self._objections = self._validator.objections_to_values(self._place, asserts_formats=self._asserts_formats)
        try:
            return explained(self._objections(value), MOST_FINDINGS)
        except UnexplainedError:
            reason = self._validator.reason(self._schema, value)
            if reason is None:
                raise
            return (reason,)


def _nothing(value: JSON) -> Iterable[SchemaError]:
    return ()


def _never(value: JSON) -> bool:
    return False
