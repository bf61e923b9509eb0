"""From a schema to a value that keeps it: made, checked, and where the check fails made anew.

The walk is a search (``walk``) over shapes (``expansion``): whatever cannot be decided by looking is tried.
"""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.contract.source import pointer_parts
from mock_server.errors import GenerationError
from mock_server.exchange import JSON
from mock_server.generate.document import Document, Node
from mock_server.generate.enums import enum_named
from mock_server.generate.expansion import outcome
from mock_server.generate.peoples import is_country
from mock_server.generate.persona import Persona
from mock_server.generate.place import Place
from mock_server.generate.seeds import Draw
from mock_server.generate.shape import Contradiction, Shape
from mock_server.generate.walk import FULL, GaveUp, Walk

ATTEMPTS = 12
"""Values that are made before a schema is called unsatisfiable."""

Schema = dict[str, JSON]
_COMPANIES = frozenset({"team", "company", "organization", "business"})
"""Kinds of customers that are no persons."""


def generate(
    schema: JSON,
    draw: Draw,
    document: Document,
    *,
    pins: Mapping[str, JSON] | None = None,
    fill_properties: bool = True,
    complete: bool = False,
    fill: int = FULL,
    exemplary: bool = False,
    strict: bool = False,
) -> JSON:
    """A value for a schema; the same for the same arguments.

    ``document`` is what the schema refers into; ``pins`` are values by JSON Pointer that the value shall have: where
    the schema does not take them it is not kept, unless ``strict`` asks for an error; ``complete`` leaves no optional
    member out of the first ``fill`` levels of objects; ``exemplary`` takes what schemas give as examples and defaults.
    Raises :class:`GenerationError`, with the JSON Pointer and the keywords, for a schema that nothing satisfies.
    """
    node = document.root(schema)
    walk = Walk(draw, document, pins or {}, None, fill_properties, complete, fill)
    walk.exemplary = exemplary
    walk.persona = persona_of(walk, node)
    walk.believe(_trusted(node))
    return checked(walk, node, strict=strict)


def _trusted(node: Node) -> frozenset[str]:
    """The members whose believable values need no check of their own.

    Where the schema leaves no choice between branches, the check of the whole says the same of each member.
    """
    kept = node.document.kept
    if (node, "trusted") not in kept:
        shape = outcome(node.document, (node,), ())
        kept[node, "trusted"] = frozenset(shape.names) if isinstance(shape, Shape) else frozenset()
    found: frozenset[str] = kept[node, "trusted"]
    return found


def _distrust(walk: Walk, node: Node, value: JSON) -> None:
    """Check the members that were refused by themselves, in this value and in all that come after."""
    names = {pointer_parts(pointer)[0] for pointer, _ in node.faults(value) if pointer}
    node.document.kept[node, "trusted"] = _trusted(node) - names
    walk.believe(frozenset())


def checked(walk: Walk, node: Node, *, strict: bool = False) -> JSON:
    """The value of a walk; where the validator refuses it, the part that it names is made anew."""
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            value = walk.value((node,), Place())
        except GaveUp:
            reason = f"{_where(walk)}: found no value in {walk.spent - 1:,} attempts"
            break
        except Contradiction as nothing:
            raise GenerationError(_contradiction(nothing)) from None
        if node.accepts(value):
            return value
        if walk.trusted:
            _distrust(walk, node, value)
            continue
        if walk.pins and not strict:
            return value
        pointer, keyword = next(iter(node.faults(value)), ("", "the schema"))
        reason = f"{pointer or '/'}: found only values that {keyword} refuses"
        walk.turns[pointer] = walk.turns.get(pointer, 0) + 1
    raise GenerationError(f"{reason}; expected a schema that some value satisfies. Loosen it or give an example.")


def _where(walk: Walk) -> str:
    if walk.worst is None:
        return "/"
    return f"{walk.worst[0] or '/'} ({', '.join(walk.worst[1].keywords)})"


def _contradiction(nothing: Contradiction) -> str:
    keywords = list(dict.fromkeys(nothing.keywords))
    pointer = nothing.pointer or "/"
    if keywords == ["false"]:
        return f"{pointer}: found the schema false; expected one that some value satisfies. Take it out."
    if keywords == ["required", "$ref"]:
        found = "a schema that requires itself for ever"
        return f"{pointer}: found {found}; expected a way to end. Make a member optional."
    said = " and ".join([", ".join(keywords[:-1]), keywords[-1]] if len(keywords) > 1 else keywords)
    wrong = "which no value satisfies together" if len(keywords) > 1 else "which no value satisfies"
    return f"{pointer}: found {said}, {wrong}; expected keywords that agree. Mend one of them."


def persona_of(walk: Walk, node: Node) -> Persona:
    """Whom a value of the schema is about, as far as pins and variants do not say."""
    country = _pinned_or_drawn(walk, node, ("country", "country_code"))
    kind = _pinned_or_drawn(walk, node, ("type",))
    known = country is not None and is_country(country)
    return Persona(walk.draw, country if country and known else "US", kind in _COMPANIES)


def _pinned_or_drawn(walk: Walk, node: Node, names: tuple[str, ...]) -> str | None:
    """The value that the first enum field of one of these names will have."""
    found = enum_named(node, names)
    if found is None:
        return None
    pointer, enum = found
    if pointer in walk.pins:
        value = walk.pins[pointer]
    elif (pointer, "value") in walk.wanted:
        value = enum[min(walk.wanted[pointer, "value"], len(enum) - 1)]
    else:
        usable = [one for one in enum if one is not None] if ("", "plain") in walk.wanted else enum
        value = walk.draw.at(pointer).choice(usable or enum)
    return value if isinstance(value, str) else None
