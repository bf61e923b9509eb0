"""Small contracts, written where a test needs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mock_server.generation.schema_document import SchemaDocument as Schemas
from mock_server.http.messages import Response
from mock_server.mocking.engine import Engine
from mock_server.mocking.response_selector import ResponseSelector
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.openapi.routing import Router
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.settings import Settings
from mock_server.storage import MemoryStore, Record
from tests.support.case_files import read_cases

Document = dict[str, Any]


PETS = """\
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      responses:
        '200': {description: Pets.}
"""
"""A contract of one operation."""
PETSTORE: str = read_cases("petstore")["contract"]
"""A contract of several operations, with fixtures, security and parameters."""
SHOP = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    get: {responses: {'200': {description: All, content: {application/json: {schema: {type: array}}}}}}
    post:
      requestBody:
        content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}
      responses: {'204': {description: Taken}}
"""
"""A contract of two operations that anybody may use."""


def document(paths: Mapping[str, Any] | None = None, *, openapi: str = "3.1.0", **members: Any) -> Document:
    """A contract of these paths; ``members`` are further ones of the root, with ``_`` for ``-``."""
    return {"openapi": openapi, "info": {"title": "Pets", "version": "1"}, "paths": paths or {}, **_named(members)}


def operation(schema: Any = None, *, status: str = "200", **members: Any) -> Document:
    """An operation of one answer: in JSON by this schema, or without a body. ``members`` as of a document."""
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"responses": {status: {"description": "It is.", **content}}, **_named(members)}


def _named(members: Mapping[str, Any]) -> Document:
    return {name.replace("_", "-"): value for name, value in members.items()}


def load(directory: Path, contract: Document, *overlays: Document, strict: bool = False) -> Contract:
    """The contract, from files in a directory."""
    return load_contract(
        written(directory, "contract", contract),
        [written(directory, f"overlay-{index}", overlay) for index, overlay in enumerate(overlays)],
        strict=strict,
    )


def written(directory: Path, name: str, data: Document) -> str:
    file = directory / f"{name}.json"
    file.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return str(file)


def engine_of(contract: Contract, records: Iterable[Record] = (), settings: Settings | None = None) -> Engine:
    """The engine of a contract, with these records in its store."""
    schemas = Schemas(dict(contract.document), contract.openapi)
    selector = ResponseSelector(contract, MemoryStore(records), settings or Settings(), schemas)
    sent = Schemas(dict(contract.document), contract.openapi, sends="request")
    validator = ContractValidator(
        contract, lambda schema: schemas.root(schema).accepts, lambda schema: sent.root(schema).accepts
    )
    strictness = (settings or Settings()).validate_requests
    return Engine(contract, validator, selector, Router(contract).route, strictness=strictness)


def value_of(answer: Response) -> Any:
    """What the JSON body of an answer says."""
    return json.loads(answer.body)


def received(engine: Engine, answer: Response) -> Response:
    """An answer with the body that a client receives: that of a stream is all of its items."""
    if answer.stream is None:
        return answer
    frames = engine.items(answer.stream, answer.status)
    return replace(answer, body=b"".join(frames) + engine.end(answer.stream))
