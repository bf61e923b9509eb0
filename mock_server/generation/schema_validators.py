"""Validators of a document's schemas, by jsonschema-rs: each schema is compiled once, whatever refers to it.

jsonschema-rs copies the target of a reference to every place that has the reference. Where hundreds of schemas refer to
one another (868 from one operation of Stripe's contract) that takes 200 ms and 8 MB for each of them. So a reference to
a large schema becomes a link: a keyword of our own that calls the validator of that schema, which is compiled at the
first value. A small schema is still copied in, because a link costs about 3 µs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, cast
from urllib.parse import quote

import jsonschema_rs

from mock_server.core.json_pointer import pointer_of
from mock_server.core.regex import OPTIONS, backtracks, matches
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.validation.formats import extra_checks

LINK = "x-mock-link"
"""The keyword of a link. Its value is the reference, ``#/components/schemas/Pet``."""
PATTERN = "x-mock-pattern"
"""The keyword of a pattern that is asked elsewhere (:mod:`mock_server.core.regex`), since it backtracks."""
LARGEST = 8
"""Most schemas behind a reference for it to be copied in; each counts as often as it is referred to."""

_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLES = frozenset(
    {
        "items",
        "additionalProperties",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_IN_PLACE = frozenset({"not", "if", "then", "else"})
"""Keywords that apply their schema to the value itself and not to its parts."""
_ASSERTIONS = frozenset(
    {
        "type",
        "enum",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minContains",
        "maxContains",
        "minProperties",
        "maxProperties",
        "required",
        "dependentRequired",
    }
)
_WIDTHS = {"int32": 2**31, "int64": 2**63}
"""Bounds of the integers of a format (OpenAPI Format Registry): from minus this number to below it.

jsonschema-rs knows formats of strings only.
"""


class ValidatorOptions(Protocol):
    """A validator of jsonschema-rs, or of jsonschema."""

    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Iterator[Any]: ...


@value_class
class _Unit:
    """A schema without annotations. ``definitions`` are its references, and whether each is observed."""

    schema: JSON
    definitions: tuple[tuple[str, bool], ...]


class Validators:
    """Compiles schemas of one document that refer to one another by JSON Pointer.

    ``lookup`` returns the schema of a reference (``#/...``), ``accepts`` tells whether that schema accepts a value; it
    is called for links.
    """

    def __init__(self, lookup: Callable[[str], JSON], accepts: Callable[[str, JSON], bool]) -> None:
        self._lookup = lookup
        self._keywords: dict[str, Any] = {LINK: _link(_Verdicts(accepts)), PATTERN: _Pattern}
        self._units: dict[tuple[str, bool], _Unit] = {}
        self._references: dict[str, list[str]] = {}
        self._small: dict[str, bool] = {}

    def compile(self, schema: JSON) -> ValidatorOptions:
        """Compile a schema. Raises ValueError for one that jsonschema-rs refuses (a pattern, say)."""
        whole = self._unit(schema, is_observed=False)
        # All definitions that the schema needs, directly or through other definitions.
        definitions: dict[str, JSON] = {}
        waiting = [*whole.definitions]
        while waiting:
            key = waiting.pop()
            if _name_of(key) not in definitions:
                unit = self._definition(key)
                definitions[_name_of(key)] = unit.schema
                waiting += unit.definitions
        root = whole.schema
        if definitions and isinstance(root, dict):
            root = {**root, "$defs": definitions}
        validator = jsonschema_rs.Draft202012Validator(
            cast("Any", root),
            validate_formats=True,
            formats=cast("Any", dict(extra_checks())),
            offline=True,
            keywords=cast("Any", self._keywords),
            pattern_options=OPTIONS,
        )
        return cast("ValidatorOptions", validator)

    def _unit(self, schema: JSON, *, is_observed: bool) -> _Unit:
        """Return the assertions of a schema, and the references that are copied in with it."""
        definitions: dict[tuple[str, bool], None] = {}

        def place(reference: str, is_observed: bool) -> dict[str, JSON]:
            # A link cannot tell what it has evaluated, so an observed schema is copied in, however large.
            if not is_observed and not self._is_small(reference):
                return {LINK: reference}
            definitions[reference, is_observed] = None
            return {"$ref": f"#/$defs/{quote(pointer_of(_name_of((reference, is_observed)))[1:], safe='~')}"}

        return _Unit(_copy(schema, place, is_observed), tuple(definitions))

    def _definition(self, key: tuple[str, bool]) -> _Unit:
        if key not in self._units:
            self._units[key] = self._unit(self._lookup(key[0]), is_observed=key[1])
        return self._units[key]

    def _references_of(self, reference: str) -> list[str]:
        if reference not in self._references:
            self._references[reference] = references_in(self._lookup(reference))
        return self._references[reference]

    def _is_small(self, reference: str) -> bool:
        """Tell whether the target of a reference is copied in. One that comes back to itself is never small."""
        if reference not in self._small:
            waiting = [reference]
            count = 0
            while waiting and count + len(waiting) <= LARGEST:
                waiting += self._references_of(waiting.pop())
                count += 1
            self._small[reference] = not waiting
        return self._small[reference]


def references_in(schema: JSON) -> list[str]:
    """Return the references to places of the document within a schema, each as often as it occurs."""
    references: list[str] = []
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        for keyword, value in node.items() if isinstance(node, dict) else ():
            if keyword in _MAPS and isinstance(value, dict):
                waiting += value.values()
            elif keyword in _LISTS and isinstance(value, list):
                waiting += value
            elif keyword in _SINGLES:
                waiting.append(value)
            elif keyword == "$ref" and isinstance(value, str) and value.startswith("#"):
                references.append(value)
    return references


def _name_of(key: tuple[str, bool]) -> str:
    reference, is_observed = key
    return f"{reference} observed" if is_observed else reference


class _Verdicts(threading.local):
    """What was found at the ends of links while one value is judged: whoever comes to the same end is told the same.

    Without it schemas that name the same one twice, forty of them in a row, would be asked 2⁴⁰ times.
    """

    def __init__(self, accepts: Callable[[str, JSON], bool]) -> None:
        self._accepts = accepts
        self._known: dict[tuple[str, object], tuple[JSON, bool]] = {}
        self._is_first = True

    def __call__(self, reference: str, instance: JSON) -> bool:
        """Return whether the schema at a reference takes a value, which is part of one that is being judged."""
        if self._is_first:
            self._is_first = False
            try:
                return self._accepts(reference, instance)
            finally:
                self._is_first = True
                self._known.clear()
        key = (reference, id(instance) if isinstance(instance, (dict, list)) else (type(instance), instance))
        if key not in self._known:  # the value is kept with it, so that no other one has its id
            self._known[key] = (instance, self._accepts(reference, instance))
        return self._known[key][1]


def _link(accepts: Callable[[str, JSON], bool]) -> type:
    class Link:
        """The keyword :data:`LINK`: refuses what the schema at the end of the link refuses."""

        def __init__(self, schema: Mapping[str, JSON], reference: str, path: list[str | int]) -> None:
            self._reference = reference

        def validate(self, instance: JSON) -> None:
            if not accepts(self._reference, instance):
                raise ValueError(self._reference)

    return Link


class _Pattern:
    """The keyword :data:`PATTERN`: refuses a text that the pattern refuses."""

    def __init__(self, schema: Mapping[str, JSON], pattern: str, path: list[str | int]) -> None:
        self._pattern = pattern

    def validate(self, instance: JSON) -> None:
        if isinstance(instance, str) and not matches(self._pattern, instance):
            raise ValueError(self._pattern)


Place = Callable[[str, bool], dict[str, JSON]]
"""Returns what replaces a reference: from the reference, and whether an ``unevaluated`` keyword observes it."""


def _copy(schema: JSON, place: Place, is_observed: bool = False) -> JSON:
    """Return the assertions of a schema, without annotations.

    ``is_observed``: an ``unevaluatedProperties`` or ``unevaluatedItems`` around it needs to know what is evaluated here
    (JSON Schema 2020-12, Core, 11), which a link cannot tell.
    """
    if not isinstance(schema, dict):
        return schema
    is_observed = is_observed or "unevaluatedProperties" in schema or "unevaluatedItems" in schema
    copied: dict[str, JSON] = {}
    for keyword, value in schema.items():
        if keyword == "pattern" and isinstance(value, str) and backtracks(value):
            copied[PATTERN] = value
        elif keyword in _ASSERTIONS:
            copied[keyword] = value
        elif keyword in _MAPS and isinstance(value, dict):
            # The other maps describe members; dependentSchemas apply to the observed object itself.
            is_seen = is_observed and keyword == "dependentSchemas"
            copied[keyword] = {name: _copy(member, place, is_seen) for name, member in value.items()}
        elif keyword in _LISTS and isinstance(value, list):
            branches = [_copy(branch, place, is_observed and keyword != "prefixItems") for branch in value]
            copied[keyword] = _distinct(branches) if keyword in ("allOf", "anyOf") else branches
        elif keyword in _SINGLES:
            copied[keyword] = _copy(value, place, is_observed and keyword in _IN_PLACE)
        elif keyword == "$ref" and isinstance(value, str):
            # References to other documents (metaschemas) stay as they are.
            copied |= place(value, is_observed) if value.startswith("#") else {"$ref": value}
    width = _WIDTHS.get(str(schema.get("format")))
    if width is not None:
        copied |= _bounds(copied, width)
    return copied


def _distinct(branches: list[JSON]) -> list[JSON]:
    """Return branches without those that say what one before them says."""
    return [*{json.dumps(branch, sort_keys=True): branch for branch in reversed(branches)}.values()][::-1]


def _bounds(schema: Mapping[str, JSON], width: int) -> dict[str, JSON]:
    """Return ``minimum`` and ``maximum`` where a format allows integers from ``-width`` to below ``width``."""
    low, high = schema.get("minimum"), schema.get("maximum")
    return {
        "minimum": max(low, -width) if isinstance(low, (int, float)) else -width,
        "maximum": min(high, width - 1) if isinstance(high, (int, float)) else width - 1,
    }
