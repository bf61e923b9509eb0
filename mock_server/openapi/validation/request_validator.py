"""The requirements of one operation for a request: worked out once, checked for every request.

Parameters and body are read (``parameters``, ``bodies``), and the values go to the validators of openapi-core, which
``check`` passes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from mock_server.core.diagnostics import Diagnostic, Fault, UnreadableError
from mock_server.core.json_pointer import mapping_at
from mock_server.core.json_text import TOO_DEEP, read_json
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.messages import Request, Route
from mock_server.openapi.coercion import LENIENT, READINGS, Reading, Resolve
from mock_server.openapi.read_write_only import Direction
from mock_server.openapi.validation.error_messages import explain, fault_of
from mock_server.openapi.validation.explanations import UNEXPLAINED, UnexplainedError, explained
from mock_server.openapi.validation.parameters import Parameter, RequestParts, read_parameter
from mock_server.openapi.validation.request_bodies import BodyParser, MalformedError, RequestBodySpec, read_body

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError as SchemaError

Errors = Callable[[JSON], "Iterable[SchemaError]"]
"""Returns the errors of a value by a schema."""
Ignored = Callable[[JSON], Iterable[str]]
"""Returns the JSON Pointers of the members of a value that only answers have."""


@value_class
class RequestVerdict:
    """The validation by the schema at one place: ``strict``, or ``lenient``, which does not assert ``format``."""

    strict: Errors
    lenient: Errors

    def errors(self, *, is_lenient: bool) -> Errors:
        """Return the lenient validation or the strict one."""
        return self.lenient if is_lenient else self.strict


ValidationAt = Callable[[tuple[str | int, ...]], RequestVerdict]
"""Returns the validation by the schema at a place below an operation or its path item."""

BODY = "body"
MALFORMED = "malformed-body"
MEDIA_TYPE = "media-type"
PARAMETER = "parameter"
READ_ONLY = "read-only"
MOST_FINDINGS = 50
"""Most findings about one value: more help nobody, and a body of a megabyte may have a hundred thousand."""


@value_class
class RequestValidator:
    """The parameters and the body of an operation, each with the validation of its schema.

    ``refuses_bodies``: the operation takes no body, and documents its answer to one (415).
    """

    parameters: tuple[tuple[Parameter, RequestVerdict], ...]
    body: RequestBodySpec | None
    bodies: Mapping[str, RequestVerdict]
    ignored: Mapping[str, Ignored]
    """By media type, a function that lists the ignored members of a body; only for schemas with such members."""
    refuses_bodies: bool = False

    def findings(self, route: Route, request: Request, *, is_lenient: bool = False) -> Iterator[Diagnostic]:
        """Yield what is wrong with the parts of a request, parameters first.

        ``is_lenient``: formats are not asserted, and texts may be JSON.
        """
        ways = LENIENT if is_lenient else READINGS
        if self.parameters:
            sent = RequestParts(request, route)
            unreadable = self._unreadable_query(sent)
            yield from unreadable
            for parameter, validation in self.parameters:
                if not (unreadable and parameter.place == "query"):
                    yield from _of_parameter(parameter, validation.errors(is_lenient=is_lenient), sent, ways)
        if self.refuses_bodies and request.body:
            content_type = request.header("content-type")
            actual = f"a body of type {describe_value(content_type)}" if content_type else "a body"
            yield Diagnostic(MEDIA_TYPE, "body", actual, "none: the operation takes no body")
        if self.body is not None:
            yield from self._of_body(self.body, request, ways, is_lenient=is_lenient)

    def body_value(self, request: Request) -> JSON:
        """Return what the body of a valid request means; None where it has none.

        Of several readings it is the first that is valid, strictly or else leniently, or else the first.
        """
        content_type = request.header("content-type") or ""
        media = None if self.body is None or not request.body else self.body.media(content_type)
        if media is None and self.body is not None and request.body:
            media, content_type = _as_json(self.body, request.body), "application/json"
        if media is None:
            return None
        readings: list[JSON] = []
        with suppress(UnreadableError):
            readings += media.readings(request.body, content_type)
        for is_lenient in (False, True) if len(readings) > 1 else ():
            errors = self.bodies[media.name].errors(is_lenient=is_lenient)
            for reading in readings:
                if next(iter(errors(reading)), None) is None:
                    return reading
        return readings[0] if readings else None

    def is_on(self, request: Request, name: str) -> bool:
        """Tell whether a boolean member of the body, or a boolean parameter of the query, of that name is true."""
        for parameter, _ in self.parameters:
            if (parameter.name, parameter.place) == (name, "query") and "boolean" in parameter.shape.types:
                with suppress(UnreadableError):
                    if next(parameter.readings(RequestParts(request, Route())) or iter(()), None) is True:
                        return True
        media = None if self.body is None else self.body.media(request.header("content-type") or "")
        if media is None or "boolean" not in media.shape.member(name).types:
            return False
        with suppress(UnreadableError):
            value = next(media.readings(request.body, request.header("content-type") or ""), None)
            return isinstance(value, dict) and value.get(name) is True
        return False

    def _unreadable_query(self, sent: RequestParts) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the query as a whole, which is reported only once."""
        try:
            if any(parameter.place == "query" for parameter, _ in self.parameters):
                sent.query  # noqa: B018
        except UnreadableError as problem:
            return (Diagnostic(PARAMETER, "query", problem.found, problem.expected),)
        return ()

    def _of_body(
        self, body: RequestBodySpec, request: Request, ways: tuple[Reading, ...], *, is_lenient: bool
    ) -> Iterable[Diagnostic]:
        content_type = request.header("content-type") or ""
        media = body.media(content_type) if content_type else None
        if not request.body and not (media and _may_be_empty(media, request)):
            missing = Diagnostic(BODY, "body", "no body", "a body of " + _names(body), fault=Fault("required"))
            return [missing] if body.required else []
        noted: tuple[Diagnostic, ...] = ()
        if media is None and (is_lenient or not content_type):
            media = _as_json(body, request.body)
            noted = (_UNTYPED,) if media is not None and not content_type and not is_lenient else ()
            content_type = "application/json" if media is not None else content_type
        if media is None:
            actual = (
                f"the media type {describe_value(content_type)}" if content_type else "a body without a Content-Type"
            )
            return [Diagnostic(MEDIA_TYPE, "header content-type", actual, _names(body))] if body.content else []
        errors = self.bodies[media.name].errors(is_lenient=is_lenient)
        try:
            readings = media.readings(request.body, content_type, ways)
            return (*_validated(_PLAIN_BODY, readings, errors, self.ignored.get(media.name)), *noted)
        except UnreadableError as problem:
            rule = MALFORMED if isinstance(problem, MalformedError) else BODY
            return [Diagnostic(rule, "body", problem.found, problem.expected, problem.pointer)]


