"""Makers of records, for contracts written where a test needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mock_server.generation.schema_document import SchemaDocument
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.worlds.state.making.record_maker import RecordMaker
from tests.support.contracts import Document, document, load

NOW = 1_767_225_600.25
"""The beginning of 2026, and a quarter of a second."""


class Things:
    """A contract of things that are listed, created, read, updated and deleted; what clients send, and what they see.

    ``sent``, ``shown`` and ``patched`` are schemas; ``others`` are further components.
    """

    def __init__(
        self,
        directory: Path,
        sent: str,
        shown: str,
        *,
        patched: str = "",
        path: str = "/things",
        openapi: str = "3.1.0",
        others: str = "{}",
        parameter: Document | None = None,
    ) -> None:
        schemas = {"Thing": yaml.safe_load(shown), "ThingCreate": yaml.safe_load(sent), **yaml.safe_load(others)}
        schemas["ThingUpdate"] = yaml.safe_load(patched) if patched else schemas["ThingCreate"]
        self.contract: Contract = load(
            directory, document(_paths(path, parameter or {}), openapi=openapi, components={"schemas": schemas})
        )
        self.schemas = SchemaDocument(self.contract.document, self.contract.openapi)
        self.resource = next(iter(model_of(self.contract).resources.values()))
        self.maker = self.maker_of()

    def maker_of(self, seed: int = 1) -> RecordMaker:
        """A maker that has made nothing yet."""
        return RecordMaker(
            self.contract, self.resource, self.schemas, ShapeReader(self.contract.document), seed, fill=2
        )

    def schema(self, name: str) -> Any:
        """A component."""
        components: Any = self.contract.document["components"]
        return components["schemas"][name]

    def is_valid(self, value: Any, name: str = "Thing") -> bool:
        """Whether a value is valid by a component."""
        return self.schemas.root({"$ref": f"#/components/schemas/{name}"}).accepts(value)


def _paths(path: str, parameter: Document) -> Document:
    thing = {"$ref": "#/components/schemas/Thing"}
    one = {"200": {"description": "It is.", "content": {"application/json": {"schema": thing}}}}
    many = {"schema": {"type": "array", "items": thing}}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, **parameter}
    return {
        path: {
            "get": {"responses": {"200": {"description": "All.", "content": {"application/json": many}}}},
            "post": {"requestBody": _body("ThingCreate"), "responses": {"201": one["200"]}},
        },
        f"{path}/{{id}}": {
            "parameters": [key],
            "get": {"responses": one},
            "patch": {"requestBody": _body("ThingUpdate"), "responses": one},
            "delete": {"responses": {"204": {"description": "Gone."}}},
        },
    }


def _body(name: str) -> Document:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
