"""Judgement: openapi-core on requests before they are answered and on answers before they are sent.

The only importer of openapi_core. It is given the operation (Connexion's routes have found it already)
and keeps its validators, which it would otherwise build anew for every value: 375 µs an answer instead
of 708.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema_path import SchemaPath
from openapi_core import (
    V30RequestValidator,
    V30ResponseValidator,
    V31RequestValidator,
    V31ResponseValidator,
    V32RequestValidator,
    V32ResponseValidator,
)
from openapi_core.casting.schemas.exceptions import CastError
from openapi_core.datatypes import RequestParameters
from openapi_core.security.exceptions import SecurityProviderError
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.validation.request.exceptions import (
    MissingRequiredParameter,
    ParameterValidationError,
    RequestBodyValidationError,
    SecurityValidationError,
)
from openapi_core.validation.response.exceptions import DataValidationError, HeaderValidationError, MissingData
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from werkzeug.datastructures import Headers, ImmutableMultiDict

from mock_server.contract.formats import FORMATS
from mock_server.contract.media import Readers, judgeable
from mock_server.contract.model import Contract, Operation
from mock_server.contract.schema_error import explain
from mock_server.contract.security import cookies, satisfies
from mock_server.contract.walk import METHODS
from mock_server.exchange import Answer, Finding, Request, Route

_VALIDATORS = {
    (3, 0): (V30RequestValidator, V30ResponseValidator),
    (3, 1): (V31RequestValidator, V31ResponseValidator),
    (3, 2): (V32RequestValidator, V32ResponseValidator),
}
_FAILURES = "x-mock-failure-answers"
"""Where the answers that belong to no operation stand in the document that openapi-core is given."""


class Judge:
    """Judges the requests and answers of one contract. An empty result means that all is well."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        spec = SchemaPath.from_dict(cast("dict[Any, Any]", _with_failures(contract)))
        request_validator, response_validator = _VALIDATORS[contract.openapi]
        options: dict[str, Any] = {
            "path_finder_cls": _GivenOperation,
            "extra_format_validators": dict(FORMATS),
            "extra_media_type_deserializers": Readers(),
        }
        self._requests = request_validator(
            spec,
            schema_validators_factory=cast("Any", _Kept(request_validator.schema_validators_factory)),
            security_provider_factory=cast("Any", _Credentials(contract)),
            **options,
        )
        self._answers = response_validator(
            spec, schema_validators_factory=cast("Any", _Kept(response_validator.schema_validators_factory)), **options
        )

    def request(self, route: Route, request: Request) -> tuple[Finding, ...]:
        """What is wrong with a request to an operation. Security comes first and alone."""
        operation = self._contract.operations[cast("str", route.operation)]
        asked = _Asked(operation.path, operation.method.lower(), request, route)
        findings: list[Finding] = []
        try:
            for error in self._requests.iter_errors(cast("Any", asked)):
                if not _is_absent_deep_object(error, asked):
                    findings += _request_findings(error, self._credential_place(operation))
        except Exception as crash:  # what a client sent must not become our failure
            found = f"something that cannot be read ({type(crash).__name__})"
            where = "body" if request.body else "request"
            findings.append(Finding(where, where, found, "what the contract documents"))
        return tuple(findings)

    def _credential_place(self, operation: Operation) -> str:
        """Where the first of an operation's schemes looks for its credential."""
        names = [name for alternative in operation.security for name in alternative]
        scheme = self._contract.schemes.get(names[0]) if names else None
        return f"{scheme.place} {scheme.key}" if scheme and scheme.type == "apiKey" else "header authorization"

    def answer(self, operation: str, answer: Answer) -> tuple[Finding, ...]:
        """What is wrong with an answer of an operation."""
        found = self._contract.operations[operation]
        return self._judged(found.path, found.method, answer)

    def failure(self, name: str, answer: Answer) -> tuple[Finding, ...]:
        """What is wrong with the contract's answer to a failure that belongs to no operation."""
        return self._judged(name, _FAILURES, answer)

    def _judged(self, path: str, method: str, answer: Answer) -> tuple[Finding, ...]:
        asked = _Asked(path, method if method == _FAILURES else method.lower(), Request(method, path))
        errors = self._answers.iter_errors(cast("Any", asked), cast("Any", _Answered(answer)))
        return tuple(
            finding
            for error in errors
            if not (isinstance(error, MissingData) and self._may_be_empty(path, method, answer))
            for finding in _answer_findings(error, answer)
        )

    def _may_be_empty(self, path: str, method: str, answer: Answer) -> bool:
        """Whether an answer without a body is one: openapi-core wants bytes wherever there is ``content``."""
        operation = self._contract.operations.get(f"{method} {path}")
        response = operation.response_for(answer.status) if operation else None
        return response is not None and not any(media.is_json for media in response.content)


def _with_failures(contract: Contract) -> dict[str, Any]:
    judged = {
        name: {"responses": {str(failure.status): {"$ref": failure.response}}}
        for name, failure in contract.manners.failures.items()
    }
    return {**cast("dict[str, Any]", judgeable(dict(contract.document), contract.resolve)), _FAILURES: judged}