_PLAIN_BODY = Diagnostic(BODY, "body", "", "")
"""What all findings about a body have in common."""


_UNTYPED = Diagnostic(
    MEDIA_TYPE,
    "header content-type",
    "a body without a Content-Type",
    "one; it is read as JSON, which it is",
    remedy="Send Content-Type: application/json.",
    severity="warning",
)
"""What is said of a body whose type had to be found out from its bytes, as RFC 9110 (8.3) allows."""


def _as_json(body: RequestBodySpec, sent: bytes) -> BodyParser | None:
    """Return the entry for JSON where there is one and the bytes are JSON, whatever their Content-Type; else None."""
    try:
        read_json(sent)
    except ValueError:
        return None
    return next((media for media in body.content.values() if is_json(media.essence)), None)


def _names(body: RequestBodySpec) -> str:
    return " or ".join(body.content) or "any media type"


def _may_be_empty(media: BodyParser, request: Request) -> bool:
    """Tell whether a body of no bytes is valid for this type: an empty text, file or form that was announced."""
    essence = essence_of(request.header("content-type") or "")
    announced = request.header("content-length") is not None
    return announced and not is_json(essence) and not essence.startswith("multipart/") and "xml" not in essence


def _of_parameter(
    parameter: Parameter, errors: Errors, sent: RequestParts, ways: tuple[Reading, ...]
) -> Iterator[Diagnostic]:
    plain = Diagnostic(PARAMETER, parameter.location, "", "")
    try:
        readings = parameter.readings(sent, ways)
        if readings is None:
            if parameter.required:
                expected = f"the required parameter {parameter.name}"
                yield Diagnostic(PARAMETER, parameter.location, "nothing", expected, fault=Fault("required"))
        elif not parameter.is_empty(sent):
            yield from _validated(plain, readings, errors)
    except UnreadableError as problem:
        yield Diagnostic(PARAMETER, parameter.location, problem.found, problem.expected, problem.pointer)


