"""From a schema to a valid value: made, validated, and made again in part where it is not valid.

The walk is a search (``walk``) over shapes (``expansion``): what cannot be decided by reading schemas is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from mock_server.core.compact_json import json_bytes
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.branches import expand
from mock_server.generation.choices import PLAIN, Choice
from mock_server.generation.constraints.objects import ObjectConstraints
from mock_server.generation.contradiction import TOO_LARGE, Unsatisfiable
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.fake.persona import COUNTRY_FIELDS, KIND_FIELDS, Persona, persona_from
from mock_server.generation.location import ValueLocation
from mock_server.generation.member_enums import enum_named
from mock_server.generation.plans.run import PlanSettings, Unplanned
from mock_server.generation.plans.value_plan import plans_of
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.search import BUDGET, FULL, GenerationContext, SearchBudgetExceeded
from mock_server.generation.seeding import SeedKey

ATTEMPTS = 12
"""Most values that are made and validated before generation fails."""
LARGEST = 64 * 1024
"""Bytes above which a value is made again with fewer optional members."""
ENOUGH = 150
"""Values after which two levels of an answer have only what is required: about 5 KB.

Three levels may have four times as many, and so on; more values would show nothing new of an API.
"""

Schema = dict[str, JSON]

FAILURES: CacheKey[SchemaNode, str] = CacheKey()
"""By schema that nothing satisfies: the message."""
_TRUSTED: CacheKey[SchemaNode, frozenset[str]] = CacheKey()


class SearchExhaustedError(GenerationError):
    """Raised by a search that tried all the values that it may; a search for a smaller value may succeed."""


def generate(
    schema: JSON,
    draw: SeedKey,
    document: SchemaDocument,
    *,
    pins: Mapping[str, JSON] | None = None,
    fill_properties: bool = True,
    complete: bool = False,
    fill: int = FULL,
    exemplary: bool = False,
    strict: bool = False,
) -> JSON:
    """Return a value for a schema; the same for the same arguments.

    ``document`` is what the schema refers into; ``pins`` are values by JSON Pointer that the value has to have: where
    the schema refuses them the value is not valid, unless ``strict`` asks for an error instead; ``complete`` leaves no
    optional member out of the first ``fill`` levels of objects, and deeper ones have what is required; ``exemplary``
    uses the examples and defaults of schemas. Where a search fails, or makes more than :data:`LARGEST` bytes, another
    one has fewer levels.

    Raises :class:`GenerationError`, with the JSON Pointer and the keywords, for a schema that nothing satisfies; this
    result is cached.
    """
    node = document.root(schema)
    known = document.caches[FAILURES].get(node)
    if known is not None and not pins:
        raise GenerationError(known)
    failure: GenerationError | None = None
    exhausted: GenerationError | None = None
    for levels in _levels(fill):
        if failure is not None and levels:
            continue  # optional members cannot be the reason, so the search without them is the one left
        settings = PlanSettings(
            fill_properties, complete, levels, enough_of(levels), exemplary, frozenset(pins or ()), _trusted(node)
        )
        try:
            value = _planned_or_searched(node, draw, pins or {}, settings, strict=strict)
        except SearchExhaustedError as error:
            exhausted = error
            continue
        except GenerationError as error:
            failure = error
            continue
        if not levels or not _is_large(value):
            return value
    failure = failure or exhausted
    assert failure is not None
    if not pins:
        document.caches[FAILURES][node] = str(failure)
    raise failure


def _planned_or_searched(
    node: SchemaNode, draw: SeedKey, pins: Mapping[str, JSON], settings: PlanSettings, *, strict: bool
) -> JSON:
    """Return a valid value of the plan of a schema, or else of a search; raises as :func:`search_value` does."""
    plan = plans_of(node).plan(node, settings)
    if plan is not None:
        with suppress(Unplanned):
            return plan.value(draw, pins)
    return search_value(node, draw, pins, settings, strict=strict)


def search_value(
    node: SchemaNode, draw: SeedKey, pins: Mapping[str, JSON], settings: PlanSettings, *, strict: bool = False
) -> JSON:
    """Return a valid value of a schema by a search; raises as :func:`generate_valid` does."""
    walk = GenerationContext(
        draw,
        node.document,
        pins,
        None,
        settings.fill_properties,
        settings.complete,
        settings.fill,
        settings.enough,
    )
    walk.exemplary = settings.exemplary
    walk.persona = persona_of(walk, node)
    walk.believe(settings.trusted)
    return generate_valid(walk, node, strict=strict)


def _levels(fill: int) -> list[int]:
    """Return the numbers of levels to try, the last of them 0."""
    return [fill, *range(min(2, fill - 1), -1, -1)]


def enough_of(levels: int) -> int:
    """Return the number of values after which an answer of so many levels has only what is required."""
    return BUDGET if levels >= FULL else min(BUDGET, ENOUGH * 4**levels // 16)


def size_of(value: JSON) -> int:
    """Return about how many bytes a value takes as JSON: exact for long strings, which make a value large."""
    if isinstance(value, dict):
        return sum(len(name) + 6 + size_of(member) for name, member in value.items())
    if isinstance(value, list):
        return sum(2 + size_of(item) for item in value)
    return len(value) if isinstance(value, str) else 4


def _is_large(value: JSON) -> bool:
    """Tell whether a value takes more than :data:`LARGEST` bytes.

    It is written in much less time than counting takes, and in no fewer than a quarter as many bytes.
    """
    return len(json_bytes(value)) * 4 > LARGEST and size_of(value) > LARGEST


def _trusted(node: SchemaNode) -> frozenset[str]:
    """Return the members whose believable values need no validation of their own.

    Where the schema has no choice between branches, the validation of the whole finds the same errors.
    """
    trusted = node.document.caches[_TRUSTED]
    if node not in trusted:
        shape = expand(node.document, (node,), ())
        trusted[node] = frozenset(shape.names) if isinstance(shape, ObjectConstraints) else frozenset()
    return trusted[node]


def _distrust(walk: GenerationContext, node: SchemaNode, value: JSON) -> None:
    """Validate each refused member by itself from now on, in this value and in all later ones."""
    names = {pointer_parts(pointer)[0] for pointer, _ in node.faults(value) if pointer}
    node.document.caches[_TRUSTED][node] = _trusted(node) - names
    walk.believe(frozenset())


def generate_valid(walk: GenerationContext, node: SchemaNode, *, strict: bool = False) -> JSON:
    """Return a valid value of a walk; the part that the validator refuses is made again.

    Raises :class:`GenerationError` for a contradiction or after :data:`ATTEMPTS`, and :class:`SearchExhaustedError`.
    """
    reason = ""
    for _ in range(ATTEMPTS):
        walk.values = 0
        try:
            value = walk.value((node,), ValueLocation())
        except SearchBudgetExceeded:
            expected = "expected a schema that some value satisfies. Loosen it or give an example"
            raise SearchExhaustedError(
                f"{_where(walk)}: found no value in {walk.spent - 1:,} attempts; {expected}."
            ) from None
        except Unsatisfiable as nothing:
            raise GenerationError(_contradiction(nothing)) from None
        if node.accepts(value):
            return value
        # A member taken without validation was wrong: from now on each is validated by itself.
        if walk.trusted:
            _distrust(walk, node, value)
            continue
        # The pins are what the caller has chosen, so they win over the schema.
        if walk.pins and not strict:
            return value
        pointer, keyword = next(iter(node.faults(value)), ("", "the schema"))
        reason = f"{pointer or '/'}: found only values that {keyword} refuses"
        walk.turns[pointer] = walk.turns.get(pointer, 0) + 1
    raise GenerationError(f"{reason}; expected a schema that some value satisfies. Loosen it or give an example.")


def _where(walk: GenerationContext) -> str:
    if walk.worst is None:
        return "/"
    return f"{walk.worst[0] or '/'} ({', '.join(walk.worst[1].keywords)})"


def _contradiction(nothing: Unsatisfiable) -> str:
    keywords = list(dict.fromkeys(nothing.keywords))
    pointer = nothing.pointer or "/"
    if keywords[:1] == [TOO_LARGE]:
        return f"{pointer}: found {keywords[-1]}; expected a smaller one. Lower it, or give an example."
    if keywords == ["false"]:
        return f"{pointer}: found the schema false; expected one that some value satisfies. Take it out."
    if keywords == ["required", "$ref"]:
        fault = "a schema that requires itself for ever"
        return f"{pointer}: found {fault}; expected a way to end. Make a member optional."
    said = " and ".join([", ".join(keywords[:-1]), keywords[-1]] if len(keywords) > 1 else keywords)
    wrong = "which no value satisfies together" if len(keywords) > 1 else "which no value satisfies"
    return f"{pointer}: found {said}, {wrong}; expected keywords that agree. Fix one of them."


def persona_of(walk: GenerationContext, node: SchemaNode) -> Persona:
    """Return the persona of a value of the schema, from pins and variants, or else from the draw."""
    country = _pinned_or_drawn(walk, node, COUNTRY_FIELDS)
    kind = _pinned_or_drawn(walk, node, KIND_FIELDS)
    return persona_from(walk.draw, country, kind)


def _pinned_or_drawn(walk: GenerationContext, node: SchemaNode, names: tuple[str, ...]) -> str | None:
    """Return the value that the first enum field of one of these names will have, or None."""
    match = enum_named(node, names)
    if match is None:
        return None
    pointer, enum = match
    if pointer in walk.pins:
        value = walk.pins[pointer]
    elif (pointer, Choice.VALUE) in walk.wanted:
        value = enum[min(walk.wanted[pointer, Choice.VALUE], len(enum) - 1)]
    else:
        usable = [option for option in enum if option is not None] if PLAIN in walk.wanted else enum
        value = walk.draw.at(pointer).choice(usable or enum)
    return value if isinstance(value, str) else None
