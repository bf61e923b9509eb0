"""From a schema to a value: one walk, each value from its own source of randomness.

The walk knows the keywords that say what a value is (``type``, ``enum``, ``properties``, ``anyOf`` ...)
and leaves it to the judge to refuse what it did not foresee.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from mock_server.contract.source import mapping_at, pointer_of
from mock_server.errors import GenerationError
from mock_server.exchange import JSON
from mock_server.generate.fields import FIELDS, FORMATS, uuid4, word
from mock_server.generate.persona import Persona
from mock_server.generate.seeds import Draw

DEEPEST = 12
"""Levels after which optional members and items are left out, so that recursion ends."""
NULL_SHARE = 0.2
OPTIONAL_SHARE = 0.9

Resolve = Callable[[JSON], JSON]
Schema = dict[str, JSON]


@dataclass(frozen=True)
class Walk:
    """One generation: the source of randomness, what is fixed beforehand, and whom it is about.

    ``pins`` are values by JSON Pointer that the value shall have.
    """

    draw: Draw
    resolve: Resolve
    pins: Mapping[str, JSON] = field(default_factory=dict)
    persona: Persona | None = None
    fill_properties: bool = True
    complete: bool = False


def generate(
    schema: JSON,
    draw: Draw,
    resolve: Resolve,
    *,
    pins: Mapping[str, JSON] | None = None,
    fill_properties: bool = True,
    complete: bool = False,
) -> JSON:
    """A value for a schema.

    ``resolve`` follows a ``$ref``; ``pins`` are values by JSON Pointer that the value shall have;
    ``complete`` leaves no optional member out. Raises :class:`GenerationError` for a schema that is
    ``false`` or that is required within itself for ever.
    """
    first = Walk(draw, resolve, pins or {}, None, fill_properties, complete)
    country = _pinned_or_drawn(first, schema, ("country", "country_code"))
    kind = _pinned_or_drawn(first, schema, ("type",))
    persona = Persona(draw, country or "US", kind in ("team", "company", "organization", "business"))
    return _value(replace(first, persona=persona), schema, "", 0)


def _pinned_or_drawn(walk: Walk, schema: JSON, names: Sequence[str]) -> str | None:
    """The value that the first enum field of one of these names will have."""
    for pointer, enum in _enums(walk, schema, "", 0):
        if pointer.rsplit("/", 1)[-1] in names:
            value = walk.pins.get(pointer, walk.draw.at(pointer).choice(enum))
            return value if isinstance(value, str) else None
    return None


def enum_at(schema: JSON, pointer: str, resolve: Resolve) -> list[JSON]:
    """The enum of the field at a JSON Pointer into values of a schema; empty where there is none."""
    walk = Walk(Draw(0, "", ""), resolve)
    return next((enum for where, enum in _enums(walk, schema, "", 0) if where == pointer), [])


def _enums(walk: Walk, schema: JSON, pointer: str, depth: int) -> list[tuple[str, list[JSON]]]:
    """The enum fields of objects within objects, breadth kept, to a depth that a person's record has."""
    found: list[tuple[str, list[JSON]]] = []
    for branch in _branches(walk, schema):
        enum = branch.get("enum")
        if isinstance(enum, list) and enum:
            found.append((pointer, enum))
        if depth < 3:
            for name, child in mapping_at(branch, "properties").items():
                found += _enums(walk, child, pointer + pointer_of(name), depth + 1)
    return found


def _branches(walk: Walk, schema: JSON) -> list[Schema]:
    node = walk.resolve(schema)
    if not isinstance(node, dict):
        return []
    within = [one for key in ("anyOf", "oneOf", "allOf") for one in _list(node.get(key))]
    return [node, *(branch for one in within for branch in _branches(walk, one))]


def _list(node: JSON) -> list[JSON]:
    return node if isinstance(node, list) else []


def _value(walk: Walk, schema: JSON, pointer: str, depth: int) -> JSON:
    if pointer in walk.pins:
        return walk.pins[pointer]
    node = _flat(walk, schema, pointer, depth)
    if "const" in node:
        return node["const"]
    believable = _believable(walk, schema, node, pointer)
    if believable is not _NOTHING:
        return cast("JSON", believable)
    random = walk.draw.at(pointer)
    if _list(node.get("enum")):
        return random.choice(_list(node["enum"]))
    return _TYPES[_type(walk, node, pointer, depth)](walk, node, pointer, depth)


_NOTHING = object()


def _believable(walk: Walk, schema: JSON, node: Schema, pointer: str) -> object:
    """What the field's name suggests, where the schema takes it."""
    make = FIELDS.get(pointer.rsplit("/", 1)[-1])
    if make is None or walk.persona is None or _pinned(walk, pointer):
        return _NOTHING
    value = make(walk.persona, walk.draw.at(pointer))
    if value is None:
        return None if _takes_null(walk, schema) else _NOTHING
    if isinstance(value, str):
        texts = [one for one in _branches(walk, schema) if "string" in _types(one)]
        return value if texts and all(_fits(one, value) for one in texts) else _NOTHING
    return value if any(_suits(walk, one, value) for one in _branches(walk, schema)) else _NOTHING


