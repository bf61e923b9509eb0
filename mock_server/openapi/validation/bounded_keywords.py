"""jsonschema's validators with keywords that count their steps, and read patterns as ECMA-262 does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, wraps
from typing import Any, cast

from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema.validators import extend

from mock_server.core.regex import matches
from mock_server.openapi.validation.explanations import spend_step
from mock_server.openapi.validation.unevaluated import unevaluated_properties

Keyword = Callable[[Any, Any, Any, Any], "Iterable[SchemaError] | None"]
"""A keyword of jsonschema: the validator, the keyword's value, the instance, the schema."""


@cache
def bounded(validator: Any) -> Any:
    """Return a class of jsonschema's validators as one whose keywords count their steps, and ask patterns here."""
    keywords = {name: keyword for name, keyword in validator.VALIDATORS.items() if keyword is not None}
    keywords |= {"pattern": _pattern, "patternProperties": _pattern_properties, "uniqueItems": _unique_items}
    if "additionalProperties" in keywords:
        keywords["additionalProperties"] = _beside_patterns(keywords["additionalProperties"])
    if "unevaluatedProperties" in keywords:
        keywords["unevaluatedProperties"] = unevaluated_properties
    counted = {name: _counted(keyword) for name, keyword in keywords.items()}
    return cast("Any", extend)(validator, counted)


def _counted(keyword: Keyword) -> Keyword:
    @wraps(keyword)
    def validated(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[SchemaError] | None:
        spend_step()
        return keyword(validator, value, instance, schema)

    return validated


def _pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[SchemaError]:
    if isinstance(instance, str) and isinstance(pattern, str) and not matches(pattern, instance):
        yield SchemaError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[SchemaError]:
    if not validator.is_type(instance, "object") or not isinstance(patterns, dict):
        return
    for pattern, below in patterns.items():
        for name, value in instance.items():
            if matches(pattern, name):
                yield from validator.descend(value, below, path=name, schema_path=pattern)


def _beside_patterns(keyword: Keyword) -> Keyword:
    """Return ``additionalProperties`` without its reading patterns as Python does."""

    def validated(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[SchemaError] | None:
        patterns = schema.get("patternProperties")
        if not validator.is_type(instance, "object") or not isinstance(patterns, dict):
            return keyword(validator, value, instance, schema)
        others = {
            name: member for name, member in instance.items() if not any(matches(pattern, name) for pattern in patterns)
        }
        plain = {name: rest for name, rest in schema.items() if name != "patternProperties"}
        return keyword(validator, value, others, plain)

    return validated


def _unique_items(validator: Any, is_unique: Any, instance: Any, schema: Any) -> Iterator[SchemaError]:
    """``uniqueItems`` in time that is linear in the value: jsonschema compares each object with each other."""
    if is_unique and validator.is_type(instance, "array"):
        seen: set[object] = set()
        for item in instance:
            key = _identity(item)
            if key in seen:
                yield SchemaError("an item has been there before")
                return
            seen.add(key)


def _identity(value: Any) -> object:
    """Return what two values have in common that are equal as JSON: 1 is 1.0, and true is no 1."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, Mapping):
        return dict, frozenset((name, _identity(member)) for name, member in value.items())
    if isinstance(value, (list, tuple)):
        return list, tuple(map(_identity, value))
    return value
