"""What is used of jsonschema and referencing without being public there: a version without it fails here first."""

from __future__ import annotations

from typing import Any, cast

from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mock_server.openapi.validation.reference_scope import base_uri_of, in_class, resolver_of, resolving_from

SCHEMA: Any = {"$defs": {"name": {"type": "string"}}, "$ref": "#/$defs/name"}
OTHER: Any = {"$defs": {"name": {"type": "integer"}}}
REGISTRY: Registry[Any] = Registry().with_resources(
    [("urn:schema", DRAFT202012.create_resource(SCHEMA)), ("urn:other", DRAFT202012.create_resource(OTHER))]
)


def validator() -> Any:
    return cast("Any", Draft202012Validator)(SCHEMA, registry=REGISTRY)


def test_a_resolver_of_referencing_has_its_base_uri() -> None:
    assert base_uri_of(REGISTRY.resolver("urn:schema")) == "urn:schema"


def test_a_validator_of_jsonschema_has_its_resolver() -> None:
    assert resolver_of(validator()).lookup("#/$defs/name").contents == {"type": "string"}


def test_a_validator_of_jsonschema_takes_another_resolver() -> None:
    other = resolving_from(validator(), REGISTRY.resolver("urn:other"))
    assert [other.is_valid("Rex"), other.is_valid(7)] == [False, True]
    named = resolving_from(validator(), REGISTRY.resolver("urn:other"), schema={"type": "boolean"})
    assert named.is_valid(True)


def test_a_class_of_jsonschema_takes_a_resolver() -> None:
    other = in_class(Draft7Validator, validator())
    assert (type(other), other.is_valid("Rex"), other.is_valid(7)) == (Draft7Validator, True, False)