def _suits(walk: Walk, schema: JSON, value: JSON) -> bool:
    """Whether a schema takes a value, as far as a list or a map that a field suggests needs telling."""
    if isinstance(value, dict):
        return any(_members_suit(walk, one, value) for one in _branches(walk, schema) if "object" in _types(one))
    if isinstance(value, list):
        rows = (_list(one.get("prefixItems")) for one in _branches(walk, schema) if "array" in _types(one))
        return any(len(row) == len(value) and all(map(_suits, [walk] * len(row), row, value)) for row in rows)
    if value is None:
        return _takes_null(walk, schema)
    texts = [one for one in _branches(walk, schema) if "string" in _types(one)]
    return isinstance(value, str) and bool(texts) and all(_fits(one, value) for one in texts)


def _members_suit(walk: Walk, node: Schema, value: dict[str, JSON]) -> bool:
    named, other = mapping_at(node, "properties"), node.get("additionalProperties", False)
    suits = all(name in named or isinstance(other, dict) for name in value)
    return suits and all(_suits(walk, named.get(name, other), one) for name, one in value.items())


def _takes_null(walk: Walk, schema: JSON) -> bool:
    return any("null" in _types(one) or one.get("nullable") is True for one in _branches(walk, schema))


def _fits(node: Schema, text: str) -> bool:
    enum = node.get("enum")
    return (
        len(text) <= _whole(node, "maxLength", len(text))
        and len(text) >= _whole(node, "minLength", 0)
        and "pattern" not in node
        and (not isinstance(enum, list) or text in enum)
    )


def _flat(walk: Walk, schema: JSON, pointer: str, depth: int) -> Schema:
    """The schema with references, ``allOf`` and one branch of ``anyOf`` and ``oneOf`` folded in."""
    if schema is False:
        raise GenerationError(f"{pointer or '/'}: found the schema false; expected one that some value satisfies.")
    if not isinstance(schema, dict):
        return {}
    if isinstance(schema.get("$ref"), str):
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _merged(_flat(walk, walk.resolve({"$ref": schema["$ref"]}), pointer, depth), beside)
    node = {key: value for key, value in schema.items() if key not in ("allOf", "anyOf", "oneOf")}
    for part in _list(schema.get("allOf")):
        node = _merged(node, _flat(walk, part, pointer, depth))
    for key in ("anyOf", "oneOf"):
        if _list(schema.get(key)):
            node = _merged(node, _flat(walk, _branch(walk, _list(schema[key]), pointer, key, depth), pointer, depth))
    return node


def _branch(walk: Walk, branches: list[JSON], pointer: str, key: str, depth: int) -> JSON:
    random = walk.draw.at(f"{pointer}#{key}")
    others = [one for one in branches if _types(walk.resolve(one)) != ["null"]]
    nulls = [one for one in branches if _types(walk.resolve(one)) == ["null"] and not _pinned(walk, pointer)]
    if nulls and (not others or depth > DEEPEST or random.random() < NULL_SHARE):
        return nulls[0]
    return random.choice(others)


def _pinned(walk: Walk, pointer: str) -> bool:
    """Whether something at or below a pointer is fixed beforehand."""
    return any(pin == pointer or pin.startswith(pointer + "/") for pin in walk.pins)


def _merged(left: Schema, right: Schema) -> Schema:
    merged = {**left, **right}
    for key in ("properties", "patternProperties"):
        if isinstance(left.get(key), dict) and isinstance(right.get(key), dict):
            merged[key] = {**cast("Schema", left[key]), **cast("Schema", right[key])}
    if isinstance(left.get("required"), list) and isinstance(right.get("required"), list):
        merged["required"] = list(dict.fromkeys([*_list(left["required"]), *_list(right["required"])]))
    return merged


def _types(node: JSON) -> list[str]:
    kinds = node.get("type") if isinstance(node, dict) else None
    return [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)] if kinds else []


def _type(walk: Walk, node: Schema, pointer: str, depth: int) -> str:
    kinds = _types(node)
    random = walk.draw.at(f"{pointer}#type")
    nullable = (node.get("nullable") is True or "null" in kinds) and not _pinned(walk, pointer)
    if nullable and (depth > DEEPEST or random.random() < NULL_SHARE):
        return "null"
    kinds = [kind for kind in kinds if kind != "null"] or kinds
    if kinds:
        return random.choice(kinds) if len(kinds) > 1 else kinds[0]
    hints = (("object", ("properties", "required", "additionalProperties")), ("array", ("items", "prefixItems")),
             ("number", ("minimum", "maximum", "multipleOf")))  # fmt: skip
    return next((kind for kind, keywords in hints if any(key in node for key in keywords)), "string")


