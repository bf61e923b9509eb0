"""Objects: the choice of members, and extra members for maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.generation.choices import PLAIN, Choice
from mock_server.generation.constraints.objects import ObjectConstraints
from mock_server.generation.contradiction import Unsatisfiable, refuse_large
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.ecma_regex import matches
from mock_server.generation.fake.words import word
from mock_server.generation.location import ValueLocation, Walker
from mock_server.generation.schema_document import SchemaNode
from mock_server.generation.values.regex import sample

OPTIONAL_SHARE = 0.9
MOST_MEMBERS = 10_000
"""Members that an object is made of; as :data:`mock_server.generation.values.arrays.MOST_ITEMS`."""
EXTRA = 300
"""Most names that are tried for members that the schema does not name."""
_PRESENT, _ENTRIES = Choice.PRESENT, Choice.ENTRIES
_PRESENCE = f"#{Choice.PRESENT}"
"""The end of the name of the randomness that decides whether a member is there."""
_STRINGS: CacheKey[None, SchemaNode] = CacheKey()
"""The schema of any string."""


def make_object(walk: Walker, shape: ObjectConstraints, place: ValueLocation) -> JSON:
    """Return an object that satisfies the shape; raises :class:`Unsatisfiable` where there is none."""
    refuse_large("minProperties", shape.least, MOST_MEMBERS, place.pointer)
    refuse_large("required", len(shape.required), MOST_MEMBERS, place.pointer)
    if not place.lean and (place.level >= walk.fill or (place.level and walk.values > walk.enough)):
        place = replace(place, lean=True)
    chosen = chosen_members(walk, shape, place)
    members: dict[str, JSON] = {}
    for name in {**shape.names, **shape.required}:
        if name in chosen:
            _put(walk, shape, place, members, name, name in shape.required)
    remaining = [name for name in shape.names if name not in members and name not in shape.hidden]
    while len(members) < shape.least and remaining:
        name = remaining.pop(0)
        if is_possible(shape, name) and all(other in members for other in shape.dependent.get(name, ())):
            _put(walk, shape, place, members, name, False)
    add_unnamed(walk, shape, place, members)
    for refused in shape.not_values:
        if members == refused:
            add_unnamed(walk, shape, place, members, least=len(members) + 1)
    if shape.most is not None and len(members) > shape.most:
        raise Unsatisfiable("required", "maxProperties")
    return members


def _put(
    walk: Walker, shape: ObjectConstraints, place: ValueLocation, members: dict[str, JSON], name: str, required: bool
) -> None:
    if not place.pointer and name in walk.pinned:
        members[name] = walk.pinned[name]
        return
    if not place.depth and name in walk.believed:
        members[name] = walk.believable(name)
        return
    try:
        members[name] = walk.value(shape.member(name), place.below(name))
    except Unsatisfiable as nothing:
        # An optional member that no value satisfies is left out.
        if required:
            if nothing.pointer is None or nothing.pointer == place.pointer + "/" + name:
                raise Unsatisfiable(*nothing.keywords, pointer=place.below(name).pointer) from None
            raise


def is_possible(shape: ObjectConstraints, name: str) -> bool:
    """Tell whether the shape allows a member of that name at all."""
    return (
        name not in shape.forbidden
        and all(node.schema is not False for node in shape.member(name))
        and all(node.accepts(name) for node in shape.name_goal)
    )


def chosen_members(walk: Walker, shape: ObjectConstraints, place: ValueLocation) -> set[str]:
    """Return the names of the members to make: required ones, wanted ones, and most of the others."""
    chosen = set(shape.required)
    for name in shape.required if shape.name_goal else ():
        if any(not node.accepts(name) for node in shape.name_goal):
            raise Unsatisfiable("required", "propertyNames")
    # A variant or a pin may want an optional member even where others are left out.
    if place.lean and not walk.wanted and not walk.is_pinned(place.pointer):
        return chosen
    for name in shape.names:
        if name in chosen or name in shape.hidden or not _wanted(walk, place, name):
            continue
        needed = needed_with(shape, name)
        if needed is None:
            continue
        if shape.most is None or len(chosen | needed) <= shape.most or walk.is_pinned(place.below(name).pointer):
            chosen |= needed
    return chosen


def _wanted(walk: Walker, place: ValueLocation, name: str) -> bool:
    if walk.complete and not place.lean and not walk.wanted:
        return True
    where = place.below(name)
    if walk.is_pinned(where.pointer):
        return True
    choice = walk.wanted.get((where.pointer, _PRESENT)) if walk.wanted else None
    if choice is not None:
        return bool(choice)
    if place.lean:
        return False
    return walk.complete or walk.draw.at(where.key + _PRESENCE).random() < OPTIONAL_SHARE


def needed_with(shape: ObjectConstraints, name: str) -> frozenset[str] | None:
    """Return the name and all names that must be there with it; None where that is not possible."""
    if name not in shape.needs:
        needed = _beside(shape, name)
        shape.needs[name] = frozenset(needed) if all(is_possible(shape, other) for other in needed) else None
    return shape.needs[name]


def _beside(shape: ObjectConstraints, name: str) -> set[str]:
    """Return the name and all names that ``dependentRequired`` wants with it."""
    needed, waiting = {name}, [name]
    while waiting:
        for other in shape.dependent.get(waiting.pop(), ()):
            if other not in needed:
                needed.add(other)
                waiting.append(other)
    return needed


def add_unnamed(
    walk: Walker, shape: ObjectConstraints, place: ValueLocation, members: dict[str, JSON], least: int = 0
) -> None:
    """Add members that the schema does not name: as many as there must be, and one to a map unless that is off."""
    entries = walk.wanted.get((place.pointer, _ENTRIES)) if walk.wanted else None
    usual = int(shape.is_map and walk.fill_properties and not place.lean)
    if PLAIN in walk.wanted:
        usual = int(shape.is_map and walk.fill_properties)
    usual = usual if entries is None else entries
    count = max(shape.least, least, usual, len(members) + 1 if shape.wants_stranger else 0)
    count = count if shape.most is None else min(count, shape.most)
    if len(members) >= count:
        return
    for name in _names(walk, shape, place):
        if name not in members and name not in shape.names and is_possible(shape, name) and name not in shape.dependent:
            _put(walk, shape, place, members, name, False)
        if len(members) >= count:
            return
    if len(members) < max(shape.least, least):
        raise Unsatisfiable("minProperties", _closed_by(shape))


def _closed_by(shape: ObjectConstraints) -> str:
    keywords = ("propertyNames", "additionalProperties", "unevaluatedProperties", "patternProperties", "properties")
    return next((key for key in keywords if any(key in atom.keywords for atom in shape.atoms)), "maxProperties")


def _names(walk: Walker, shape: ObjectConstraints, place: ValueLocation) -> Iterator[str]:
    """Yield names for members that the schema does not name."""
    patterns = list(dict.fromkeys(shape.open_patterns()))
    for index in range(EXTRA):
        random = walk.draw.at(f"{place.key}#key{index}")
        if shape.name_goal:
            name = _by_goal(walk, shape, place, index)
            if name is not None:
                yield name
        if patterns:
            pattern = patterns[index % len(patterns)]
            name = sample(pattern, random, 3 + index // 10)
            if matches(pattern, name):
                yield name
        if not shape.name_goal and index < EXTRA // 6:
            yield f"{word(random)}_{index}"


def _by_goal(walk: Walker, shape: ObjectConstraints, place: ValueLocation, index: int) -> str | None:
    strings = walk.document.caches[_STRINGS]
    if None not in strings:
        strings[None] = shape.name_goal[0].made({"type": "string"})
    inside = ValueLocation(f"{place.pointer}#key", "", f"~{index}", index, place.depth, True)
    try:
        name = walk.value((*shape.name_goal, strings[None]), inside)
    except Unsatisfiable:
        return None
    return name if isinstance(name, str) else None
