"""Validation by openapi-core: what is wrong with answers, and with the values of requests.

This is the only importer of openapi_core, which takes 0.15 s and 20 MB to import: it is used where the fast validation
cannot say yes. It gets the operation (Connexion's routes have found it already), and its validators are remembered,
which it would otherwise build for every value: 375 µs an answer instead of 708. Of requests it gets the values: the
module ``requests`` reads them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from operator import truediv
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema.validators import extend
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
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.validation.response.exceptions import DataValidationError, HeaderValidationError, MissingData
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from werkzeug.datastructures import Headers

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.identity_cache import IdentityCache
from mock_server.core.types import JSON
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.messages import Response
from mock_server.openapi.media_types import AnswerReaders, for_openapi_core
from mock_server.openapi.model import BODYLESS, FRAMING, Contract
from mock_server.openapi.read_write_only import Direction, Keyword, mentions, with_schemas
from mock_server.openapi.traversal import METHODS
from mock_server.openapi.validation.bounded_keywords import bounded
from mock_server.openapi.validation.error_messages import explain
from mock_server.openapi.validation.explanations import UNEXPLAINED, UnexplainedError, allowance, explained
from mock_server.openapi.validation.formats import format_checks, request_format_checks
from mock_server.openapi.validation.reference_scope import in_class
from mock_server.openapi.validation.request_validator import MOST_FINDINGS, Errors

_VALIDATORS = {
    (3, 0): (V30RequestValidator, V30ResponseValidator),
    (3, 1): (V31RequestValidator, V31ResponseValidator),
    (3, 2): (V32RequestValidator, V32ResponseValidator),
}
MOST_STEPS = 1_000_000
"""Keywords that are asked of an answer: 5 s, in a thread. Generated ones are small; a scenario's, of a megabyte, may be
such that nobody else can say that all is well with it."""
_ITEM = "x-mock-item"
"""The key of the schema of an item in a document of its own."""
_SEPARATOR = "\0"
"""The separator of the steps of a path through a document; the usual one, ``#``, may occur in keys of ``paths``."""
_FAILURES = "x-mock-failure-answers"
"""The key, in openapi-core's document, of the answers that belong to no operation."""


