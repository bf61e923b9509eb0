"""Which members of an object a schema has evaluated (JSON Schema 2020-12, Core, 11.3).

Patterns are asked in bounded time: jsonschema's own ``unevaluatedProperties`` reads ``patternProperties`` as Python
does, whose engine backtracks, and keeps the names in a list, in which each is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError as SchemaError

from mock_server.core.regex import matches
from mock_server.openapi.validation.reference_scope import resolver_of, resolving_from


def unevaluated_properties(validator: Any, below: Any, instance: Any, schema: Any) -> Iterator[SchemaError]:
    """Yield an error where ``unevaluatedProperties`` refuses members: one for all of them, as jsonschema has it."""
    if not validator.is_type(instance, "object"):
        return
    others = {name: rest for name, rest in schema.items() if name != "unevaluatedProperties"}
    known = _evaluated(validator, instance, others)
    refused = [name for name, member in instance.items() if name not in known and not _keeps(validator, member, below)]
    if refused:
        said = ", ".join(repr(name) for name in sorted(refused))
        verb = "was" if len(refused) == 1 else "were"
        if below is False:
            yield SchemaError(f"Unevaluated properties are not allowed ({said} {verb} unexpected)")
        else:
            yield SchemaError(f"Unevaluated properties are not valid under the given schema ({said} {verb} unexpected)")


def _keeps(validator: Any, instance: Any, schema: Any) -> bool:
    return next(iter(validator.descend(instance, schema)), None) is None


def _evaluated(validator: Any, instance: dict[str, Any], schema: Any) -> set[str]:
    """Return the names of the members that a schema which the object keeps has a say in."""
    if not isinstance(schema, dict):
        return set()
    names: set[str] = set()
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            resolved = resolver_of(validator).lookup(schema[keyword])
            there = resolving_from(validator, resolved.resolver, schema=resolved.contents)
            names |= _evaluated(there, instance, resolved.contents)
    names |= _named(validator, instance, schema)
    for branch in _branches(validator, instance, schema):
        names |= _evaluated(validator, instance, branch)
    return names


def _named(validator: Any, instance: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """Return those that the keywords of the schema itself evaluate."""
    patterns = schema.get("patternProperties", {})
    names = {name for name in instance if any(matches(pattern, name) for pattern in patterns)}
    names |= schema.get("properties", {}).keys() & instance.keys()
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema:
            names |= {name for name, member in instance.items() if _keeps(validator, member, schema[keyword])}
    return names


def _branches(validator: Any, instance: dict[str, Any], schema: dict[str, Any]) -> Iterator[Any]:
    """Yield the schemas beside the schema that apply to the same object, and that it keeps."""
    for keyword in ("allOf", "oneOf", "anyOf"):
        yield from (branch for branch in schema.get(keyword, ()) if _keeps(validator, instance, branch))
    yield from (branch for name, branch in schema.get("dependentSchemas", {}).items() if name in instance)
    if "if" in schema:
        is_kept = _keeps(validator, instance, schema["if"])
        yield from [schema["if"]] if is_kept else []
        yield from [schema[keyword] for keyword in ("then" if is_kept else "else",) if keyword in schema]
