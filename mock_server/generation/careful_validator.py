"""Validators of jsonschema: slower than those of jsonschema-rs, but they know anchors and dynamic references."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, FormatChecker

from mock_server.core.types import JSON
from mock_server.openapi.validation.bounded_keywords import bounded
from mock_server.openapi.validation.formats import format_checks
from mock_server.openapi.validation.reference_scope import resolving_from

if TYPE_CHECKING:
    from referencing import Registry

    from mock_server.generation.schema_validators import ValidatorOptions


def careful_validator(schema: JSON, registry: Registry[Any], resolver: Any) -> ValidatorOptions:
    """Return a validator of a schema that reads references from the place of a resolver."""
    validator = cast("Any", _Ecma)(schema, registry=registry, format_checker=format_checker())
    return cast("ValidatorOptions", resolving_from(validator, resolver))


@functools.cache
def format_checker() -> FormatChecker:
    """Return the checker of whether a text has a format."""
    checker: FormatChecker = copy.deepcopy(Draft202012Validator.FORMAT_CHECKER)
    for name, check in format_checks().items():
        checker.checks(name)(check)
    return checker


_Ecma: Any = bounded(Draft202012Validator)
"""A validator with patterns of ECMA-262, as OpenAPI means them; jsonschema alone reads them as Python does."""
