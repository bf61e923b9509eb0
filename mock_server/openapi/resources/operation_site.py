"""What inference reads of an operation: its path's shape, its answer, its body, its word, its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import is_json
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.resources.envelopes import Envelope, envelope_of
from mock_server.openapi.resources.path_shapes import PathShape, path_shape, path_shapes
from mock_server.openapi.resources.schema_shapes import UNKNOWN, SchemaShape, ShapeReader
from mock_server.openapi.resources.verb_words import VerbWord, verb_word

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@value_class
class Answer:
    """The answer of success with the most to show: its status, media type, envelope, and all statuses of success."""

    status: str = ""
    media: str = ""
    envelope: Envelope | None = None
    statuses: frozenset[str] = frozenset()

    @property
    def shape(self) -> SchemaShape:
        """The shape of the record shown; :data:`UNKNOWN` where the answer has no JSON."""
        return self.envelope.shape if self.envelope is not None else UNKNOWN

    @property
    def is_list(self) -> bool:
        """Whether the answer is a list of objects."""
        return self.envelope is not None and self.envelope.is_list and self.shape.kind == "object"

    @property
    def is_object(self) -> bool:
        """Whether the answer is one object that has members."""
        return self.envelope is not None and not self.envelope.is_list and bool(self.shape.members)

    @property
    def is_empty(self) -> bool:
        """Whether the answer has no body, or an object without members."""
        return not self.media or (self.envelope is not None and self.shape.kind == "object" and not self.shape.members)


@value_class
class QueryParameter:
    """A parameter of a path or query: name, schema, whether it is written as ``name[key]``, and required."""

    name: str
    place: str
    schema: JSON = None
    is_deep: bool = False
    is_required: bool = False


@value_class
class OperationSite:
    """An operation as inference sees it."""

    operation: Operation
    path: PathShape
    answer: Answer
    body: SchemaShape | None
    """The shape of the request's body; None where it has none."""
    is_body_required: bool
    word: VerbWord
    parameters: tuple[QueryParameter, ...]
    schemes: frozenset[str]
    """The names of all security schemes that let a caller in."""

    @property
    def method(self) -> str:
        """The method."""
        return self.operation.method

    @property
    def sends_record(self) -> bool:
        """Whether the body has members to write."""
        return self.body is not None and bool(self.body.members)

    def query(self) -> Iterable[QueryParameter]:
        """Yield the query parameters."""
        return (parameter for parameter in self.parameters if parameter.place == "query")

    def path_schema(self, name: str) -> JSON:
        """Return the schema of a path parameter; None where it has none."""
        return next(
            (parameter.schema for parameter in self.parameters if parameter.place == "path" and parameter.name == name),
            None,
        )


def read_sites(contract: Contract, reader: ShapeReader) -> list[OperationSite]:
    """Return what there is to see of each operation of a contract, in its order."""
    paths = mapping_at(contract.document, "paths")
    shapes = path_shapes(paths)
    return [
        _site(contract, reader, operation, shapes.get(operation.path) or path_shape(operation.path))
        for operation in contract.operations.values()
    ]


def _site(contract: Contract, reader: ShapeReader, operation: Operation, path: PathShape) -> OperationSite:
    item = reader.resolved(mapping_at(contract.document, "paths").get(operation.path))
    node = mapping_at(item, operation.method.lower()) or mapping_at(
        mapping_at(item, "additionalOperations"), operation.method
    )
    request = reader.resolved(node.get("requestBody"))
    summary = node.get("summary")
    return OperationSite(
        operation=operation,
        path=path,
        answer=_answer(reader, operation, path.noun),
        body=_body(reader, request),
        is_body_required=request.get("required") is True,
        word=verb_word(
            operation.method, operation.operation_id, summary if isinstance(summary, str) else "", path.plurals
        ),
        parameters=_parameters(reader, item, node),
        schemes=frozenset(name for alternative in operation.security for name in alternative),
    )


def _answer(reader: ShapeReader, operation: Operation, noun: str) -> Answer:
    """Return the answer of success: the first with JSON, else the first at all."""
    statuses = sorted(status for status in operation.responses if status.startswith("2"))
    if not statuses and "default" in operation.responses:
        statuses = ["default"]
    for status in statuses:
        for media in operation.responses[status].content:
            if media.is_json and media.schema is not None:
                envelope = envelope_of(reader, media.schema, noun)
                return Answer(status, media.name, envelope, frozenset(statuses))
    for status in statuses:
        for media in operation.responses[status].content:
            return Answer(status, media.name, None, frozenset(statuses))
    return Answer(statuses[0] if statuses else "", "", None, frozenset(statuses))


def _body(reader: ShapeReader, request: Mapping[str, JSON]) -> SchemaShape | None:
    """Return the shape of a request's body: JSON first, then forms, then whatever comes first."""
    content = mapping_at(request, "content")
    if not content:
        return None
    name = next((name for name in content if is_json(name)), None) or next(
        (name for name in content if name.partition(";")[0].strip() in _FORMS), next(iter(content))
    )
    shape = reader.shape(mapping_at(content, name).get("schema"))
    return None if shape.kind == "object" and not shape.members and name in _FORMS else shape


def _parameters(reader: ShapeReader, item: Mapping[str, JSON], node: Mapping[str, JSON]) -> tuple[QueryParameter, ...]:
    """Return the path and query parameters, those of the operation before those of its path item."""
    parameters: dict[tuple[str, str], QueryParameter] = {}
    for holder in (node, item):
        listed = holder.get("parameters")
        for entry in listed if isinstance(listed, list) else ():
            parameter = reader.resolved(entry)
            name, place = parameter.get("name"), parameter.get("in")
            if isinstance(name, str) and isinstance(place, str) and place in ("path", "query"):
                is_deep = parameter.get("style") == "deepObject"
                parameters.setdefault(
                    (name, place),
                    QueryParameter(name, place, parameter.get("schema"), is_deep, parameter.get("required") is True),
                )
    return tuple(parameters.values())
