"""What a request to one operation has to keep: worked out once, asked for every request.

Parameters and body are read (``parameters``, ``bodies``) and the values handed to the validators of openapi-core,
which ``check`` brings along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from jsonschema.exceptions import ValidationError as SchemaError

from mock_server.contract.bodies import Body, BodyMedia, MalformedError, read_body
from mock_server.contract.coercion import LENIENT, READINGS, Reading, Resolve, Shape, UnreadableError, shown
from mock_server.contract.media import TOO_DEEP, essence_of, read_json
from mock_server.contract.model import is_json
from mock_server.contract.parameters import Parameter, Sent, read_parameter
from mock_server.contract.schema_error import explain
from mock_server.contract.source import mapping_at
from mock_server.exchange import JSON, Finding, Request, Route

Errors = Callable[[JSON], Iterable[SchemaError]]
"""What a schema has against a value."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the schema at one place has against values: ``strict``, or ``lenient``, which asserts no ``format``."""

    strict: Errors
    lenient: Errors

    def errors(self, *, is_lenient: bool) -> Errors:
        """Return one of the two."""
        return self.lenient if is_lenient else self.strict


JudgementAt = Callable[[tuple[str | int, ...]], Judgement]
"""The judgement of the schema at a place below an operation or its path item."""

BODY = "body"
MALFORMED = "malformed-body"
MEDIA_TYPE = "media-type"
PARAMETER = "parameter"
MOST_FINDINGS = 50
"""Findings of one value: more help nobody, and a body of a megabyte may have a hundred thousand."""


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """The parameters and the body of an operation, each with the judgement of its schema.

    ``refuses_bodies``: the operation takes no body, and documents what it says to one (415).
    """

    parameters: tuple[tuple[Parameter, Judgement], ...]
    body: Body | None
    bodies: Mapping[str, Judgement]
    refuses_bodies: bool = False

    def findings(self, route: Route, request: Request, *, is_lenient: bool = False) -> Iterator[Finding]:
        """Return what is wrong with the parts of a request, parameters first.

        ``is_lenient``: formats are not asserted, and texts may be JSON.
        """
        ways = LENIENT if is_lenient else READINGS
        if self.parameters:
            sent = Sent(request, route)
            unreadable = self._unreadable_query(sent)
            yield from unreadable
            for parameter, judgement in self.parameters:
                if not (unreadable and parameter.place == "query"):
                    yield from _of_parameter(parameter, judgement.errors(is_lenient=is_lenient), sent, ways)
        if self.refuses_bodies and request.body:
            content_type = request.header("content-type")
            found = f"a body of type {shown(content_type)}" if content_type else "a body"
            yield Finding(MEDIA_TYPE, "body", found, "none: the operation takes no body")
        if self.body is not None:
            yield from self._of_body(self.body, request, ways, is_lenient=is_lenient)

    def _unreadable_query(self, sent: Sent) -> tuple[Finding, ...]:
        """Return what is wrong with the query as a whole, which is told once."""
        try:
            if any(parameter.place == "query" for parameter, _ in self.parameters):
                sent.query  # noqa: B018
        except UnreadableError as problem:
            return (Finding(PARAMETER, "query", problem.found, problem.expected),)
        return ()

    def _of_body(
        self, body: Body, request: Request, ways: tuple[Reading, ...], *, is_lenient: bool
    ) -> Iterable[Finding]:
        content_type = request.header("content-type") or ""
        media = body.media(content_type) if content_type else None
        if not request.body and not (media and _may_be_empty(media, request)):
            return [Finding(BODY, "body", "no body", "a body of " + _names(body))] if body.required else []
        if media is None and is_lenient:
            media, content_type = _as_json(body, request.body), "application/json"
        if media is None:
            found = f"the media type {shown(content_type)}" if content_type else "a body without a Content-Type"
            return [Finding(MEDIA_TYPE, "header content-type", found, _names(body))] if body.content else []
        errors = self.bodies[media.name].errors(is_lenient=is_lenient)
        try:
            readings = media.readings(request.body, content_type, ways)
            return _judged(Finding(BODY, "body", "", ""), readings, errors, media.shape)
        except UnreadableError as problem:
            rule = MALFORMED if isinstance(problem, MalformedError) else BODY
            return [Finding(rule, "body", problem.found, problem.expected, problem.pointer)]


def _as_json(body: Body, sent: bytes) -> BodyMedia | None:
    """Return the entry for JSON where there is one and the bytes are that, whatever they are said to be."""
    try:
        read_json(sent)
    except ValueError:
        return None
    return next((media for media in body.content.values() if is_json(media.essence)), None)


def _names(body: Body) -> str:
    return " or ".join(body.content) or "any media type"


def _may_be_empty(media: BodyMedia, request: Request) -> bool:
    """Whether a body of no bytes is one of this type: an empty text, file or form that was announced."""
    essence = essence_of(request.header("content-type") or "")
    announced = request.header("content-length") is not None
    return announced and not is_json(essence) and not essence.startswith("multipart/") and "xml" not in essence


def _of_parameter(
    parameter: Parameter, errors: Errors, sent: Sent, ways: tuple[Reading, ...]
) -> Iterator[Finding]:  # fmt: skip
    plain = Finding(PARAMETER, parameter.location, "", "")
    try:
        readings = parameter.readings(sent, ways)
        if readings is None:
            if parameter.required:
                yield Finding(PARAMETER, parameter.location, "nothing", f"the required parameter {parameter.name}")
        elif not parameter.is_empty(sent):
            yield from _judged(plain, readings, errors, parameter.shape)
    except UnreadableError as problem:
        yield Finding(PARAMETER, parameter.location, problem.found, problem.expected, problem.pointer)


def _judged(plain: Finding, readings: Iterator[JSON], errors: Errors, shape: Shape) -> list[Finding]:
    """Return what is wrong with the first reading; nothing where there is one that is right.

    Raises :class:`UnreadableError` for what cannot be read.
    """
    first: list[Finding] | None = None
    tried: list[JSON] = []
    try:
        for value in readings:
            if any(value == before and type(value) is type(before) for before in tried):
                continue
            tried.append(value)
            wrong = [*islice((error for error in errors(value) if not _is_read_only(error, shape)), MOST_FINDINGS)]
            if not wrong:
                return []
            if first is None:
                said = (explain(error) for error in wrong)
                first = [Finding(plain.rule, plain.location, found, wanted, where) for where, found, wanted in said]
    except RecursionError:
        return [Finding(plain.rule, plain.location, TOO_DEEP, "fewer levels")]
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


def plan_of(item: Mapping[str, JSON], operation: Mapping[str, JSON], resolve: Resolve, at: JudgementAt) -> RequestPlan:
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
    described_types = body.content if body else ()
    bodies = {name: at(("operation", "requestBody", "content", name, "schema")) for name in described_types}
    refuses_bodies = not described_types and "415" in mapping_at(operation, "responses")
    return RequestPlan(tuple(parameters), body, bodies, refuses_bodies)
