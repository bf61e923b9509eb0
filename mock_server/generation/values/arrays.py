"""Arrays: of the right length, with the items that ``contains`` wants, and without duplicates where needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from mock_server.core.types import JSON
from mock_server.generation.choices import PLAIN, Choice
from mock_server.generation.constraints.arrays import ArrayConstraints, Contains
from mock_server.generation.contradiction import Unsatisfiable, refuse_large
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.location import ValueLocation, Walker
from mock_server.generation.schema_document import SchemaNode

MOST = 1000
"""Items that a contract may wish for."""
MOST_ITEMS = 10_000
"""Items that a list is made of: a second's work, and as many values as a search may try."""
TURNS = 40
"""Attempts to make an item that differs from the others."""
_LENGTH = Choice.LENGTH
_NEGATIONS: CacheKey[SchemaNode, SchemaNode] = CacheKey()


def make_array(walk: Walker, shape: ArrayConstraints, place: ValueLocation) -> JSON:
    """Return an array that satisfies the shape; raises :class:`Unsatisfiable` where there is none."""
    refuse_large("minItems", shape.least, MOST_ITEMS, place.pointer)
    refuse_large("minContains", least_contained(shape), MOST_ITEMS, place.pointer)
    array = _ArrayDraft(shape)
    count = _count(walk, shape, place)
    for index in range(count):
        try:
            _add(walk, array, place, index, last=count - 1)
        except Unsatisfiable:
            if len(array.items) < max(shape.least, least_contained(shape)):
                raise
            break  # what is there is enough
    _more(walk, array, place)
    if shape.is_repeated:
        array.items.append(array.items[0] if array.items else None)
    _compare(shape, array)
    return array.items


@dataclass
class _ArrayDraft:
    shape: ArrayConstraints
    items: list[JSON] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    matched: dict[SchemaNode, int] = field(default_factory=dict)


def least_contained(shape: ArrayConstraints) -> int:
    """Return how many items ``contains`` wants at least."""
    return max((contains.least for contains in shape.contains), default=0)


def _count(walk: Walker, shape: ArrayConstraints, place: ValueLocation) -> int:
    """Return how many items to make."""
    least = max(shape.least, least_contained(shape))
    length = walk.wanted.get((place.pointer, _LENGTH)) if walk.wanted else None
    if length is not None:
        count = max(least, length)
    elif place.lean or (place.level and walk.values > walk.enough):
        count = least
    elif shape.prefix() and not shape.has_items():
        # A tuple: exactly these items are described, so all of them are made.
        count = max(least, shape.prefix())
    elif PLAIN in walk.wanted:
        count = max(least, 1, shape.prefix())  # other lengths are variants of their own
    else:
        low, high = preferred_length(shape)
        count = max(least, walk.draw.at(place.key).randrange(low, high + 1), shape.prefix())
    return count if shape.most is None else min(count, shape.most)


def preferred_length(shape: ArrayConstraints) -> tuple[int, int]:
    """Return the least and the most items by ``x-count`` (a number or a pair), else one to three."""
    for atom in shape.atoms:
        said = atom.keywords.get("x-count")
        pair = said if isinstance(said, list) else [said, said]
        numbers = [
            number
            for number in pair
            if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST
        ]
        if len(pair) == len(numbers) == 2:
            return min(numbers), max(numbers)
    return 1, 3


def _add(walk: Walker, array: _ArrayDraft, place: ValueLocation, index: int, last: int) -> None:
    """Add one item that matches each ``contains`` that wants more, as far as that is possible at this index.

    Raises :class:`Unsatisfiable` where no item is possible.
    """
    lacking = [contains for contains in array.shape.contains if array.matched.get(contains.node, 0) < contains.least]
    full = [
        contains
        for contains in array.shape.contains
        if contains.most is not None and array.matched.get(contains.node, 0) >= contains.most
    ]
    refused = [_refusing(contains) for contains in full]
    for contained in (
        [*(contains.node for contains in lacking)],
        *([contains.node] for contains in lacking if len(lacking) > 1),
        [],
    ):
        goal = array.shape.item(index, (*contained, *refused))
        try:
            item = _different(walk, array, goal, place.below(index))
        except Unsatisfiable:
            if not contained:
                raise
            continue
        array.items.append(item)
        array.keys.add(item_key(item))
        for contains in array.shape.contains:
            array.matched[contains.node] = array.matched.get(contains.node, 0) + contains.node.accepts(item)
        return


def _refusing(contains: Contains) -> SchemaNode:
    negations = contains.node.document.caches[_NEGATIONS]
    if contains.node not in negations:
        negations[contains.node] = contains.node.made({"not": contains.node.schema})
    return negations[contains.node]


def _different(walk: Walker, array: _ArrayDraft, goal: tuple[SchemaNode, ...], place: ValueLocation) -> JSON:
    item = walk.value(goal, place)
    if not array.shape.is_unique:
        return item
    for turn in range(1, TURNS):
        if item_key(item) not in array.keys:
            return item
        item = walk.value(goal, place.turned(turn))
    if item_key(item) in array.keys:
        raise Unsatisfiable("uniqueItems", "items", pointer=place.pointer)
    return item


def _more(walk: Walker, array: _ArrayDraft, place: ValueLocation) -> None:
    """Add items beyond the number that was drawn, while ``contains`` wants them."""
    while any(array.matched.get(contains.node, 0) < contains.least for contains in array.shape.contains):
        index = len(array.items)
        if (array.shape.most is not None and index >= array.shape.most) or index > 1000:
            raise Unsatisfiable("contains", "maxItems" if array.shape.most is not None else "items")
        before = sum(array.matched.values())
        _add(walk, array, place, index, index)
        if sum(array.matched.values()) == before and index > array.shape.prefix() + 3:
            raise Unsatisfiable("contains", "items")


def _compare(shape: ArrayConstraints, array: _ArrayDraft) -> None:
    if shape.most is not None and len(array.items) > shape.most:
        raise Unsatisfiable("maxItems", "not")
    for value in shape.not_values:
        if array.items == value:
            array.items.append(None)


def item_key(item: JSON) -> str:
    """Return a text that is the same for items that JSON Schema calls equal."""
    return json.dumps(_plain(item), sort_keys=True)


def _plain(item: JSON) -> JSON:
    if isinstance(item, float) and item.is_integer():
        return int(item)
    if isinstance(item, list):
        return [_plain(element) for element in item]
    return {key: _plain(member) for key, member in item.items()} if isinstance(item, dict) else item
