"""The 249 countries of ISO 3166, as the contract that ships has them."""

from __future__ import annotations

from typing import Any

import yaml

from mock_server.core import bundled
from mock_server.generation.schema_document import SchemaDocument
from mock_server.openapi.model import Contract

_CONTRACT: dict[str, Any] = yaml.load(bundled.default_contract_path().read_text("utf-8"), yaml.CSafeLoader)
COUNTRIES: list[str] = _CONTRACT["components"]["schemas"]["Address"]["properties"]["country"]["enum"]
_documents: dict[int, SchemaDocument] = {}


def schemas_of(contract: Contract) -> SchemaDocument:
    """The contract's schemas, worked out once for all tests."""
    if id(contract) not in _documents:
        _documents[id(contract)] = SchemaDocument(dict(contract.document), contract.openapi)
    return _documents[id(contract)]