class _GivenOperation:
    """Stands where openapi-core searches its paths, and looks up what routing has found already."""

    def __init__(self, spec: SchemaPath, base_url: str | None = None) -> None:
        self._spec = spec
        self._found: dict[tuple[str, str], PathOperationServer] = {}

    def find(self, method: str, name: str) -> PathOperationServer:
        key = (method, name)
        if key not in self._found:
            self._found[key] = self._given(method, name)
        return self._found[key]

    def _given(self, method: str, name: str) -> PathOperationServer:
        if method == _FAILURES:
            path = self._spec / _FAILURES
            return PathOperationServer(path, path / name, None, _NoVariables, _NoVariables)
        path = self._spec / "paths" / name
        operation = path / method if method in METHODS else path / "additionalOperations" / method.upper()
        return PathOperationServer(path, operation, None, _NoVariables, _NoVariables)


class _NoVariables:
    """Path parameters come from routing."""

    variables: Mapping[str, str] = {}


class _Kept:
    """A validators factory that builds each schema's validator once.

    openapi-core copies its format checker and builds a validator for every value it judges.
    """

    def __init__(self, factory: SchemaValidatorsFactory) -> None:
        self._factory = factory
        self._kept: dict[tuple[object, ...], Any] = {}

    def create(self, spec: SchemaPath, schema: SchemaPath, **options: Any) -> Any:
        key = tuple(schema.parts)
        if key not in self._kept:
            self._kept[key] = self._factory.create(spec, schema, **options)
        return self._kept[key]


class _Credentials:
    """Tells openapi-core whether a request carries a credential of a scheme."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def create(self, scheme: SchemaPath) -> Any:
        named = self._contract.schemes[str(scheme.parts[-1])]

        def provide(parameters: _Parameters) -> str:
            if not satisfies(named, parameters.request, self._contract.manners):
                raise SecurityProviderError(f"no credential for {named.name}")
            return named.name

        return provide


_NO_REQUEST = Request("", "")
_NOWHERE = Route()


@dataclass
class _Parameters(RequestParameters):
    """What openapi-core reads, and the request it was read from."""

    request: Request = _NO_REQUEST


class _Asked:
    """A request in the shape that openapi-core asks for (``openapi_core.protocols.Request``)."""

    host_url = ""

    def __init__(self, template: str, method: str, request: Request, route: Route = _NOWHERE) -> None:
        self.path = self.path_pattern = template
        self.method = method
        self.body = request.body or None
        essence, semicolon, parameters = (request.header("content-type") or "").partition(";")
        self.content_type = essence.lower() + semicolon + parameters  # a boundary has a case
        self.parameters = _Parameters(
            query=ImmutableMultiDict(parse_qsl(request.query, keep_blank_values=True)),
            header=Headers(list(request.headers)),
            cookie=ImmutableMultiDict(cookies(request)) if request.headers else ImmutableMultiDict(),
            path=dict(route.path_parameters),
            request=request,
        )


class _Answered:
    """An answer in the shape that openapi-core asks for (``openapi_core.protocols.Response``)."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = Headers(list(answer.headers))
        self.content_type = answer.header("content-type") or ""
        self.data = answer.body


def _is_absent_deep_object(error: Exception, asked: _Asked) -> bool:
    """Whether openapi-core complains of an optional ``deepObject`` parameter only because it is not there."""
    if not isinstance(error, ParameterValidationError) or isinstance(error, MissingRequiredParameter):
        return False
    names = asked.parameters.query
    return error.location == "query" and not any(key.partition("[")[0] == error.name for key in names)


def _request_findings(error: Exception, credential_place: str) -> Iterator[Finding]:
    if isinstance(error, SecurityValidationError):
        expected = "a credential of one of the operation's security schemes"
        yield Finding("security", credential_place, "no credential that fits", expected)
    elif isinstance(error, ParameterValidationError):
        yield from _findings("parameter", f"{error.location} {error.name}", error)
    elif isinstance(error, RequestBodyValidationError):
        yield from _findings("body", "body", error)
    else:
        yield from _findings("request", "request", error)


def _answer_findings(error: Exception, answer: Answer) -> Iterator[Finding]:
    where = f"answer {answer.status}"
    if isinstance(error, DataValidationError):
        yield from _findings("answer-body", f"{where} body", error)
    elif isinstance(error, HeaderValidationError):
        yield from _findings("answer-header", f"{where} header {getattr(error, 'name', '')}".strip(), error)
    else:
        yield from _findings("answer-status", where, error)


def _findings(rule: str, location: str, error: Exception) -> Iterator[Finding]:
    said: BaseException = error
    for said in _causes(error):
        if isinstance(said, InvalidSchemaValue):
            for schema_error in cast("Iterable[SchemaError]", said.schema_errors):
                pointer, found, expected = explain(schema_error)
                yield Finding(rule, location, found, expected, pointer)
            return
        if isinstance(said, CastError):
            yield Finding(rule, location, json.dumps(said.value, default=str), f'type: "{said.type}"')
            return
    yield Finding(rule, location, _message(said), "what the contract documents")


def _message(error: BaseException) -> str:
    """What an error says; openapi-core's own fail where the value is no UTF-8, or no bytes."""
    try:
        return str(error) or type(error).__name__
    except (UnicodeDecodeError, AttributeError):
        return "something that cannot be read"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