class OpenapiCoreValidator:
    """Validates requests and answers of one contract with openapi-core; an empty result means valid."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        spec = SchemaPath.from_dict(cast("dict[Any, Any]", _with_failures(contract)), separator=_SEPARATOR)
        request_validator, response_validator = _VALIDATORS[contract.openapi]
        options: dict[str, Any] = {
            "path_finder_cls": _OperationFinder,
            "extra_format_validators": dict(format_checks()),
        }
        self._answers = response_validator(
            spec,
            schema_validators_factory=cast("Any", _CachedValidators(response_validator.schema_validators_factory)),
            extra_media_type_deserializers=AnswerReaders(),
            **options,
        )
        self._factory = request_validator.schema_validators_factory
        self._items: IdentityCache[Any] = IdentityCache()
        """Validators of openapi-core's, which have no type, by the schema of an item."""
        sent = _one_way(contract, "readOnly", {}) or contract.document
        self._document = SchemaPath.from_dict(cast("dict[Any, Any]", sent), separator=_SEPARATOR)

    def to_values(self, place: tuple[str | int, ...], *, asserts_formats: bool = True) -> Errors:
        """Return a function that yields the errors of a client's value, by the schema at a place of the document."""
        schema = functools.reduce(truediv, place, self._document)
        validator: Any = self._factory.create(
            self._document, schema, extra_format_validators=dict(request_format_checks())
        ).validator
        return cast("Errors", _extended(validator, _of_requests, asserts_formats=asserts_formats).iter_errors)

    def to_item(self, location: str, schema: JSON, item: JSON) -> tuple[Diagnostic, ...]:
        """Return what is wrong with an item of an answer; its schema need not be part of the document."""
        known = self._items.get(schema)
        if known is None:
            spec = SchemaPath.from_dict({**self._contract.document, _ITEM: schema})
            options: dict[str, Any] = {"extra_format_validators": dict(format_checks())}
            validator = self._answers.schema_validators_factory.create(spec, spec / _ITEM, **options)
            known = self._items.keep(cast("Any", validator).validator, schema)
        try:
            said = [explain(error) for error in explained(known.iter_errors(item), MOST_FINDINGS)]
        except UnexplainedError:
            return (Diagnostic("answer-body", location, "an item that may break the contract", UNEXPLAINED),)
        return tuple(Diagnostic("answer-body", location, actual, wanted, where) for where, actual, wanted in said)

    def to_failure(self, name: str, answer: Response) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the contract's answer to a failure that belongs to no operation."""
        return self.to_answer(name, _FAILURES, answer)

    def to_answer(self, path: str, method: str, answer: Response) -> tuple[Diagnostic, ...]:
        """Return what is wrong with an answer of an operation."""
        core_request = _CoreRequest(path, method if method == _FAILURES else method.lower())
        try:
            with allowance(MOST_STEPS):
                errors = [*self._answers.iter_errors(cast("Any", core_request), cast("Any", _CoreResponse(answer)))]
        except UnexplainedError:
            location = f"answer {answer.status}"
            return (Diagnostic("answer-body", location, "a value that may break the contract", UNEXPLAINED),)
        return tuple(
            finding
            for error in errors
            if not (isinstance(error, MissingData) and self._may_be_empty(path, method, answer))
            and not _is_framing(error)
            for finding in _answer_findings(error, answer)
        )

    def _may_be_empty(self, path: str, method: str, answer: Response) -> bool:
        """Tell whether an answer with no body to validate is valid; openapi-core wants bytes where ``content`` is."""
        media_type = answer.header("content-type")
        operation = self._contract.operations.get(f"{method} {path}")
        response = operation.response_for(answer.status) if operation else None
        if answer.status in BODYLESS or (response is not None and not response.content):
            return True
        if media_type is None or is_json(media_type):
            return False
        essence = essence_of(media_type)
        names = [essence_of(entry.name) for entry in response.content] if response else [essence]
        return any(fnmatchcase(essence, name) for name in names)


def _with_failures(contract: Contract) -> dict[str, Any]:
    validated = {
        name: {"responses": {str(failure.status): {"$ref": failure.response}}}
        for name, failure in contract.extensions.failures.items()
    }
    document = _one_way(contract, "writeOnly", {"not": {}}) or for_openapi_core(contract.document)
    return {**cast("dict[str, Any]", document), _FAILURES: validated}


def _one_way(contract: Contract, keyword: Keyword, instead: JSON) -> JSON:
    """Return the document for one way: ``instead`` replaces the schemas of members that go the other way.

    Return None where the document has no such members.
    """
    document = contract.document
    if not mentions(document, keyword):
        return None
    direction = Direction(document, keyword, instead)
    return for_openapi_core(with_schemas(document, direction.schema), direction.schema)


def _is_framing(error: Exception) -> bool:
    """Tell whether an error is about a missing header that the server writes itself, wherever it is needed."""
    return isinstance(error, HeaderValidationError) and str(getattr(error, "name", "")).lower() in FRAMING


class _OperationFinder:
    """Takes the place of openapi-core's search for a path: it looks up the operation that routing has found."""

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
    """No path variables: they come from routing."""

    variables: Mapping[str, str] = {}


class _CachedValidators:
    """A validators factory that builds each schema's validator once, and treats discriminators as hints.

    openapi-core copies its format checker and builds a validator for every value that it validates.
    """

    def __init__(self, factory: SchemaValidatorsFactory) -> None:
        self._factory = factory
        self._kept: dict[tuple[object, ...], Any] = {}

    def create(self, spec: SchemaPath, schema: SchemaPath, **options: Any) -> Any:
        key = tuple(schema.parts)
        if key not in self._kept:
            created: Any = self._factory.create(spec, schema, **options)
            created.validator = _extended(created.validator, _of_answers)
            self._kept[key] = created
        return self._kept[key]