def _validated(
    plain: Diagnostic, readings: Iterator[JSON], errors: Errors, ignored: Ignored | None = None
) -> list[Diagnostic]:
    """Return what is wrong with the first reading; where some reading is valid, which of its members are ignored.

    Raises :class:`UnreadableError` for what cannot be read.
    """
    first: list[Diagnostic] | None = None
    tried: list[JSON] = []
    try:
        for value in readings:
            if tried and any(value == before and type(value) is type(before) for before in tried):
                continue
            tried.append(value)
            wrong = explained(errors(value), MOST_FINDINGS)
            if not wrong:
                return [] if ignored is None else [_passed_over(plain, pointer) for pointer in ignored(value)]
            if first is None:
                first = [_diagnostic(plain, error) for error in wrong]
    except RecursionError:
        return [Diagnostic(plain.rule, plain.location, TOO_DEEP, "fewer levels")]
    except UnexplainedError:
        return [Diagnostic(plain.rule, plain.location, "a value that breaks it", UNEXPLAINED)]
    return [*dict.fromkeys(first or ())]


def _diagnostic(plain: Diagnostic, error: SchemaError) -> Diagnostic:
    pointer, actual, expected = explain(error)
    return Diagnostic(plain.rule, plain.location, actual, expected, pointer, fault=fault_of(error))


def _passed_over(plain: Diagnostic, pointer: str) -> Diagnostic:
    """Return a warning about a member of a request that only answers have (``readOnly``)."""
    remedy = "It is passed over."
    return Diagnostic(READ_ONLY, plain.location, "a readOnly member", "no such member", pointer, remedy, "warning")


def request_validator_of(
    item: Mapping[str, JSON], operation: Mapping[str, JSON], resolve: Resolve, at: ValidationAt, direction: Direction
) -> RequestValidator:
    """Return the plan of an operation and its path item, whose parameters it shares (OpenAPI 3.1, "Path Item Object").

    The places that ``at`` is called with begin with ``item`` or ``operation``. ``direction`` tells what is readOnly.
    """
    nodes: dict[tuple[JSON, JSON], tuple[tuple[str | int, ...], dict[str, JSON]]] = {}
    for start, owner in (("item", item), ("operation", operation)):
        listed = owner.get("parameters")
        for index, entry in enumerate(listed if isinstance(listed, list) else []):
            node = resolve(entry)
            if isinstance(node, dict):
                nodes[str(node.get("name")), str(node.get("in"))] = ((start, "parameters", index), node)
    # An open object takes undeclared names of the query as its members, but not the names of other parameters.
    names = frozenset(str(name) for name, place in nodes if place == "query")
    parameters = []
    for place, node in nodes.values():
        parameter = read_parameter(node, resolve, names - {str(node.get("name"))})
        if parameter is not None:
            content = next(iter(mapping_at(node, "content")), "")
            below = ("content", content, "schema") if parameter.is_content else ("schema",)
            parameters.append((parameter, at((*place, *below))))
    described = resolve(operation.get("requestBody"))
    body = read_body(described, resolve) if isinstance(described, dict) else None
    contents = body.content if body else {}
    bodies = {name: _validation_of(entry, at) for name, entry in contents.items()}
    media = mapping_at(described if isinstance(described, dict) else {}, "content")
    schemas = {name: mapping_at({"": resolve(media[name])}, "").get("schema") for name in contents}
    ignored = {
        name: partial(_ignored, direction, schema) for name, schema in schemas.items() if direction.marks(schema)
    }
    refuses_bodies = not contents and "415" in mapping_at(operation, "responses")
    return RequestValidator(tuple(parameters), body, bodies, ignored, refuses_bodies)


def _ignored(direction: Direction, schema: JSON, value: JSON) -> list[str]:
    return direction.pointers(value, schema)


def _validation_of(media: BodyParser, at: ValidationAt) -> RequestVerdict:
    """Return the validation of a body: by the schema of the whole body, of each item, or by both."""
    place: tuple[str | int, ...] = ("operation", "requestBody", "content", media.name)
    sequence = None if media.items is None else media.items.sequence
    if sequence is None or (sequence.is_listed and not media.items_have_a_schema):
        return at((*place, "schema"))
    of_item = at((*place, "itemSchema" if media.items_have_a_schema else "schema"))
    of_list = at((*place, "schema")) if sequence.is_listed else None
    return RequestVerdict(
        _each(of_item.strict, None if of_list is None else of_list.strict),
        _each(of_item.lenient, None if of_list is None else of_list.lenient),
    )


def _each(of_item: Errors, of_list: Errors | None) -> Errors:
    def errors(value: JSON) -> Iterable[SchemaError]:
        if of_list is not None:
            yield from of_list(value)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            for error in of_item(item):
                error.path.appendleft(index)  # the index of the item
                yield error

    return errors
