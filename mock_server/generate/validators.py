"""The validators of a document's schemas, by jsonschema-rs: each schema compiled once, whatever refers to it.

jsonschema-rs writes out what a reference leads to wherever it stands. Where hundreds of schemas refer to one another
(868 from one operation of Stripe's contract) that takes 200 ms and 8 MB for each of them. So a reference to a large
schema becomes a link: a keyword of our own that asks the validator of that schema, which is compiled when the first
value comes to it. What is small is still written out, because a link costs about 3 µs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import jsonschema_rs

from mock_server.contract.formats import FORMATS
from mock_server.exchange import JSON

LINK = "x-mock-link"
"""The keyword of a link. Its value is the reference, ``#/components/schemas/Pet``."""
LARGEST = 8
"""Schemas that a reference may come to mean, those that it refers to counted each time, to be written out."""

_FORMATS = {name: check for name, check in FORMATS.items() if name in ("byte", "duration", "uuid4")}
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLES = frozenset({
    "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties",
})  # fmt: skip
_IN_PLACE = frozenset({"not", "if", "then", "else"})
"""Those of them that apply to the value itself and not to its parts."""
_ASSERTIONS = frozenset({
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
    "minProperties", "maxProperties", "required", "dependentRequired",
})  # fmt: skip
_WIDTHS = {"int32": 2**31, "int64": 2**63}
"""The integers of a format (OpenAPI Format Registry): from minus this number to below it. To jsonschema-rs formats are
of strings alone."""


class Compiled(Protocol):
    """A validator of jsonschema-rs."""

    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Any: ...


class Validators:
    """Compiles schemas that stand in one document and refer to one another by JSON Pointer.

    ``lookup`` gives the schema that a reference (``#/...``) leads to, ``accepts`` says whether that schema takes a
    value; it is asked for links.
    """

    def __init__(self, lookup: Callable[[str], JSON], accepts: Callable[[str, JSON], bool]) -> None:
        self._lookup = lookup
        self._keywords: dict[str, Any] = {LINK: _link(accepts)}
        self._references: dict[str, tuple[str, ...]] = {}
        self._small: dict[str, bool] = {}

    def compile(self, schema: JSON) -> Compiled:
        """Compile a schema. Raises ValueError for one that jsonschema-rs does not take (a pattern, say)."""
        names: dict[tuple[str, bool], str] = {}
        definitions: dict[str, JSON] = {}

        def place(reference: str, is_observed: bool) -> dict[str, JSON]:
            if not is_observed and not self._is_small(reference):
                return {LINK: reference}
            name = names.get((reference, is_observed))
            if name is None:
                name = names[reference, is_observed] = str(len(names))
                definitions[name] = True  # it may refer to itself
                definitions[name] = _copy(self._lookup(reference), place, is_observed)
            return {"$ref": f"#/$defs/{name}"}

        whole = _copy(schema, place)
        if definitions and isinstance(whole, dict):
            whole = {**whole, "$defs": definitions}
        validator = jsonschema_rs.Draft202012Validator(
            cast("Any", whole), validate_formats=True, formats=cast("Any", _FORMATS), offline=True,
            keywords=cast("Any", self._keywords),
        )  # fmt: skip
        return cast("Compiled", validator)

    def _is_small(self, reference: str) -> bool:
        """Tell whether a reference is written out. One that comes back to itself is endless, and never small."""
        if reference not in self._small:
            waiting = [reference]
            count = 0
            while waiting and count + len(waiting) <= LARGEST:
                waiting += self._references_of(waiting.pop())
                count += 1
            self._small[reference] = not waiting
        return self._small[reference]

    def _references_of(self, reference: str) -> tuple[str, ...]:
        """Return the references within the schema that one leads to, each as often as it stands there."""
        if reference not in self._references:
            found: list[str] = []

            def place(inner: str, is_observed: bool) -> dict[str, JSON]:
                found.append(inner)
                return {}

            _copy(self._lookup(reference), place)
            self._references[reference] = tuple(found)
        return self._references[reference]


def _link(accepts: Callable[[str, JSON], bool]) -> type:
    class Link:
        """The keyword :data:`LINK`: refuses what the schema at the end of the link refuses."""

        def __init__(self, schema: Mapping[str, JSON], reference: str, path: list[str | int]) -> None:
            self._reference = reference

        def validate(self, instance: JSON) -> None:
            if not accepts(self._reference, instance):
                raise ValueError(self._reference)

    return Link


Place = Callable[[str, bool], dict[str, JSON]]
"""What stands for a reference: from the reference, and whether an ``unevaluated`` keyword has to see through it."""


def _copy(schema: JSON, place: Place, is_observed: bool = False) -> JSON:
    """Return what a schema asserts, without remarks.

    ``is_observed``: an ``unevaluatedProperties`` or ``unevaluatedItems`` around asks what is evaluated here (JSON
    Schema 2020-12, Core, 11), which no link could tell.
    """
    if not isinstance(schema, dict):
        return schema
    is_observed = is_observed or "unevaluatedProperties" in schema or "unevaluatedItems" in schema
    copied: dict[str, JSON] = {}
    for keyword, value in schema.items():
        if keyword in _ASSERTIONS:
            copied[keyword] = value
        elif keyword in _MAPS and isinstance(value, dict):
            is_seen = is_observed and keyword == "dependentSchemas"
            copied[keyword] = {name: _copy(member, place, is_seen) for name, member in value.items()}
        elif keyword in _LISTS and isinstance(value, list):
            copied[keyword] = [_copy(branch, place, is_observed and keyword != "prefixItems") for branch in value]
        elif keyword in _SINGLES:
            copied[keyword] = _copy(value, place, is_observed and keyword in _IN_PLACE)
        elif keyword == "$ref" and isinstance(value, str):
            copied |= place(value, is_observed) if value.startswith("#") else {"$ref": value}
    width = _WIDTHS.get(str(schema.get("format")))
    if width is not None:
        copied |= _bounds(copied, width)
    return copied


def _bounds(schema: Mapping[str, JSON], width: int) -> dict[str, JSON]:
    """Return ``minimum`` and ``maximum`` where a format allows integers from ``-width`` to below ``width``."""
    low, high = schema.get("minimum"), schema.get("maximum")
    return {
        "minimum": max(low, -width) if isinstance(low, (int, float)) else -width,
        "maximum": min(high, width - 1) if isinstance(high, (int, float)) else width - 1,
    }
