"""The schemas of a resource's records: the one that shows most of a record, and those of its views."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract, MediaType, Operation, ResponseSpec
from mock_server.openapi.resources.model import InferredResource, ResourceModel, Verb, View
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader

_ENDING: frozenset[Verb] = frozenset({"delete", "unlink"})
_MOST = 0.8
"""The part of a union's members that a branch has which is the record itself."""


@value_class
class ViewSchema:
    """A schema that shows a record, and its shape. ``schema`` is an object of the contract, or a reference into it."""

    schema: JSON
    shape: SchemaShape


@value_class
class ShownView:
    """A view with the places of the contract that it speaks of."""

    view: View
    operation: Operation
    response: ResponseSpec
    media: MediaType
    record: ViewSchema


class RecordSchemas:
    """Finds the schemas of records in one contract."""

    def __init__(self, contract: Contract, model: ResourceModel, reader: ShapeReader) -> None:
        self._contract = contract
        self._model = model
        self._reader = reader

    def views(self, resource: InferredResource) -> list[ShownView]:
        """Return the views of a resource whose record has a schema, in the order of the contract.

        What an answer says of a record that is deleted, or of a link to it that is gone, is none.
        """
        verdicts = self._model.verdicts
        return [shown for shown in self._views(resource) if verdicts[shown.view.operation].verb not in _ENDING]

    def home(self, resource: InferredResource, views: list[ShownView]) -> ViewSchema | None:
        """Return the schema that shows most of a record; None where the contract shows none.

        Where that is a union of a record with what is left of it once it is deleted, it is that of the record.
        """
        home = self._largest(resource, views)
        branches = [shown.record for shown in views if home is not None and shown.view.schema in home.shape.branches]
        whole = max(branches, key=lambda record: len(record.shape.members), default=None)
        if home is None or whole is None or whole.shape.branches:
            return home
        return whole if len(whole.shape.members) >= _MOST * len(home.shape.members) else home

    def _largest(self, resource: InferredResource, views: list[ShownView]) -> ViewSchema | None:
        named = [shown for shown in views if shown.view.schema == resource.schema]
        if named:
            return min(named, key=lambda shown: (shown.view.is_list, -len(shown.record.shape.members))).record
        schemas = mapping_at(mapping_at(self._contract.document, "components"), "schemas")
        if resource.schema in schemas:
            schema: JSON = {"$ref": f"#{pointer_of('components', 'schemas', resource.schema)}"}
            return ViewSchema(schema, self._reader.shape(schema))
        return max((shown.record for shown in views), key=lambda record: len(record.shape.members), default=None)

    def _views(self, resource: InferredResource) -> Iterator[ShownView]:
        for view in resource.views:
            operation = self._contract.operations.get(view.operation)
            response = operation.responses.get(view.status) if operation is not None else None
            for media in response.content if response is not None else ():
                if media.name != view.media:
                    continue
                record = self._record(media.schema, view)
                if operation is not None and response is not None and record is not None:
                    yield ShownView(view, operation, response, media, record)

    def _record(self, schema: JSON, view: View) -> ViewSchema | None:
        """Return the schema of the record in an answer, by way of the envelope."""
        schema = self._reader.at(schema, view.pointer)
        if view.is_list:
            schema = self._reader.shape(schema).items
        shape = self._reader.shape(schema)
        return ViewSchema(schema, shape) if shape.kind == "object" else None
