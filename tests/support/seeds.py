"""The seeds of small contracts, written where a test needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mock_server.generation.schema_document import SchemaDocument
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.worlds.state.seeds.seed_book import SeedBook
from mock_server.worlds.state.seeds.seeds import Seeds
from tests.support.contracts import Document, document, load

TEXT: Document = {"type": "string"}
UUID: Document = {"type": "string", "format": "uuid"}
MOMENT: Document = {"type": "string", "format": "date-time"}


def record(name: str = "", /, **members: Any) -> Document:
    """The schema of an object that has all these members."""
    schema: Document = {"type": "object", "required": [*members], "properties": members}
    return {**schema, "title": name} if name else schema


def resource(path: str, schema: Document, *, key: str = "id", parents: tuple[str, ...] = (), **media: Any) -> Document:
    """The paths that list and make records, and that read and delete one; ``media`` is beside the schema of one."""
    reference: Document = {"$ref": f"#/components/schemas/{schema['title']}"}
    name = path.rpartition("/")[2]
    above: list[Document] = [{"name": parent, "in": "path", "required": True, "schema": TEXT} for parent in parents]
    own: Document = {"name": f"{name[:-1]}_{key}", "in": "path", "required": True, "schema": schema["properties"][key]}
    content = {"application/json": {"schema": reference, **media}}
    listed = {"application/json": {"schema": {"type": "array", "items": reference}}}
    return {
        path: {
            "parameters": above,
            "get": {"operationId": f"list_{name}", "responses": {"200": {"description": "All.", "content": listed}}},
            "post": {
                "operationId": f"create_{name[:-1]}",
                "requestBody": {"content": {"application/json": {"schema": reference}}},
                "responses": {"201": {"description": "Made.", "content": content}},
            },
        },
        f"{path}/{{{own['name']}}}": {
            "parameters": [*above, own],
            "get": {
                "operationId": f"get_{name[:-1]}",
                "responses": {"200": {"description": "One.", "content": content}},
            },
            "delete": {"operationId": f"delete_{name[:-1]}", "responses": {"204": {"description": "Gone."}}},
        },
    }


def contract_of(directory: Path, schemas: list[Document], *paths: Document) -> Contract:
    """The contract of these paths; a schema is found by its title."""
    named = {schema["title"]: schema for schema in schemas}
    all_paths = {path: node for part in paths for path, node in part.items()}
    return load(directory, document(all_paths, components={"schemas": named}))


def book_of(contract: Contract, **settings: Any) -> SeedBook:
    """The seeds of a contract."""
    schemas = SchemaDocument(contract.document, contract.openapi)
    return SeedBook(contract, model_of(contract), schemas, **{"fill": 2, **settings})


def seeds_of(book: SeedBook, resource: str) -> Seeds:
    """The seeds of a resource that there is."""
    seeds = book.seeds(resource)
    assert seeds is not None, resource
    return seeds


CUSTOMER = record(
    "Customer", id=UUID, email={**TEXT, "format": "email", "example": "ada@example.com"}, created_at=MOMENT
)
ORDER = record(
    "Order",
    id=UUID,
    customer_id=UUID,
    customer={"$ref": "#/components/schemas/Customer"},
    number={"type": "integer", "minimum": 1},
)
NOTE = record("Note", id={"type": "integer", "minimum": 1}, text=TEXT)


def shop(directory: Path, **settings: Any) -> SeedBook:
    """The seeds of customers, their orders, and notes below those."""
    contract = contract_of(
        directory,
        [CUSTOMER, ORDER, NOTE],
        resource("/customers", CUSTOMER),
        resource("/orders", ORDER),
        resource("/orders/{order_id}/notes", NOTE, parents=("order_id",)),
    )
    return book_of(contract, **settings)