class _CoreRequest:
    """The operation of an answer, with the attributes of a request that openapi-core reads."""

    host_url = ""

    def __init__(self, template: str, method: str) -> None:
        self.path = self.path_pattern = template
        self.method = method


class _CoreResponse:
    """An answer with the attributes that openapi-core reads (``openapi_core.protocols.Response``)."""

    def __init__(self, answer: Response) -> None:
        self.status_code = answer.status
        self.headers = Headers(list(answer.headers))
        self.content_type = answer.header("content-type") or ""
        written = answer.body if is_json(self.content_type) else b""
        self.data = written if answer.validated is None else answer.validated


def _answer_findings(error: Exception, answer: Response) -> Iterator[Diagnostic]:
    where = f"answer {answer.status}"
    if isinstance(error, DataValidationError):
        yield from _findings("answer-body", f"{where} body", error)
    elif isinstance(error, HeaderValidationError):
        yield from _findings("answer-header", f"{where} header {getattr(error, 'name', '')}".strip(), error)
    else:
        yield from _findings("answer-status", where, error)


def _findings(rule: str, location: str, error: Exception) -> Iterator[Diagnostic]:
    said: BaseException = error
    for said in _causes(error):
        if isinstance(said, InvalidSchemaValue):
            for schema_error in islice(cast("Iterable[SchemaError]", said.schema_errors), MOST_FINDINGS):
                pointer, actual, expected = explain(schema_error)
                yield Diagnostic(rule, location, actual, expected, pointer)
            return
        if isinstance(said, CastError):
            yield Diagnostic(rule, location, json.dumps(said.value, default=str), f'type: "{said.type}"')
            return
    yield Diagnostic(rule, location, _message(said), "what the contract documents")


def _message(error: BaseException) -> str:
    """Return the message of an error; openapi-core's own raise where the value is not UTF-8, or not bytes."""
    try:
        return str(error) or type(error).__name__
    except (UnicodeDecodeError, AttributeError):
        return "something that cannot be read"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _extended(validator: Any, extension: Callable[[Any], Any], *, asserts_formats: bool = True) -> Any:
    """Return a validator of the same schema, of the class that ``extension`` makes from the validator's class."""
    extended = extension(type(validator))
    checker = validator.format_checker if asserts_formats else None
    return in_class(extended, validator, format_checker=checker)


@functools.cache
def _of_answers(validator: Any) -> Any:
    """Return the class of validators for answers, made from openapi-core's class."""
    return cast("Any", extend)(bounded(validator), _WITHOUT_DISCRIMINATOR, type_checker=_types_of(validator))


@functools.cache
def _of_requests(validator: Any) -> Any:
    """Return the class of validators for requests: clients may send back ``readOnly`` members that they were given."""
    keywords = {"readOnly": None, **_WITHOUT_DISCRIMINATOR}
    return cast("Any", extend)(bounded(validator), keywords, type_checker=_types_of(validator))


def _types_of(validator: Any) -> Any:
    """Return the type checker of a validator, in which 1.0 is an integer, as it is from JSON Schema's draft 6 on."""
    return validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: Draft202012Validator.TYPE_CHECKER.is_type(value, "integer")
    )


_WITHOUT_DISCRIMINATOR = {name: Draft202012Validator.VALIDATORS[name] for name in ("allOf", "anyOf", "oneOf")}
"""JSON Schema's own keywords, in place of openapi-core's.

In JSON Schema a discriminator is an annotation, and in OpenAPI a hint (3.1, "Discriminator Object"); openapi-core
refuses a value that does not name its branch, even where only one branch fits or a default names it.
"""
