"""A list of a contract, as the server would page through records that a test has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from mock_server.core.json_pointer import pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.storage import Record
from mock_server.worlds.state.listing.list_envelope import ListEnvelope
from mock_server.worlds.state.listing.list_reader import ListReader, names_by_noun
from mock_server.worlds.state.listing.page import Page, page_of
from mock_server.worlds.state.listing.page_links import link_header
from tests.support.contracts import Document, document, load
from tests.support.paths import SHARED

ORIGIN = "http://127.0.0.1:4010"


@dataclass(frozen=True)
class Others:
    """Records of other resources, for filters by relation."""

    records: Sequence[Record] = ()

    def find(self, resource: str, member: str, text: str) -> Record | None:
        """Return the record of a resource whose member has a text."""
        matches = (record for record in self.records if record.resource == resource)
        return next((record for record in matches if record.value.get(member) == text), None)

    def named(self, resource: str, text: str) -> Record | None:
        """Return the record of a resource whose key is a text."""
        return self.find(resource, "id", text)

    def all_of(self, resource: str) -> list[Record]:
        """Return the records of a resource."""
        return [record for record in self.records if record.resource == resource]


@dataclass(frozen=True)
class ContractList:
    """The list at a path of a contract."""

    path: str
    key: str
    reader: ListReader
    envelope: ListEnvelope
    accepts: Any
    members: frozenset[str]

    def page(self, query: str, records: Sequence[Record], others: Sequence[Record] = ()) -> Page:
        """Return the page that a query asks for."""
        return page_of(records, self.reader.read(query), Others(others))

    def keys(self, query: str, records: Sequence[Record], others: Sequence[Record] = ()) -> list[Any]:
        """Return the keys of the records on the page that a query asks for."""
        return [record.value[self.key] for record in self.page(query, records, others).records]

    def body(self, query: str, records: Sequence[Record]) -> Any:
        """Return the body of a page, without what is in its items."""
        return cast("Any", self.envelope.body([], self.page(query, records), self.url(query)))

    def link(self, query: str, records: Sequence[Record]) -> dict[str, str]:
        """Return the queries that the Link header of a page names, by relation."""
        header = link_header(self.page(query, records), self.url(query)) or ""
        links = (part.partition(">; rel=") for part in header.split(", ") if part)
        return {name.strip('"'): urlsplit(target[1:]).query for target, _, name in links}

    def url(self, query: str) -> str:
        """Return the URL of the list with a query."""
        return f"{ORIGIN}{self.path}" + (f"?{query}" if query else "")

    def records(self, count: int, **members: Any) -> list[Record]:
        """Return records with keys in order. A member is a value, or a function of the record's number."""
        return [self.record(number, **members) for number in range(count)]

    def record(self, number: int, **members: Any) -> Record:
        """Return a record with a key of its number."""
        values = {name: member(number) if callable(member) else member for name, member in members.items()}
        return Record("records", f"r{number:05}", {self.key: f"r{number:05}", **values})


def shared_list(contract: str, path: str) -> ContractList:
    """Return a list of one of the shared contracts."""
    return _list(_shared(contract), path)


@cache
def _shared(contract: str) -> Contract:
    return load_contract(str(SHARED / "contracts" / contract))


def small_list(
    directory: Path,
    parameters: Iterable[Mapping[str, Any]] = (),
    *,
    members: Mapping[str, Any] | None = None,
    envelope: Document | None = None,
    description: str = "",
    resources: Iterable[str] = (),
) -> ContractList:
    """Return the list ``/pets`` of a contract of its own.

    ``envelope`` has the members beside the array ``items``; without it the answer is the bare array. ``resources`` are
    the names of further ones.
    """
    pet = {"type": "object", "properties": {"id": {"type": "string"}, **(members or {})}, "required": ["id"]}
    array: Document = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    whole = array if envelope is None else {"type": "object", "properties": {"items": array, **envelope}}
    pets = {
        "get": {
            "operationId": "listPets",
            "description": description,
            "parameters": [{"in": "query", **parameter} for parameter in parameters],
            "responses": _answer(whole),
        }
    }
    paths: Document = {"/pets": pets, "/pets/{id}": _item("getPet", "Pet")}
    for name in resources:
        other = {"type": "array", "items": {"$ref": "#/components/schemas/Other"}}
        paths[f"/{name}"] = {"get": {"operationId": f"list_{name}", "responses": _answer(other)}}
        paths[f"/{name}/{{id}}"] = _item(f"get_{name}", "Other")
    other = {"type": "object", "properties": {"id": {"type": "string"}, "label": {"type": "string"}}}
    contract = document(paths, components={"schemas": {"Pet": pet, "Other": other}})
    return _list(load(directory, contract), "/pets")


def _answer(schema: Document) -> Document:
    return {"200": {"description": "It is.", "content": {"application/json": {"schema": schema}}}}


def _item(operation: str, schema: str) -> Document:
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    answer = _answer({"$ref": f"#/components/schemas/{schema}"})
    return {"get": {"operationId": operation, "parameters": parameters, "responses": answer}}


def _list(contract: Contract, path: str) -> ContractList:
    model = model_of(contract)
    resource, collection = next(
        (resource, collection)
        for resource in model.resources.values()
        for collection in resource.collections
        if collection.path == path and collection.envelope is not None
    )
    operation = contract.operations[f"GET {path}"]
    schema = next(
        media.schema
        for status in sorted(operation.responses)
        for media in operation.responses[status].content
        if status.startswith("2") and media.is_json
    )
    reader = ShapeReader(contract.document)
    schemas = SchemaDocument(dict(contract.document), contract.openapi)
    pointer = collection.envelope or ""
    array: JSON = schema
    for name in pointer_parts(pointer):
        array = reader.shape(array).members[name]
    shape = reader.shape(reader.shape(array).items)
    key = resource.keys[0].member if resource.keys else "id"
    return ContractList(
        path,
        key,
        ListReader.of(contract, reader, operation, collection, shape, key=key, resources=names_by_noun(model)),
        ListEnvelope(schemas, reader, schema, pointer, SeedKey(1, "pets", path)),
        schemas.root(schema).accepts,
        frozenset(shape.members),
    )


def pages_of(contract: ContractList, query: str, records: list[Record], follow: Any) -> Iterator[Page]:
    """Yield page after page, as long as ``follow`` returns the query of a next one."""
    while query is not None:
        page = contract.page(query, records)
        yield page
        query = follow(page, query)


def parameters_in(query: str) -> dict[str, str]:
    """Return the parameters of a query by name."""
    return dict(parse_qsl(query))
