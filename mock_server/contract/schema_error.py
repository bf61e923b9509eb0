"""What a JSON Schema validator has against a value, in words that help."""

from __future__ import annotations

import json

from jsonschema.exceptions import ValidationError

from mock_server.contract.source import pointer_of

LONGEST = 200
"""Characters of a value or a rule that a message shows."""


def explain(error: ValidationError) -> tuple[str, str, str]:
    """The JSON Pointer, what was found and what was expected.

    An ``anyOf`` fails as a whole; what helps is the reason why its nearest branch did.
    """
    error, types = _most_telling(error)
    if types:
        return pointer_of(*error.absolute_path), _shown(error.instance), "type: " + " or ".join(types)
    if str(error.validator) == "None":  # what jsonschema says of the schema false
        return pointer_of(*error.absolute_path), _shown(error.instance), "nothing: the schema is false"
    keyword = str(error.validator)
    if keyword == "required":
        return pointer_of(*error.absolute_path), _cut(error.message), "the required members to be there"
    if keyword in ("unevaluatedProperties", "additionalProperties") and error.validator_value is False:
        return pointer_of(*error.absolute_path), _cut(error.message), "no other members"
    return pointer_of(*error.absolute_path), _shown(error.instance), f"{keyword}: {_shown(error.validator_value)}"


def _most_telling(error: ValidationError) -> tuple[ValidationError, list[str]]:
    """The error of the branch that came furthest into the value; where none came anywhere, the types that would do.

    jsonschema's own `best_match` asks for a type checker that the errors of OpenAPI's dialects do not carry.
    """
    while error.context:
        furthest = max(error.context, key=lambda one: len(one.absolute_path))
        if len(furthest.absolute_path) == len(error.absolute_path):
            if all(one.validator == "type" for one in error.context):
                return error, [str(one.validator_value) for one in error.context]
            furthest = next(one for one in error.context if one.validator != "type")
        error = furthest
    return error, []


def _shown(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
