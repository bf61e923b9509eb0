"""Arrays: of the right length, with the items that ``contains`` wants, and without duplicates where needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from mock_server.exchange import JSON
from mock_server.generate.document import Node
from mock_server.generate.place import Place, Walker
from mock_server.generate.shape import Contains, Contradiction, Shape

MOST = 1000
"""Most items that ``x-count`` may ask for."""
TURNS = 40
"""Attempts to make an item that differs from the others."""


def make_array(walk: Walker, shape: Shape, place: Place) -> JSON:
    """Return an array that satisfies the shape; raises :class:`Contradiction` where there is none."""
    made = _Made(shape)
    count = _count(walk, shape, place)
    for index in range(count):
        try:
            _add(walk, made, place, index, last=count - 1)
        except Contradiction:
            if len(made.items) < max(shape.least, _contained(shape)):
                raise
            break  # there are enough items
    _more(walk, made, place)
    # Two equal items, for ``not: {uniqueItems: true}``.
    if shape.is_repeated:
        made.items.append(made.items[0] if made.items else None)
    _compare(shape, made)
    return made.items


@dataclass
class _Made:
    shape: Shape
    items: list[JSON] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    matched: dict[Node, int] = field(default_factory=dict)


def _contained(shape: Shape) -> int:
    return max((one.least for one in shape.contains), default=0)


def _count(walk: Walker, shape: Shape, place: Place) -> int:
    """Return how many items to make."""
    least = max(shape.least, _contained(shape))
    wanted = walk.wanted.get((place.pointer, "length")) if walk.wanted else None
    if wanted is not None:
        count = max(least, wanted)
    elif place.lean or (place.level and walk.values > walk.enough):
        count = least
    elif shape.prefix() and not shape.has_items():
        # A tuple: exactly these items are described, so all of them are made.
        count = max(least, shape.prefix())
    elif ("", "plain") in walk.wanted:
        count = max(least, 1, shape.prefix())  # other lengths are variants of their own
    else:
        low, high = _preferred(shape)
        count = max(least, walk.draw.at(place.key).randrange(low, high + 1), shape.prefix())
    return count if shape.most is None else min(count, shape.most)


def _preferred(shape: Shape) -> tuple[int, int]:
    """Return the least and the most items by ``x-count`` (a number or a pair), else one to three."""
    for atom in shape.atoms:
        said = atom.keywords.get("x-count")
        pair = said if isinstance(said, list) else [said, said]
        numbers = [one for one in pair if isinstance(one, int) and not isinstance(one, bool) and 0 <= one <= MOST]
        if len(pair) == len(numbers) == 2:
            return min(numbers), max(numbers)
    return 1, 3


def _add(walk: Walker, made: _Made, place: Place, index: int, last: int) -> None:
    """Add one item that matches each ``contains`` that wants more, as far as that is possible at this index.

    Raises :class:`Contradiction` where no item is possible.
    """
    lacking = [one for one in made.shape.contains if made.matched.get(one.node, 0) < one.least]
    full = [one for one in made.shape.contains if one.most is not None and made.matched.get(one.node, 0) >= one.most]
    # Where a ``contains`` has its maxContains, the next item must not match it.
    refused = [_refusing(one) for one in full]
    # An item that matches all that lack one is tried first, then one for each alone, then one for none.
    for contained in ([*(one.node for one in lacking)], *([one.node] for one in lacking if len(lacking) > 1), []):
        goal = made.shape.item(index, (*contained, *refused))
        try:
            item = _different(walk, made, goal, place.below(index))
        except Contradiction:
            if not contained:
                raise
            continue
        made.items.append(item)
        made.keys.add(_key(item))
        for one in made.shape.contains:
            made.matched[one.node] = made.matched.get(one.node, 0) + one.node.accepts(item)
        return


def _refusing(contains: Contains) -> Node:
    kept = contains.node.document.kept
    key = (contains.node, "refused")
    if key not in kept:
        kept[key] = contains.node.made({"not": contains.node.schema})
    found: Node = kept[key]
    return found


def _different(walk: Walker, made: _Made, goal: tuple[Node, ...], place: Place) -> JSON:
    item = walk.value(goal, place)
    if not made.shape.is_unique:
        return item
    for turn in range(1, TURNS):
        if _key(item) not in made.keys:
            return item
        item = walk.value(goal, place.turned(turn))
    if _key(item) in made.keys:
        raise Contradiction("uniqueItems", "items", pointer=place.pointer)
    return item


def _more(walk: Walker, made: _Made, place: Place) -> None:
    """Add items beyond the number that was drawn, while ``contains`` wants them."""
    while any(made.matched.get(one.node, 0) < one.least for one in made.shape.contains):
        index = len(made.items)
        if (made.shape.most is not None and index >= made.shape.most) or index > 1000:
            raise Contradiction("contains", "maxItems" if made.shape.most is not None else "items")
        before = sum(made.matched.values())
        _add(walk, made, place, index, index)
        if sum(made.matched.values()) == before and index > made.shape.prefix() + 3:
            raise Contradiction("contains", "items")


def _compare(shape: Shape, made: _Made) -> None:
    if shape.most is not None and len(made.items) > shape.most:
        raise Contradiction("maxItems", "not")
    for one in shape.not_values:
        if made.items == one:
            made.items.append(None)


def _key(item: JSON) -> str:
    """Return a text that is the same for items that JSON Schema calls equal."""
    return json.dumps(_plain(item), sort_keys=True)


def _plain(item: JSON) -> JSON:
    if isinstance(item, float) and item.is_integer():
        return int(item)
    if isinstance(item, list):
        return [_plain(one) for one in item]
    return {key: _plain(one) for key, one in item.items()} if isinstance(item, dict) else item
