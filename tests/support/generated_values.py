"""Values generated for a schema, and what plain jsonschema has against them."""

from __future__ import annotations

import copy
from typing import Any

from jsonschema import Draft202012Validator

from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.formats import is_uuid4
from tests.support.countries import schemas_of

CUSTOMER: JSON = {"$ref": "#/components/schemas/CustomerPortalCustomer"}
CHECKER = copy.deepcopy(Draft202012Validator.FORMAT_CHECKER)
CHECKER.checks("uuid4")(is_uuid4)


def made(schema: Any, identity: str = "tom", seed: int = 0, **options: Any) -> Any:
    return generate(
        schema, SeedKey(seed, "pets", identity), options.pop("document", None) or SchemaDocument(schema), **options
    )


def wrong(schema: Any, value: Any) -> list[str]:
    """What plain jsonschema has against a value."""
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema, format_checker=CHECKER).iter_errors(value)
    ]


def customers(contract: Contract, count: int, **options: Any) -> list[Any]:
    return [
        generate(CUSTOMER, SeedKey(0, "customers", f"c{index}"), schemas_of(contract), **options)
        for index in range(count)
    ]