def _object(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    required = {str(name) for name in _list(node.get("required"))}
    if depth > 100:
        raise GenerationError(f"{pointer}: found a schema that requires itself for ever; expected a way to end.")
    made: dict[str, JSON] = {}
    properties = mapping_at(node, "properties")
    for name, schema in properties.items():
        where = pointer + pointer_of(name)
        chosen = depth <= DEEPEST and (walk.complete or walk.draw.at(where + "#present").random() < OPTIONAL_SHARE)
        if name in required or _pinned(walk, where) or (chosen and schema is not False):
            made[name] = _value(walk, schema, where, depth + 1)
    for name in sorted(required - made.keys()):
        made[name] = _value(walk, node.get("additionalProperties", True), pointer + pointer_of(name), depth + 1)
    _fill(walk, node, made, pointer, depth)
    return made


def _fill(walk: Walk, node: Schema, made: dict[str, JSON], pointer: str, depth: int) -> None:
    """Add members beyond those named: as many as there must be, and one to a map unless told not to."""
    described = isinstance(node.get("additionalProperties"), dict) and "properties" not in node
    wanted = max(_whole(node, "minProperties", 0), int(described and walk.fill_properties and not walk.complete))
    index = 0
    while depth <= DEEPEST and len(made) < min(wanted, _whole(node, "maxProperties", wanted)) and index < 1000:
        name = f"{word(walk.draw.at(f'{pointer}#key{index}'))}_{index}"
        made[name] = _value(walk, node.get("additionalProperties", True), pointer + pointer_of(name), depth + 1)
        index += 1


def _array(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    prefix = _list(node.get("prefixItems"))
    least = _whole(node, "minItems", 0)
    wanted = least if depth > DEEPEST else max(least, walk.draw.at(pointer).randrange(1, 4), len(prefix))
    if "items" not in node and prefix:
        wanted = max(least, len(prefix))
    count = min(wanted, _whole(node, "maxItems", wanted))
    made: list[JSON] = []
    for index in range(count):
        schema = prefix[index] if index < len(prefix) else node.get("items", True)
        made.append(_value(walk, schema, f"{pointer}/{index}", depth + 1))
    if node.get("uniqueItems") is True:
        made = [one for index, one in enumerate(made) if one not in made[:index]]
    return made


def _string(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    random = walk.draw.at(pointer)
    make = FORMATS.get(str(node.get("format", "")))
    name = pointer.rsplit("/", 1)[-1]
    text = str(make(random)) if make else uuid4(random) if name == "id" else word(random)
    least = _whole(node, "minLength", 0)
    while len(text) < least:
        text += " " + word(random) if least > 20 else random.choice("abcdefghijklmnopqrstuvwxyz")
    return text[: _whole(node, "maxLength", max(len(text), least))]


def _number(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    low, high = _bounds(node, 0.0, 1000.0, 0.01)
    step = node.get("multipleOf")
    if isinstance(step, (int, float)) and not isinstance(step, bool) and step > 0:
        first, last = math.ceil(low / step), math.floor(high / step)
        return walk.draw.at(pointer).randint(first, max(first, last)) * step
    return round(walk.draw.at(pointer).uniform(low, high), 2) if high - low > 0.1 else low


def _integer(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    low, high = _bounds(node, 0.0, 1000.0, 1)
    step = node.get("multipleOf")
    step = int(step) if isinstance(step, (int, float)) and step >= 1 else 1
    first, last = math.ceil(low / step), math.floor(high / step)
    return walk.draw.at(pointer).randint(first, max(first, last)) * step


def _bounds(node: Schema, low: float, high: float, step: float) -> tuple[float, float]:
    """The least and the greatest number; exclusive bounds in both dialects."""
    least, most = _bound(node, "minimum", "exclusiveMinimum", step), _bound(node, "maximum", "exclusiveMaximum", -step)
    if least is not None and most is None:
        return least, max(high, least + 1000)
    if most is not None and least is None:
        return min(low, most - 1000), most
    return (low if least is None else least), (high if most is None else most)


def _bound(node: Schema, inclusive: str, exclusive: str, step: float) -> float | None:
    bound, beyond = node.get(inclusive), node.get(exclusive)
    if isinstance(beyond, (int, float)) and not isinstance(beyond, bool):
        return beyond + step
    if not isinstance(bound, (int, float)):
        return None
    return bound + step if beyond is True else bound


def _whole(node: Schema, key: str, default: int) -> int:
    value = node.get(key)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def _boolean(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    return walk.draw.at(pointer).random() < 0.5


def _null(walk: Walk, node: Schema, pointer: str, depth: int) -> JSON:
    return None


_TYPES: Mapping[str, Callable[[Walk, Schema, str, int], JSON]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "null": _null,
}
