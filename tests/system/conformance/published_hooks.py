"""The check that good requests are taken, and which of those that Schemathesis makes are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import schemathesis
from hooks import filter_query, map_query  # type: ignore[import-not-found]
from schemathesis.specs.openapi.checks import status_code_conformance

__all__ = ["filter_query", "map_query", "valid_request_is_taken"]


@schemathesis.check  # type: ignore[untyped-decorator]
def valid_request_is_taken(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Raise where a good request is refused, or answered by a status that is not documented."""
    if 400 <= response.status_code < 500:
        if next(reasons(case), None) is None:
            assert not has_success(case), f"A good request was refused: {response.status_code}"
    else:
        status_code_conformance(context, response, case)


def has_success(case: schemathesis.Case) -> bool:
    """Return whether an operation documents another answer than an error; some have nothing but 401."""
    return any(str(status)[0] in "23d" for status in case.operation.responses.status_codes)


def reasons(case: schemathesis.Case) -> Iterator[str]:
    """Return why a request is none that has to be taken."""
    kind = str(case.media_type or "")
    if "multipart" in kind or "urlencoded" in kind:
        members = case.body.values() if isinstance(case.body, dict) else ()
        if any(isinstance(member, (list, dict)) and not member for member in members):
            yield "an empty list or object has no form: nothing is sent of it"
    if "urlencoded" in kind and isinstance(case.body, dict) and any(map(is_deep, case.body.values())):
        yield "an object within a form has no form by itself: Schemathesis sends the names of its members"
    for schema, value in validated(case):
        if not keeps(schema, value):
            yield "it breaks its schema: Schemathesis looks at no format where there are several types, for one"


def is_deep(value: object) -> bool:
    """Return whether a member of a form is an object, or a list with more in it than texts and numbers."""
    if isinstance(value, list):
        return any(isinstance(item, (list, dict)) or item is None for item in value)
    return isinstance(value, dict)


def validated(case: schemathesis.Case) -> Iterator[tuple[Any, Any]]:
    """Return the schemas of the parts of a request, each with what was made for it."""
    for body in case.operation.body:
        if body.media_type == case.media_type:
            yield body.optimized_schema, case.body
    for listed, values in (
        (case.operation.query, case.query),
        (case.operation.path_parameters, case.path_parameters),
        (case.operation.headers, case.headers),
        (case.operation.cookies, case.cookies),
    ):
        for parameter in listed:
            if parameter.name in (values or {}):
                yield parameter.optimized_schema, values[parameter.name]


def keeps(schema: Any, value: Any) -> bool:
    """Return whether a value keeps a schema, formats and all; true for what is no JSON (a file)."""
    try:
        return bool(jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value))
    except (TypeError, ValueError):
        return True
