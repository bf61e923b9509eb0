"""What a request to one operation has to keep: worked out once, asked for every request.

Parameters and body are read (``parameters``, ``bodies``) and the values handed to the validators of openapi-core,
which ``check`` brings along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from jsonschema.exceptions import ValidationError as SchemaError

from mock_server.contract.bodies import Body, BodyMedia, MalformedError, read_body
from mock_server.contract.coercion import Resolve, Shape, shown
from mock_server.contract.media import TOO_DEEP, essence_of
from mock_server.contract.model import is_json
from mock_server.contract.parameters import Parameter, Sent, UnreadableError, read_parameter
from mock_server.contract.schema_error import explain
from mock_server.contract.source import mapping_at
from mock_server.exchange import JSON, Finding, Request, Route

Errors = Callable[[JSON], Iterable[SchemaError]]
"""What a schema has against a value."""
ErrorsAt = Callable[[tuple[str | int, ...]], Errors]
"""The judgement of the schema at a place below an operation or its path item."""

BODY = "body"
MALFORMED = "malformed-body"
MEDIA_TYPE = "media-type"
PARAMETER = "parameter"
MOST_FINDINGS = 50
"""Findings of one value: more help nobody, and a body of a megabyte may have a hundred thousand."""


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """The parameters and the body of an operation, each with the judgement of its schema."""

    parameters: tuple[tuple[Parameter, Errors], ...]
    body: Body | None
    body_errors: Mapping[str, Errors]

    def findings(self, route: Route, request: Request) -> Iterator[Finding]:
        """What is wrong with the parts of a request, parameters first."""
        if self.parameters:
            sent = Sent(request, route)
            for parameter, errors in self.parameters:
                yield from _of_parameter(parameter, errors, sent)
        if self.body is not None:
            yield from self._of_body(self.body, request)

    def is_on(self, request: Request, name: str) -> bool:
        """Whether a boolean member of the body, or a boolean parameter of the query, of that name is true."""
        for parameter, _ in self.parameters:
            if (parameter.name, parameter.place) == (name, "query") and "boolean" in parameter.shape.types:
                with suppress(UnreadableError):
                    if next(parameter.readings(Sent(request, Route())) or iter(()), None) is True:
                        return True
        media = None if self.body is None else self.body.media(request.header("content-type") or "")
        if media is None or "boolean" not in media.shape.member(name).types:
            return False
        with suppress(UnreadableError):
            value = next(media.readings(request.body, request.header("content-type") or ""), None)
            return isinstance(value, dict) and value.get(name) is True
        return False

    def _of_body(self, body: Body, request: Request) -> Iterator[Finding]:
        content_type = request.header("content-type") or ""
        media = body.media(content_type) if content_type else None
        if not request.body and not (media and _may_be_empty(media, request)):
            if body.required:
                yield Finding(BODY, "body", "no body", "a body of " + _names(body))
        elif media is None:
            found = f"the media type {shown(content_type)}" if content_type else "a body without a Content-Type"
            if body.content:
                yield Finding(MEDIA_TYPE, "header content-type", found, _names(body))
        else:
            errors = self.body_errors[media.name]
            try:
                yield from _judged(
                    Finding(BODY, "body", "", ""), media.readings(request.body, content_type), errors, media.shape
                )
            except UnreadableError as problem:
                rule = MALFORMED if isinstance(problem, MalformedError) else BODY
                yield Finding(rule, "body", problem.found, problem.expected, problem.pointer)


def _names(body: Body) -> str:
    return " or ".join(body.content) or "any media type"


def _may_be_empty(media: BodyMedia, request: Request) -> bool:
    """Whether a body of no bytes is one of this type: an empty text, file or form that was announced."""
    essence = essence_of(request.header("content-type") or "")
    announced = request.header("content-length") is not None
    return announced and not is_json(essence) and not essence.startswith("multipart/") and "xml" not in essence


def _of_parameter(parameter: Parameter, errors: Errors, sent: Sent) -> Iterator[Finding]:
    plain = Finding(PARAMETER, parameter.location, "", "")
    try:
        readings = parameter.readings(sent)
        if readings is None:
            if parameter.required:
                yield Finding(PARAMETER, parameter.location, "nothing", f"the required parameter {parameter.name}")
        elif not parameter.is_empty(sent):
            yield from _judged(plain, readings, errors, parameter.shape)
    except UnreadableError as problem:
        yield Finding(PARAMETER, parameter.location, problem.found, problem.expected, problem.pointer)


def _judged(plain: Finding, readings: Iterator[JSON], errors: Errors, shape: Shape) -> list[Finding]:
    """What is wrong with the first reading; nothing where there is one that is right."""
    first: list[Finding] | None = None
    tried: list[JSON] = []
    for value in readings:
        if any(value == one and type(value) is type(one) for one in tried):
            continue
        tried.append(value)
        try:
            wrong = [*islice((one for one in errors(value) if not _is_read_only(one, shape)), MOST_FINDINGS)]
        except RecursionError:
            return [Finding(plain.rule, plain.location, TOO_DEEP, "fewer levels")]
        if not wrong:
            return []
        if first is None:
            told = (explain(one) for one in wrong)
            first = [Finding(plain.rule, plain.location, found, wanted, where) for where, found, wanted in told]
    return [*dict.fromkeys(first or ())]


def _is_read_only(error: SchemaError, shape: Shape) -> bool:
    """Whether all that is wrong is that a required member is not there which only answers have.

    OpenAPI 3.0, "Schema Object", ``readOnly``: "the required will take effect on the response only".
    """
    if error.validator != "required" or not isinstance(error.validator_value, list):
        return False
    for step in error.absolute_path:
        shape = shape.item(step) if isinstance(step, int) else shape.member(str(step))
    sent: Mapping[str, JSON] = error.instance if isinstance(error.instance, dict) else {}
    missing = [name for name in error.validator_value if name not in sent]
    return bool(missing) and all(shape.member(name).keyword("readOnly") is True for name in missing)


def plan_of(item: Mapping[str, JSON], operation: Mapping[str, JSON], resolve: Resolve, at: ErrorsAt) -> RequestPlan:
    """The plan of an operation and its path item, whose parameters it shares (OpenAPI 3.1, "Path Item Object").

    The places that ``at`` is asked for begin with ``item`` or ``operation``.
    """
    nodes: dict[tuple[JSON, JSON], tuple[tuple[str | int, ...], dict[str, JSON]]] = {}
    for start, owner in (("item", item), ("operation", operation)):
        listed = owner.get("parameters")
        for index, one in enumerate(listed if isinstance(listed, list) else []):
            node = resolve(one)
            if isinstance(node, dict):
                nodes[str(node.get("name")), str(node.get("in"))] = ((start, "parameters", index), node)
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
    errors = {name: _errors_of(one, at) for name, one in body.content.items()} if body else {}
    return RequestPlan(tuple(parameters), body, errors)


def _errors_of(media: BodyMedia, at: ErrorsAt) -> Errors:
    """The judgement of a body: by the schema of all of it, of each item, or by both."""
    place: tuple[str | int, ...] = ("operation", "requestBody", "content", media.name)
    sequence = None if media.items is None else media.items.sequence
    if sequence is None or (sequence.is_listed and not media.items_have_a_schema):
        return at((*place, "schema"))
    of_item = at((*place, "itemSchema" if media.items_have_a_schema else "schema"))
    of_list = at((*place, "schema")) if sequence.is_listed else None

    def errors(value: JSON) -> Iterable[SchemaError]:
        if of_list is not None:
            yield from of_list(value)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            for error in of_item(item):
                error.path.appendleft(index)  # where it stands among the others
                yield error

    return errors
