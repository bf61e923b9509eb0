"""What a JSON Schema validator has against a value, in words that help."""

from __future__ import annotations

import json

from jsonschema.exceptions import ValidationError, best_match

from mock_server.contract.source import pointer_of

LONGEST = 200
"""Characters of a value or a rule that a message shows."""


def explain(error: ValidationError) -> tuple[str, str, str]:
    """The JSON Pointer, what was found and what was expected.

    An ``anyOf`` fails as a whole; what helps is the reason why its nearest branch did.
    """
    error = best_match([error])
    keyword = str(error.validator)
    if keyword == "required":
        return pointer_of(*error.absolute_path), error.message, "the required members to be there"
    if keyword in ("unevaluatedProperties", "additionalProperties") and error.validator_value is False:
        return pointer_of(*error.absolute_path), error.message, "no other members"
    return pointer_of(*error.absolute_path), _shown(error.instance), f"{keyword}: {_shown(error.validator_value)}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
