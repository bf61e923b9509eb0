"""The reader of a list's query: which records, in which order, which page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import mapping_at
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.resources.model import Collection, ResourceModel
from mock_server.openapi.resources.names import noun_words
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.worlds.state.listing.conditions import RelatedPresence
from mock_server.worlds.state.listing.filter_parameters import FilterReader
from mock_server.worlds.state.listing.list_request import ListRequest
from mock_server.worlds.state.listing.paging_parameters import PagingReader
from mock_server.worlds.state.listing.query_parameters import ListedParameter, listed_parameters
from mock_server.worlds.state.listing.query_values import QueryValues
from mock_server.worlds.state.listing.sort_parameters import SortReader
from mock_server.worlds.state.listing.told_filters import ToldFilter


class ListReader:
    """Reads queries of one list; compiled once.

    ``shape`` is that of a record, ``key`` the member that is its primary key, ``resources`` the names of all resources
    by their nouns, ``description`` what the contract says of the operation in words. ``sorts`` and ``filters`` are what
    its data says of words to sort by and of parameters, ``order`` the words by which it is sorted otherwise.

    The default of a filter (``state: open``) selects nothing: what a world has created is listed, whatever its state.
    """

    def __init__(
        self,
        reader: ShapeReader,
        parameters: Mapping[str, ListedParameter],
        collection: Collection,
        shape: SchemaShape,
        *,
        key: str = "id",
        resources: Mapping[str, str] | None = None,
        description: str = "",
        sorts: Mapping[str, str] | None = None,
        filters: Mapping[str, RelatedPresence | ToldFilter] | None = None,
        order: Sequence[str] = (),
        most: int | None = None,
    ) -> None:
        roles = collection.parameters
        self._key = key
        self._paging = PagingReader(reader, roles, collection.ignored, parameters, most)
        self._sort = SortReader(reader, roles, parameters, shape, description, sorts, order)
        self._filter = FilterReader(reader, roles, collection.ignored, parameters, shape, resources or {}, filters)
        self._plain = ListRequest(
            self._paging.paging, (), self._sort.default, self._paging.paging.default, key=self._key
        )

    @classmethod
    def of(
        cls,
        contract: Contract,
        reader: ShapeReader,
        operation: Operation,
        collection: Collection,
        shape: SchemaShape,
        *,
        key: str = "id",
        resources: Mapping[str, str] | None = None,
        sorts: Mapping[str, str] | None = None,
        filters: Mapping[str, RelatedPresence | ToldFilter] | None = None,
        order: Sequence[str] = (),
        most: int | None = None,
    ) -> ListReader:
        """Return the reader of an operation of a contract, with all that the contract says of it."""
        node = mapping_at(
            reader.resolved(mapping_at(contract.document, "paths").get(operation.path)), operation.method.lower()
        )
        texts = [text for text in (node.get("summary"), node.get("description")) if isinstance(text, str)]
        parameters = listed_parameters(contract, reader, operation)
        return cls(
            reader,
            parameters,
            collection,
            shape,
            key=key,
            resources=resources,
            description=". ".join(texts),
            sorts=sorts,
            filters=filters,
            order=order,
            most=most,
        )

    def read(self, query: str) -> ListRequest:
        """Return what a query asks for. What cannot be read is a finding, and the default stands in its place."""
        if not query:
            return self._plain
        values = QueryValues.read(query)
        page = self._paging.read(values)
        findings: list[Diagnostic] = page.findings
        order = self._sort.read(values, findings)
        conditions = self._filter.read(values, findings)
        return ListRequest(
            self._paging.paging,
            conditions,
            order,
            page.size,
            page.number,
            page.offset,
            tuple(page.cursors),
            self._key,
            tuple(findings),
        )


def names_by_noun(model: ResourceModel) -> dict[str, str]:
    """Return the names of resources by their last noun in the singular; a name of that noun alone comes first."""
    names: dict[str, str] = {}
    for name in sorted(model.resources, key=lambda name: len(noun_words(name))):
        if noun_words(name):
            names.setdefault(noun_words(name)[-1], name)
    return names
