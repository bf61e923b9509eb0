"""Errors of JSON Schema validators, explained in words that help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs

from mock_server.core.diagnostics import Fault
from mock_server.core.json_pointer import pointer_of
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.text import cut, describe_value
from mock_server.core.types import JSON

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def explain(error: ValidationError) -> tuple[str, str, str]:
    """Return the JSON Pointer, what was found and what was expected.

    An ``anyOf`` fails as a whole; what helps is the reason why its nearest branch failed.
    """
    error, types = _most_telling(error)
    if types:
        return pointer_of(*error.absolute_path), describe_value(error.instance), "type: " + " or ".join(types)
    if str(error.validator) == "None":  # what jsonschema says of the schema false
        return pointer_of(*error.absolute_path), describe_value(error.instance), "nothing: the schema is false"
    keyword = str(error.validator)
    if keyword == "required":
        return pointer_of(*error.absolute_path), cut(error.message), "the required members to be there"
    if keyword in ("unevaluatedProperties", "additionalProperties") and error.validator_value is False:
        return pointer_of(*error.absolute_path), cut(error.message), "no other members"
    return (
        pointer_of(*error.absolute_path),
        describe_value(error.instance),
        f"{keyword}: {describe_value(error.validator_value)}",
    )


def fault_of(error: ValidationError) -> Fault:
    """Return what an API's own answer tells of an error: the keyword, what it wants, and the value that breaks it."""
    error, types = _most_telling(error)
    if types:
        return Fault("type", " or ".join(types), _plain(error.instance))
    keyword = str(error.validator)
    named = _MISSING.match(error.message) if keyword == "required" else None
    member = named[1] if named is not None else ""
    return Fault(keyword, _plain(error.validator_value), _plain(error.instance), member)


def _plain(value: object) -> JSON:
    """Return what an error says of a value or a keyword; None where it says nothing."""
    return cast("JSON", value) if isinstance(value, (str, int, float, dict, list)) else None


_MISSING = re.compile(r"'(.+)' is a required property")


def keyword_and_path(
    error: jsonschema_rs.ValidationError, above: Sequence[str | int] = ()
) -> tuple[str, list[str | int]]:
    """Return the keyword of an error of jsonschema-rs and the path to the value, as jsonschema would have them.

    ``above`` is the path to the value that the validator was given.
    """
    keyword, path = str(cast("Any", error.kind).name), [*above, *error.instance_path]
    if keyword == "x-mock-pattern":
        return "pattern", path
    if keyword != "falseSchema":
        return keyword, path
    if error.schema_path[-1:] == ["additionalProperties"]:
        return "additionalProperties", path[:-1]
    return "None", path


def of_jsonschema(error: jsonschema_rs.ValidationError, above: Sequence[str | int] = ()) -> ValidationError:
    """Return an error of jsonschema-rs as an error of jsonschema, which :func:`explain` reads.

    ``above`` is the path to the value that the validator was given.
    """
    with LATE_IMPORTS:  # only who has to tell what is wrong waits for the library
        from jsonschema.exceptions import ValidationError

    kind: Any = error.kind
    details = dict(kind.as_dict())
    keyword, path = keyword_and_path(error, above)
    limit = next((details[name] for name in _LIMITS if name in details), None)
    message = error.message
    if kind.name == "falseSchema":
        limit = False
        if keyword == "additionalProperties":
            message = f"Additional properties are not allowed ({error.instance_path[-1]!r} was unexpected)"
    elif keyword == "required":
        message = f"{details['property']!r} is a required property"
    elif kind.name == "x-mock-pattern":
        limit = message
    elif keyword == "type":
        limit = limit[0] if isinstance(limit, list) and len(limit) == 1 else limit
    branches = details.get("context", ())
    context = [of_jsonschema(reason) for branch in branches for reason in branch]
    return ValidationError(
        message, validator=keyword, path=path, context=context, validator_value=limit, instance=error.instance
    )


_LIMITS = ("limit", "types", "options", "expected_value", "pattern", "format", "multiple_of", "schema")
"""The names under which jsonschema-rs has the value of a keyword."""


def _most_telling(error: ValidationError) -> tuple[ValidationError, list[str]]:
    """Return the error of the branch that went deepest into the value; where none went in, the types that would fit.

    jsonschema's own `best_match` needs a type checker that the errors of OpenAPI's dialects do not have.
    """
    while error.context:
        furthest = max(error.context, key=lambda cause: len(cause.absolute_path))
        if len(furthest.absolute_path) == len(error.absolute_path):
            if all(cause.validator == "type" for cause in error.context):
                return error, [str(cause.validator_value) for cause in error.context]
            furthest = next(cause for cause in error.context if cause.validator != "type")
        error = furthest
    return error, []
